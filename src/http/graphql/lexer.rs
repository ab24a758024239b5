//! The lexical grammar of GraphQL (October 2021, § 2.1), as far as counting and redacting need it.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name.
    Name,
    /// A string or block string, also one that never ends.
    Text,
    /// A number; roughly, the parser checks it.
    Number,
    /// Any other character, `...` too.
    Mark(u8),
}

/// A token: its kind and where it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tokens of a text, in one pass that never goes back.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    fn skip(&mut self, keep: impl Fn(u8) -> bool) {
        while self.text.get(self.at).copied().is_some_and(&keep) {
            self.at += 1;
        }
    }

    fn string(&mut self) {
        let block = self.text[self.at..].starts_with(br#"""""#);
        self.at += if block { 3 } else { 1 };
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            if block && rest.starts_with(br#"""""#) {
                self.at += 3;
                return;
            }
            self.at += match rest {
                [b'\\', b'"', b'"', b'"', ..] if block => 4,
                [b'"' | b'\n' | b'\r', ..] if !block => {
                    self.at += 1;
                    return;
                }
                [b'\\', _, ..] if !block => 2,
                _ => 1,
            };
        }
        self.at = self.text.len();
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',') || matches!(byte, 0xef | 0xbb | 0xbf));
            if self.text.get(self.at) != Some(&b'#') {
                break;
            }
            self.skip(|byte| !matches!(byte, b'\n' | b'\r'));
        }
        let start = self.at;
        let kind = match *self.text.get(start)? {
            b'"' => {
                self.string();
                Kind::Text
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
                Kind::Name
            }
            b'-' | b'0'..=b'9' => {
                self.at += 1;
                self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
                Kind::Number
            }
            mark => {
                self.at += if self.text[start..].starts_with(b"...") { 3 } else { 1 };
                Kind::Mark(mark)
            }
        };
        Some(Token { kind, start, end: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_every_kind() {
        let text = "query($a:[Int!]=-1.5e3)#c\n{x:f(s:\"a\\\"b\" b:\"\"\"q\"q\\\"\"\" \"\"\")...F@i}";
        let found: Vec<&str> = Lexer::new(text).map(|token| &text[token.start..token.end]).collect();
        let wanted = [
            "query",
            "(",
            "$",
            "a",
            ":",
            "[",
            "Int",
            "!",
            "]",
            "=",
            "-1.5e3",
            ")",
            "{",
            "x",
            ":",
            "f",
            "(",
            "s",
            ":",
            "\"a\\\"b\"",
            "b",
            ":",
            "\"\"\"q\"q\\\"\"\" \"\"\"",
            ")",
            "...",
            "F",
            "@",
            "i",
            "}",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn an_endless_string_is_one_token() {
        assert_eq!(Lexer::new("\"abc").count(), 1);
        assert_eq!(Lexer::new("\"\"\"abc\n\"").count(), 1);
        assert_eq!(Lexer::new("\"abc\\").count(), 1);
    }
}
