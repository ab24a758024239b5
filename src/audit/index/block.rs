//! Blocks: sorted postings, each a term and an entry it occurs in, a few hundred to a block.
//!
//! ```text
//! first term (8 bytes) ‖ base (8) ‖ span (4) ‖ length of the terms (2) ‖ the other terms ‖ postings
//! ```
//! Terms are packed as their distance from the first. A posting is packed as (number of its term in the block) × span + (entry −
//! base), so that one rising list holds them all. Numbers stand with the most significant byte first.

use crate::{
    domain::packed,
    store::{StoreError, ledger::index::BlockRow},
};

/// Bytes of a block at most: more, and PostgreSQL would store it elsewhere, and SQLite would no longer put two on a page.
const FULL: usize = 1_976;
/// What a posting and its term hardly ever take more than.
const COST: usize = 10;
const HEAD: usize = 22;

/// Makes blocks of postings that come sorted by term and entry.
#[derive(Debug)]
pub(super) struct Builder {
    base: u64,
    span: u32,
    terms: Vec<i64>,
    postings: Vec<u64>,
    /// How many postings fit before it has to be measured again.
    room: usize,
    /// Blocks that are finished.
    pub(super) done: Vec<BlockRow>,
}

impl Builder {
    /// Blocks of a segment of entries from `base` to below `until`.
    pub(super) fn new(base: u64, until: u64) -> Self {
        let (terms, postings, done) = (Vec::new(), Vec::new(), Vec::new());
        Self { base, span: (until - base) as u32, terms, postings, room: (FULL - HEAD) / COST, done }
    }

    /// Adds the entries of a term, which go on where those added before end.
    pub(super) fn push(&mut self, term: i64, entries: impl IntoIterator<Item = u64>) {
        for entry in entries {
            if self.room == 0 {
                self.measure();
            }
            if self.terms.last() != Some(&term) {
                self.terms.push(term);
            }
            self.postings.push((self.terms.len() as u64 - 1) * u64::from(self.span) + (entry - self.base));
            self.room -= 1;
        }
    }

    /// Looks how much room there is, and ends the block if there is none.
    fn measure(&mut self) {
        let Some((first, last)) = self.terms.first().zip(self.terms.last()) else { return };
        let terms = packed::most(self.terms.len() as u64 - 1, 1, last.wrapping_sub(*first) as u64);
        let postings = packed::most(self.postings.len() as u64, 0, self.postings.last().copied().unwrap_or_default());
        self.room = FULL.saturating_sub(HEAD + terms + postings) / COST;
        if self.room == 0 {
            self.finish();
        }
    }

    /// Ends the block at hand.
    pub(super) fn finish(&mut self) {
        let (terms, postings) = (std::mem::take(&mut self.terms), std::mem::take(&mut self.postings));
        self.put(&terms, &postings);
        self.room = (FULL - HEAD) / COST;
    }

    /// Makes a block of these, or, if it would be too large, two.
    fn put(&mut self, terms: &[i64], postings: &[u64]) {
        let (Some(first), Some(posting)) = (terms.first().copied(), postings.first().copied()) else { return };
        let mut body = Vec::with_capacity(FULL);
        body.extend(first.to_be_bytes());
        body.extend(self.base.to_be_bytes());
        body.extend(self.span.to_be_bytes());
        body.extend([0; 2]);
        packed::pack(terms[1..].iter().map(|term| term.wrapping_sub(first) as u64), 1, &mut body);
        let length = (body.len() - HEAD) as u16;
        body[HEAD - 2..HEAD].copy_from_slice(&length.to_be_bytes());
        packed::pack(postings.iter().copied(), 0, &mut body);
        if body.len() > FULL && postings.len() > 1 {
            let (one, two) = postings.split_at(postings.len() / 2);
            let [last, next] = [one[one.len() - 1], two[0]].map(|posting| posting / u64::from(self.span));
            let two: Vec<u64> = two.iter().map(|posting| posting - next * u64::from(self.span)).collect();
            self.put(&terms[..=last as usize], one);
            self.put(&terms[next as usize..], &two);
            return;
        }
        self.done.push(BlockRow { term: first, entry: self.base + posting, body });
    }
}

/// A block that was read.
#[derive(Debug)]
pub(super) struct Block {
    base: u64,
    span: u64,
    terms: Vec<i64>,
    postings: Vec<u64>,
}

impl Block {
    pub(super) fn read(body: &[u8]) -> Result<Self, StoreError> {
        Self::parse(body).ok_or_else(|| StoreError::Corrupt("a block of the ledger's index; run `leadkeep ledger reindex`".into()))
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (first, rest) = body.split_first_chunk()?;
        let (base, rest) = rest.split_first_chunk()?;
        let (span, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (terms, postings) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let first = i64::from_be_bytes(*first);
        let others = packed::unpack(terms, 1).ok()?.into_iter().map(|step| first.wrapping_add(step as i64));
        let terms: Vec<_> = [first].into_iter().chain(others).collect();
        let span = u64::from(u32::from_be_bytes(*span));
        let postings = packed::unpack(postings, 0).ok()?;
        let fits = postings.last().is_some_and(|last| span > 0 && last / span < terms.len() as u64);
        fits.then_some(Self { base: u64::from_be_bytes(*base), span, terms, postings })
    }

    /// Its first term, and the first entry of that.
    pub(super) fn first(&self) -> (i64, u64) {
        (self.terms[0], self.base + self.postings[0])
    }

    /// The entries of a term, rising.
    pub(super) fn entries(&self, term: i64) -> impl DoubleEndedIterator<Item = u64> + '_ {
        let number = self.terms.binary_search(&term).map_or(self.terms.len() as u64, |number| number as u64);
        let [from, end] = [number, number + 1].map(|number| self.postings.partition_point(|posting| *posting < number * self.span));
        self.postings[from..end].iter().map(move |posting| self.base + posting - number * self.span)
    }

    /// Its postings in order, each a term and an entry.
    pub(super) fn postings(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let mut number = 0;
        self.postings.iter().map(move |posting| {
            // Terms follow each other closely: a division for each would cost more.
            while posting - number * self.span >= self.span {
                number += 1;
            }
            (self.terms[number as usize], self.base + posting - number * self.span)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::btree_map, collection::btree_set, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_into_blocks_comes_out(postings in btree_map(prop_oneof![any::<i64>(), -2..40_i64], btree_set(100..5_000_u64, 1..60), 1..200)) {
            let mut builder = Builder::new(100, 5_000);
            for (term, entries) in &postings {
                let entries: Vec<_> = entries.iter().copied().collect();
                // In two goes, as a merge does.
                let (one, two) = entries.split_at(entries.len() / 2);
                builder.push(*term, one.iter().copied());
                builder.push(*term, two.iter().copied());
            }
            builder.finish();
            let mut found: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
            for row in &builder.done {
                prop_assert!(row.body.len() <= FULL, "{}", row.body.len());
                let block = Block::read(&row.body).unwrap();
                prop_assert_eq!(block.first(), (row.term, row.entry));
                for (term, entry) in block.postings() {
                    found.entry(term).or_default().push(entry);
                }
                for term in &block.terms {
                    let same = block.postings().filter(|(found, _)| found == term).map(|(_, entry)| entry);
                    prop_assert!(block.entries(*term).eq(same));
                }
            }
            let wanted: BTreeMap<i64, Vec<u64>> = postings.into_iter().map(|(term, entries)| (term, entries.into_iter().collect())).collect();
            prop_assert_eq!(found, wanted);
        }

        /// Twenty leads to a record, as random as ids are.
        #[test]
        fn blocks_are_full(step in 1_u64..1 << 46, entries in 1..40_usize) {
            let mut builder = Builder::new(0, 100_000);
            for number in 0..5_000_u64 {
                let term = (number * step + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % step) as i64;
                let mut own: Vec<u64> = (0..entries as u64).map(|entry| (number * 7_919 + entry * entry * 31_337) % 100_000).collect();
                own.sort_unstable();
                own.dedup();
                builder.push(term, own);
            }
            for row in &builder.done {
                prop_assert!((FULL - 120..=FULL).contains(&row.body.len()), "{}", row.body.len());
            }
        }

        #[test]
        fn no_bytes_make_the_reader_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(block) = Block::read(&bytes) {
                prop_assert!(block.postings().count() > 0);
            }
        }
    }
}
