//! The physical lines of a file, counted, each at most [`LONGEST`] bytes; lines can be put back.

use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

/// Longest line, and longest record, that is taken.
pub(super) const LONGEST: usize = 1024 * 1024;

/// One line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// It was longer than [`LONGEST`]; the rest has been dropped.
    pub(super) cut: bool,
}

pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    end: u8,
    number: u64,
    waiting: VecDeque<Line>,
}

impl Lines {
    /// The lines of `input`. They end with line feed (a carriage return before it is dropped) unless the head has
    /// carriage returns alone.
    pub(super) fn new(mut input: Box<dyn BufRead + Send>) -> io::Result<Self> {
        let head = input.fill_buf()?;
        let end = if !head.contains(&b'\n') && head.contains(&b'\r') { b'\r' } else { b'\n' };
        Ok(Self { input, end, number: 0, waiting: VecDeque::new() })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.waiting.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Line { number: self.number + 1, bytes: Vec::new(), cut: false };
        let mut read = 0;
        loop {
            let block = self.input.fill_buf()?;
            let length = block.iter().position(|byte| *byte == self.end).unwrap_or(block.len());
            let ended = length < block.len();
            let taken = length.min(LONGEST - line.bytes.len());
            line.cut |= taken < length;
            line.bytes.extend_from_slice(&block[..taken]);
            let consumed = length + usize::from(ended);
            self.input.consume(consumed);
            read += consumed;
            if ended || consumed == 0 {
                break;
            }
        }
        if read == 0 {
            return Ok(None);
        }
        if line.bytes.last() == Some(&b'\r') && self.end == b'\n' {
            line.bytes.pop();
        }
        self.number += 1;
        Ok(Some(line))
    }

    /// Puts lines back, in their order.
    pub(super) fn put_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.waiting.push_front(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn all(text: &'static [u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(Box::new(Cursor::new(text))).unwrap();
        std::iter::from_fn(|| lines.next().unwrap()).map(|line| line.bytes).collect()
    }

    #[test]
    fn every_line_end_counts() {
        for text in [&b"a\nb\n\nc"[..], b"a\r\nb\r\n\r\nc\r\n", b"a\rb\r\rc"] {
            assert_eq!(all(text), [b"a".to_vec(), b"b".to_vec(), vec![], b"c".to_vec()]);
        }
    }

    #[test]
    fn lines_come_back_in_order() {
        let mut lines = Lines::new(Box::new(Cursor::new(&b"a\nb\nc"[..]))).unwrap();
        let held = vec![lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()];
        lines.put_back(held);
        let numbers: Vec<u64> = std::iter::from_fn(|| lines.next().unwrap()).map(|line| line.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}
