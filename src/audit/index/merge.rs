//! Several segments read as one sorted list of postings.

use std::collections::VecDeque;

use super::block::Block;
use crate::store::{Store, StoreError, ledger::index::SegmentRow};

/// Blocks read at once, of each segment.
const PAGE: i64 = 64;

/// The blocks of one segment, read in order.
struct Source {
    segment: i64,
    after: (i64, i64),
    ended: bool,
    runs: VecDeque<(i64, Vec<u64>)>,
}

impl Source {
    /// The next term and entries of it, left where they are.
    async fn peek(&mut self, store: &Store) -> Result<Option<i64>, StoreError> {
        while self.runs.is_empty() && !self.ended {
            let blocks = store.index_blocks(self.segment, self.after, PAGE).await?;
            self.ended = (blocks.len() as i64) < PAGE;
            for row in blocks {
                self.after = (row.term, row.entry as i64);
                self.runs.extend(Block::read(&row.body)?.runs());
            }
        }
        Ok(self.runs.front().map(|(term, _)| *term))
    }
}

/// Segments that follow each other, as one.
pub struct Merged {
    sources: Vec<Source>,
}

impl Merged {
    /// The postings of these segments, which rise.
    pub fn of(segments: &[SegmentRow]) -> Self {
        let source = |row: &SegmentRow| Source { segment: row.id, after: (i64::MIN, -1), ended: false, runs: VecDeque::new() };
        Self { sources: segments.iter().map(source).collect() }
    }

    /// The next term with entries of it; the same term may come again, with later entries.
    pub async fn next(&mut self, store: &Store) -> Result<Option<(i64, Vec<u64>)>, StoreError> {
        let mut least: Option<(i64, usize)> = None;
        for (number, source) in self.sources.iter_mut().enumerate() {
            if let Some(term) = source.peek(store).await?
                && least.is_none_or(|(found, _)| term < found)
            {
                least = Some((term, number));
            }
        }
        // Of segments that have the same term, the first comes first, and its entries are the earlier ones.
        Ok(least.and_then(|(_, number)| self.sources[number].runs.pop_front()))
    }
}
