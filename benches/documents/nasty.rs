//! Documents of at most a kilobyte that try to keep a server busy. Used by the benchmark and by a unit test.

use std::fmt::Write;

const SIZE: usize = 1_000;

/// Makes the n-th of many.
type Numbered = fn(usize) -> String;

/// Each with a name for reports. None of them reads data: what passes every limit introspects or is invalid.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for spreads in 1..=8 {
        for fields in [1, 3] {
            all.push((format!("bomb of {spreads} spreads"), bomb(spreads, fields)));
        }
    }
    let repeated = [
        ("aliases", "{", "a:__typename ", "}"),
        ("the same field", "{", "x ", "}"),
        ("fields nested", "", "{a", ""),
        ("lists nested", "{a(b:", "[", ""),
        ("objects nested", "{a(b:", "{c:", ""),
        ("list", "{a(b:[", "1 ", "])}"),
        ("strings", "{a(b:[", "\"\" ", "])}"),
        ("block strings", "{a(b:[", "\"\"\"\\\"\"\" ", ""),
        ("long string", "{a(b:\"", "x", "\")}"),
        ("endless string", "{a(b:\"", "\\\"", ""),
        ("directives", "{a", "@b", "}"),
        ("directives with arguments", "{a", "@skip(if:true)", "}"),
        ("variables", "query(", "$a:Int", "){a}"),
        ("variables of nested lists", "query($a:", "[", "){a}"),
        ("operations", "", "{a}", ""),
        ("inline fragments nested", "{", "...{", ""),
        ("inline fragments", "{", "...{a}", "}"),
        ("comments", "{", "#\n", "a}"),
        ("commas", "{", ",", "a}"),
        ("conflicts", "{", "a:x a:y ", "}"),
        ("conflicts below each other", "{", "a{x y:x ", ""),
        ("fields below", "{a{", "x ", "}}"),
        ("conflicts below", "{a{", "b:x b:y ", "}}"),
        ("conflicting arguments below", "{__schema{", "types(a:1){name} ", "}}"),
        ("inline fragments below", "{__schema{", "...{types{name}}", "}}"),
        ("fragments and fields below", "{__schema{types{", "...on __Type{name}name ", "}}}"),
        ("merged", "{", "a{b} ", "}"),
        ("introspection", "{__schema{", "types{name} ", "}}"),
        ("introspection nested", "{__schema{types{", "fields{type{", ""),
        ("introspection aliased", "{__schema{types{fields{", "name ", "}}}}"),
        ("types by name", "{", "__type(name:\"Query\"){fields{name}} ", "}"),
        ("unknown spreads", "{", "...F ", "}"),
        ("unused fragments", "{a}", "fragment F on Q{a}", ""),
    ];
    for (name, open, middle, close) in repeated {
        let opened: String = middle.chars().rev().filter_map(closing).collect();
        let opened = if middle.contains(['}', ']', ')']) { String::new() } else { opened };
        let times = (SIZE - open.len() - close.len()) / (middle.len() + opened.len());
        if !opened.is_empty() {
            all.push((format!("{name}, closed"), format!("{open}{}{}{close}", middle.repeat(times), opened.repeat(times))));
        }
        all.push((name.to_owned(), format!("{open}{}{close}", middle.repeat(times))));
    }
    let distinct: [(&str, Numbered); 4] = [
        ("distinct aliases", |number| format!("a{number}:__typename ")),
        ("distinct variables", |number| format!("a{number}(b:$c{number}) ")),
        ("distinct types", |number| format!("t{number}:__type(name:\"Lead\"){{fields{{name}}}}")),
        ("distinct inline types", |number| format!("...on T{number}{{a}}")),
    ];
    for (name, make) in distinct {
        let mut text = "{".to_owned();
        for number in 0.. {
            let next = make(number);
            if text.len() + next.len() > SIZE {
                break;
            }
            text.push_str(&next);
        }
        all.push((name.to_owned(), text + "}"));
    }
    all
}

/// Fragments that spread the next one `spreads` times.
fn bomb(spreads: usize, fields: usize) -> String {
    let mut text = "{...A0}".to_owned();
    for level in 0.. {
        let mut next = format!("fragment A{level} on Query{{{}", "__typename ".repeat(fields));
        // Writing to a String cannot fail.
        (0..spreads).for_each(|_| write!(next, "...A{} ", level + 1).unwrap_or_default());
        next.push('}');
        let last = format!("fragment A{} on Query{{__typename}}", level + 1);
        if text.len() + next.len() + last.len() > SIZE {
            return text.replace(&format!("...A{level} "), "__typename ");
        }
        text.push_str(&next);
    }
    text
}

fn closing(open: char) -> Option<char> {
    match open {
        '{' => Some('}'),
        '[' => Some(']'),
        '(' => Some(')'),
        _ => None,
    }
}
