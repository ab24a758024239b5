//! Several segments read as one sorted list of postings.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::block::Block;
use crate::store::{Store, StoreError, ledger::index::SegmentRow};

/// Blocks read at once, of each segment.
const PAGE: i64 = 32;

/// The blocks of one segment, read in order.
struct Source {
    segment: i64,
    after: (i64, i64),
    ended: bool,
    postings: VecDeque<(i64, u64)>,
}

impl Source {
    /// The next term, left where it is.
    async fn peek(&mut self, store: &Store) -> Result<Option<i64>, StoreError> {
        while self.postings.is_empty() && !self.ended {
            let blocks = store.index_blocks(self.segment, self.after, PAGE).await?;
            self.ended = (blocks.len() as i64) < PAGE;
            for row in blocks {
                self.after = (row.term, row.entry as i64);
                self.postings.extend(Block::read(&row.body)?.postings());
            }
        }
        Ok(self.postings.front().map(|(term, _)| *term))
    }
}

/// Segments that follow each other, as one.
pub(super) struct Merged {
    sources: Vec<Source>,
    /// The next term of each source that has one. Of sources with the same term the first comes first, and its entries are the
    /// earlier ones.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Merged {
    /// The postings of these segments, which rise.
    pub(super) async fn of(store: &Store, segments: &[SegmentRow]) -> Result<Self, StoreError> {
        let source = |row: &SegmentRow| Source { segment: row.id, after: (i64::MIN, -1), ended: false, postings: VecDeque::new() };
        let mut merged = Self { sources: segments.iter().map(source).collect(), next: BinaryHeap::new() };
        for number in 0..merged.sources.len() {
            merged.go_on(store, number).await?;
        }
        Ok(merged)
    }

    /// The next term, whose entries replace what is in `entries`; the same term may come again, with later entries.
    pub(super) async fn next(&mut self, store: &Store, entries: &mut Vec<u64>) -> Result<Option<i64>, StoreError> {
        let Some(Reverse((term, number))) = self.next.pop() else { return Ok(None) };
        entries.clear();
        let postings = &mut self.sources[number].postings;
        while let Some((_, entry)) = postings.pop_front_if(|(next, _)| *next == term) {
            entries.push(entry);
        }
        self.go_on(store, number).await?;
        Ok(Some(term))
    }

    async fn go_on(&mut self, store: &Store, number: usize) -> Result<(), StoreError> {
        let term = self.sources[number].peek(store).await?;
        self.next.extend(term.map(|term| Reverse((term, number))));
        Ok(())
    }
}

/// The postings of one segment, some blocks at a time.
pub struct Postings {
    segment: i64,
    after: (i64, i64),
}

impl Postings {
    /// From the first on.
    pub const fn of(segment: i64) -> Self {
        Self { segment, after: (i64::MIN, -1) }
    }

    /// Calls `each` with the next of them, each a term and an entry, sorted; false after the last.
    pub async fn read_on(&mut self, store: &Store, mut each: impl FnMut(i64, u64)) -> Result<bool, StoreError> {
        let rows = store.index_blocks(self.segment, self.after, PAGE).await?;
        for row in &rows {
            self.after = (row.term, row.entry as i64);
            Block::read(&row.body)?.postings().for_each(|(term, entry)| each(term, entry));
        }
        Ok(!rows.is_empty())
    }
}
