//! Documents of at most a kilobyte that try to keep a server busy. Used by the benchmark and by a unit test.

use std::fmt::Write;

const SIZE: usize = 1_000;

/// Makes the n-th of many.
type Numbered = fn(usize) -> String;

/// What graphql-js and thereby most tools send without options (`getIntrospectionQuery`, version 16), without its blanks.
pub(crate) const PLAIN_INTROSPECTION: &str = "query IntrospectionQuery{__schema{queryType{name}mutationType{name}subscriptionType{name}\
    types{...FullType}directives{name description locations args{...InputValue}}}}\
    fragment FullType on __Type{kind name description fields(includeDeprecated:true){name description args{...InputValue}\
    type{...TypeRef}isDeprecated deprecationReason}inputFields{...InputValue}interfaces{...TypeRef}\
    enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...TypeRef}}\
    fragment InputValue on __InputValue{name description type{...TypeRef}defaultValue}\
    fragment TypeRef on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name \
    ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}}}";

/// Each with a name for reports. None of them reads data: what passes every limit introspects or is invalid.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut all = vec![("full introspection".to_owned(), PLAIN_INTROSPECTION.to_owned())];
    all.extend(introspections());
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

/// Introspection that stays below the limits which are not about it: aliases, fields at the root, depth. Each in growing
/// numbers, so that some come just below what is refused.
fn introspections() -> Vec<(String, String)> {
    let type_fields = ["kind name description", "name fields{name}", "fields{args{name}}", "fields{type{name ofType{name}}}"];
    let more_fields = ["inputFields{name}", "enumValues{name}", "interfaces{name}", "kind name ofType{ofType{name}}"];
    let named = ["fields{name args{name}}", "fields{type{ofType{fields{name}}}}", "fields{type{ofType{name}}args{type{ofType{name}}}}"];
    let mut all = Vec::new();
    let mut add = |name: String, text: String| {
        if text.len() <= SIZE {
            all.push((name, text));
        }
    };
    for below in type_fields.into_iter().chain(more_fields) {
        for times in [1, 2, 3, 5, 8, 12, 16, 20, 25, 30, 40, 50] {
            let aliased = numbered(times, |number| format!("a{number}:types{{{below}}}"));
            add(format!("{times} aliases of types{{{below}}}"), format!("{{__schema{{{aliased}}}}}"));
            let spread = "...on __Schema{...F}".repeat(times);
            add(
                format!("{times} fragments of types{{{below}}}"),
                format!("{{__schema{{{spread}}}}}fragment F on __Schema{{types{{{below}}}}}"),
            );
        }
    }
    for below in named {
        for times in [1, 2, 4, 8, 12, 16, 20] {
            let aliased = numbered(times, |number| format!("a{number}:__type(name:\"Query\"){{...F}}"));
            add(format!("{times} aliases of __type{{{below}}}"), format!("{{{aliased}}}fragment F on __Type{{{below}}}"));
            let aliased = numbered(times, |number| format!("a{number}:mutationType{{...F}}"));
            add(format!("{times} aliases of mutationType{{{below}}}"), format!("{{__schema{{{aliased}}}}}fragment F on __Type{{{below}}}"));
        }
    }
    for leaves in [1, 5, 10, 20, 50, 100] {
        let aliased = numbered(leaves.min(50), |number| format!("a{number}:name "));
        add(format!("{leaves} aliases in types"), format!("{{__schema{{types{{{aliased}}}}}}}"));
        let spread = "...on __Type{name}".repeat(leaves);
        add(format!("{leaves} fragments in types"), format!("{{__schema{{types{{{spread}}}}}}}"));
        let spread = "...F ".repeat(leaves);
        add(
            format!("{leaves} spreads in types"),
            format!("{{__schema{{types{{{spread}}}}}}}fragment F on __Type{{name kind fields{{name}}}}"),
        );
    }
    all
}

/// So many of them, one after the other.
fn numbered(times: usize, make: impl Fn(usize) -> String) -> String {
    (0..times).map(make).collect::<Vec<_>>().concat()
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
