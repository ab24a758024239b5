//! What separates cells, and what stands before the header.

use std::io;

use super::lines::{Line, Lines};

/// The letters that separate cells in common exports.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many lines are looked at.
const LOOK: usize = 32;

/// Skips what stands before the header: blank lines, lines that begin with `# ` (Leadkeep's own exports) and Excel's
/// `sep=;`, which names the delimiter, and the notes of LinkedIn's exports: `Notes:` and all up to the next blank line.
pub(super) fn skip_preamble(lines: &mut Lines) -> io::Result<Option<u8>> {
    let mut named = None;
    while let Some(line) = lines.next()? {
        let bytes = line.bytes.as_slice();
        match bytes {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => named = Some(*delimiter),
            [b'#', b' ', ..] | [b'#'] => {}
            _ if bytes.iter().all(u8::is_ascii_whitespace) => {}
            _ if bytes.trim_ascii() == b"Notes:" && skip_notes(lines)? => {}
            _ => {
                lines.put_back(vec![line]);
                break;
            }
        }
    }
    Ok(named)
}

/// Skips up to the next blank line; `false`, and nothing skipped, if there is none nearby: then it was a header called so.
fn skip_notes(lines: &mut Lines) -> io::Result<bool> {
    let mut seen = Vec::new();
    while seen.len() < LOOK {
        match lines.next()? {
            Some(line) if line.bytes.iter().all(u8::is_ascii_whitespace) => return Ok(true),
            Some(line) => seen.push(line),
            None => break,
        }
    }
    lines.put_back(seen);
    Ok(false)
}

/// The delimiter that splits the header into most cells, those weighing most that split the next lines alike. A file
/// of one column has none, which a comma says as well as any.
pub(super) fn detect(lines: &mut Lines) -> io::Result<u8> {
    let mut seen = Vec::new();
    while seen.len() < LOOK {
        match lines.next()? {
            Some(line) => seen.push(line),
            None => break,
        }
    }
    let score = |delimiter: u8| {
        let mut counts = seen.iter().map(|line| cells(line, delimiter));
        let header = counts.next().unwrap_or(1);
        if header < 2 {
            return 0;
        }
        let alike = counts.filter(|count| *count == header).count();
        header * (1 + 4 * alike)
    };
    // The first of equals wins: a comma before the others.
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',');
    let best = if score(best) == 0 { b',' } else { best };
    lines.put_back(seen);
    Ok(best)
}

fn cells(line: &Line, delimiter: u8) -> usize {
    let (count, _) = line.bytes.iter().fold((1, false), |(count, quoted), byte| match byte {
        b'"' => (count, !quoted),
        byte if *byte == delimiter && !quoted => (count + 1, quoted),
        _ => (count, quoted),
    });
    count
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn found(text: &'static str) -> char {
        let mut lines = Lines::new(Box::new(Cursor::new(text))).unwrap();
        let named = skip_preamble(&mut lines).unwrap();
        char::from(named.unwrap_or(detect(&mut lines).unwrap()))
    }

    #[test]
    fn delimiters() {
        assert_eq!(found("id,name,email\n1,A,a@b.de"), ',');
        assert_eq!(found("id;name;email\n1;A, B;a@b.de\n2;C;c@d.de"), ';');
        assert_eq!(found("id\tname\n1\tA, B, C"), '\t');
        assert_eq!(found("id|name\n1|A"), '|');
        assert_eq!(found("email\na@b.de"), ',');
        assert_eq!(found("sep=;\r\nid,x;name\r\n"), ';');
        assert_eq!(found("# CONFIDENTIAL; a; b; c\n\nid,name\n1,A"), ',');
        assert_eq!(found("name,\"a;b;c;d\"\nx,\"1;2;3;4\""), ',');
        assert_eq!(found(""), ',');
        assert_eq!(found("Notes:\n\"When exporting; some; of; your; data; ...\"\n\nFirst Name,Last Name,URL\nA,B,C"), ',');
        assert_eq!(found("Notes:\nsome;thing"), ',');
    }
}
