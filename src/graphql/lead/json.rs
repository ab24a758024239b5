//! JSON written straight into a buffer (RFC 8259).

use std::io::Write;

use crate::domain::Id;

/// A text with its quotes.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    // Plain text, the usual case, needs no look at single characters.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing text to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// An id.
pub(super) fn id(out: &mut Vec<u8>, id: Id) {
    out.push(b'"');
    out.extend_from_slice(&id.letters());
    out.push(b'"');
}

/// A whole number.
pub(super) fn integer(out: &mut Vec<u8>, number: i64) {
    let _ = write!(out, "{number}");
}

/// An amount of hundredths as a number.
pub(super) fn money(out: &mut Vec<u8>, hundredths: i64) {
    let (sign, amount) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    let _ = match amount % 100 {
        0 => write!(out, "{sign}{}", amount / 100),
        rest => write!(out, "{sign}{}.{rest:02}", amount / 100),
    };
}

/// `null`.
pub(super) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// A value, or `null`.
pub(super) fn option<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => write(out, value),
        None => null(out),
    }
}

/// `true` or `false`.
pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Items between brackets, commas between them.
pub(super) fn array<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, mut item: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (position, value) in items.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        item(out, value);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_written_is_json() {
        for value in ["", "plain", "quo\"te", "back\\slash", "line\nbreak", "Zoë • 東京"] {
            assert_eq!(serde_json::from_str::<String>(&written(|out| text(out, value))).unwrap(), value);
        }
        for (hundredths, wanted) in [(0, "0"), (1, "0.01"), (-150, "-1.50"), (1_250_000, "12500")] {
            assert_eq!(written(|out| money(out, hundredths)), wanted);
        }
    }
}
