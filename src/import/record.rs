//! Records: one or more lines, split into cells as RFC 4180 says, with its commonest offences read as they are meant.
//!
//! The csv crate reads on to the end of the file when a quote is never closed. Here such a record fails at the first
//! text behind what must be its closing quote, at the end of the file or at a size, and only its first line is lost.

use std::io;

use super::lines::{LONGEST, Line, Lines};

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line it starts on.
    pub(super) line: u64,
    /// Its text as it stands in the file, line ends as line feeds.
    pub(super) raw: Vec<u8>,
    /// Its cells, unquoted.
    pub(super) cells: Vec<Vec<u8>>,
    /// Where in `raw` each cell begins.
    pub(super) starts: Vec<usize>,
    /// Why it cannot be taken, and the cell it was found in, counted from 0.
    pub(super) fault: Option<(usize, &'static str)>,
}

impl Record {
    /// Whether nothing but blanks stands in it.
    pub(super) fn is_blank(&self) -> bool {
        self.fault.is_none() && self.cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a cell; blanks are skipped, a quote may follow.
    Start,
    Bare,
    Quoted,
    /// Behind a quote inside quotes: the end, or the first of two.
    Quote,
    /// Behind the closing quote, where only blanks may stand.
    Closed,
}

struct Splitter {
    delimiter: u8,
    state: State,
    cell: Vec<u8>,
    cells: Vec<Vec<u8>>,
    starts: Vec<usize>,
}

enum Pushed {
    Whole,
    Open,
    /// Text behind a closing quote.
    Stray,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, cell: Vec::new(), cells: Vec::new(), starts: vec![0] }
    }

    fn end_cell(&mut self, next: usize) {
        self.cells.push(std::mem::take(&mut self.cell));
        self.starts.push(next);
        self.state = State::Start;
    }

    /// Takes one line; `offset` is where it stands in the record.
    fn push(&mut self, line: &[u8], offset: usize) -> Pushed {
        for (position, &byte) in line.iter().enumerate() {
            let ends = byte == self.delimiter;
            match self.state {
                State::Quoted if byte == b'"' => self.state = State::Quote,
                State::Quote if byte == b'"' => {
                    self.cell.push(byte);
                    self.state = State::Quoted;
                }
                State::Quoted => self.cell.push(byte),
                State::Start | State::Bare | State::Quote | State::Closed if ends => self.end_cell(offset + position + 1),
                State::Start if byte == b' ' => {}
                State::Start if byte == b'"' => self.state = State::Quoted,
                State::Start | State::Bare => {
                    self.cell.push(byte);
                    self.state = State::Bare;
                }
                State::Quote | State::Closed if byte == b' ' || byte == b'\t' => self.state = State::Closed,
                State::Quote | State::Closed => return Pushed::Stray,
            }
        }
        if self.state == State::Quoted {
            self.cell.push(b'\n');
            return Pushed::Open;
        }
        self.end_cell(offset + line.len());
        self.starts.pop();
        Pushed::Whole
    }
}

/// Splits one line by the letter, quotes without meaning: for showing what could not be read.
fn split_plainly(line: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, Vec<usize>) {
    let cells: Vec<Vec<u8>> = line.split(|byte| *byte == delimiter).map(<[u8]>::to_vec).collect();
    let begin = |next: &mut usize, cell: &Vec<u8>| {
        let start = *next;
        *next += cell.len() + 1;
        Some(start)
    };
    let starts = cells.iter().scan(0, begin).collect();
    (cells, starts)
}

/// The next record; `None` at the end.
pub(super) fn next(lines: &mut Lines, delimiter: u8) -> io::Result<Option<Record>> {
    let Some(first) = lines.next()? else { return Ok(None) };
    let number = first.number;
    let failed = |line: Line, cell: usize, reason| {
        let (cells, starts) = split_plainly(&line.bytes, delimiter);
        Ok(Some(Record { line: number, raw: line.bytes, cells, starts, fault: Some((cell, reason)) }))
    };
    if first.cut {
        return failed(first, 0, "the line is longer than 1 MiB");
    }
    let mut splitter = Splitter::new(delimiter);
    let mut raw = first.bytes.clone();
    let mut pushed = splitter.push(&first.bytes, 0);
    let mut held = Vec::new();
    loop {
        let cell = splitter.cells.len();
        let reason = match pushed {
            Pushed::Whole => {
                return Ok(Some(Record { line: number, raw, cells: splitter.cells, starts: splitter.starts, fault: None }));
            }
            Pushed::Stray if held.is_empty() => "text stands behind a closing quote",
            Pushed::Stray => "a quote opens here and is not closed",
            Pushed::Open => match lines.next()? {
                Some(line) if !line.cut && raw.len() + line.bytes.len() < LONGEST => {
                    raw.push(b'\n');
                    let offset = raw.len();
                    raw.extend_from_slice(&line.bytes);
                    pushed = splitter.push(&line.bytes, offset);
                    held.push(line);
                    continue;
                }
                Some(line) => {
                    held.push(line);
                    "a quote opens here and is not closed within 1 MiB"
                }
                None => "a quote opens here and is not closed",
            },
        };
        // The quote is the fault of the first line; what stands behind it may be sound.
        let fault = if held.is_empty() { cell } else { Splitter::first_open(&first.bytes, delimiter) };
        lines.put_back(held);
        return failed(first, fault, reason);
    }
}

impl Splitter {
    /// The cell of the first line in which a quote stays open.
    fn first_open(line: &[u8], delimiter: u8) -> usize {
        let mut splitter = Self::new(delimiter);
        splitter.push(line, 0);
        splitter.cells.len()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn all(text: &str) -> Vec<(u64, Vec<String>, Option<&'static str>)> {
        let mut lines = Lines::new(Box::new(Cursor::new(text.to_owned()))).unwrap();
        let text = |cells: Vec<Vec<u8>>| cells.into_iter().map(|cell| String::from_utf8(cell).unwrap()).collect();
        std::iter::from_fn(|| next(&mut lines, b',').unwrap())
            .map(|record| (record.line, text(record.cells), record.fault.map(|(_, reason)| reason)))
            .collect()
    }

    fn cells(text: &str) -> Vec<String> {
        all(text).remove(0).1
    }

    #[test]
    fn cells_as_rfc_4180() {
        assert_eq!(cells("a,b,"), ["a", "b", ""]);
        assert_eq!(cells("\"a,b\",\"say \"\"hi\"\"\""), ["a,b", "say \"hi\""]);
        assert_eq!(cells("\"two\r\nlines\",x"), ["two\nlines", "x"]);
        assert_eq!(cells("a, \"b, c\" ,d"), ["a", "b, c", "d"]);
        assert_eq!(cells("5\" pipe,b"), ["5\" pipe", "b"]);
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        for rest in ["2,Bob,fine", "2,Bob,\"fine, too\"", "2,Bob,\"two\nlines\""] {
            let records = all(&format!("1,Alice,\"open\n{rest}\n3,Carl,x\n"));
            assert_eq!(records[0].0, 1);
            assert!(records[0].2.is_some(), "{rest}");
            assert_eq!((records[1].1[1].as_str(), records[1].2), ("Bob", None), "{rest}");
            assert_eq!(records[2].1, ["3", "Carl", "x"], "{rest}");
        }
    }

    #[test]
    fn text_behind_a_closing_quote_is_told() {
        let records = all("a,\"b\" c,d\ne,f,g");
        assert_eq!(records[0].2, Some("text stands behind a closing quote"));
        assert_eq!(records[1].1, ["e", "f", "g"]);
    }

    #[test]
    fn starts_point_at_cells() {
        let mut lines = Lines::new(Box::new(Cursor::new("ab,\"c\nd\",e"))).unwrap();
        let record = next(&mut lines, b',').unwrap().unwrap();
        assert_eq!(record.starts, [0, 3, 9]);
        assert_eq!(record.starts.len(), record.cells.len());
    }
}
