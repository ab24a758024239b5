//! Asking the index.

use std::{collections::BTreeMap, ops::Deref};

use tokio::sync::{Mutex, MutexGuard};

use super::{block::Block, gather::Gathered};
use crate::{
    audit::{daily::Daily, record::Counter},
    store::{Store, StoreError},
};

/// Blocks read at once behind the first.
const BACK: i64 = 16;
/// How often an answer is begun anew because segments were merged under it.
const TRIES: u32 = 8;

/// How many entries without a segment are kept in memory at most.
const KEPT: u64 = 65_536;

/// What an account did, by day.
pub type Days = BTreeMap<i64, Daily>;

/// The index as those see it who ask: segments, and what has none yet.
#[derive(Debug)]
pub struct Index {
    store: Store,
    /// What has no segment yet, as far as it was asked for.
    tail: Mutex<Gathered>,
}

impl Index {
    /// The index of this ledger.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), tail: Mutex::default() }
    }

    /// The entries from `from` to below `until` in which the term occurs, the newest first, at most `limit`. What is in the
    /// tree when this is called is found.
    pub async fn entries(&self, term: i64, from: u64, until: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let (tail_from, mut found) = {
            let tail = self.tail(term).await?;
            let entries = tail.postings.get(&term).map_or(&[][..], Vec::as_slice);
            let wanted = entries.iter().rev().copied().filter(|entry| (from..until).contains(entry));
            (tail.from, wanted.take(limit).collect::<Vec<_>>())
        };
        let before = until.min(tail_from);
        for _ in 0..TRIES {
            if found.len() >= limit || from >= before {
                return Ok(found);
            }
            if let Some(more) = self.in_segments(term, from, before, limit - found.len()).await? {
                found.extend(more);
                return Ok(found);
            }
        }
        Err(StoreError::Corrupt("the ledger's index changes faster than it can be read".into()))
    }

    /// `None`: a segment went while it was read.
    async fn in_segments(&self, term: i64, from: u64, until: u64, limit: usize) -> Result<Option<Vec<u64>>, StoreError> {
        let mut found = Vec::new();
        for (segment, body) in self.store.index_find(term, from, until).await? {
            let mut blocks = vec![body];
            while !blocks.is_empty() {
                let (mut first, mut full) = ((i64::MIN, 0), false);
                for body in blocks.drain(..) {
                    let block = Block::read(&body)?;
                    found.extend(block.entries(term).rev().filter(|entry| (from..until).contains(entry)));
                    first = block.first();
                    full = found.len() >= limit;
                    if full {
                        break;
                    }
                }
                if !full && first.0 == term && first.1 > from {
                    blocks = self.store.index_back(segment, first.0, first.1, BACK).await?;
                    if !self.store.index_lists(segment).await? {
                        return Ok(None);
                    }
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(Some(found))
    }

    /// What an account did on the days from `from` to below `until`.
    pub async fn days(&self, counter: Counter, from: i64, until: i64) -> Result<Days, StoreError> {
        for _ in 0..TRIES {
            let (indexed, rows) = self.store.index_days(counter, from, until).await?;
            let mut days = Days::new();
            for row in rows {
                let day = serde_json::from_str(&row.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
                days.insert(row.day, day);
            }
            let tail = self.tail(counter).await?;
            // What was read and what is added must meet: a segment may have come in between.
            if indexed.is_some_and(|indexed| indexed != tail.from) {
                continue;
            }
            for ((_, day), daily) in tail.days.iter().filter(|((whose, day), _)| *whose == counter && (from..until).contains(day)) {
                days.entry(*day).or_default().add(daily);
            }
            return Ok(days);
        }
        Err(StoreError::Corrupt("the ledger's index changes faster than it can be read".into()))
    }

    /// What has no segment, read up to the end of the tree.
    async fn tail(&self, term: i64) -> Result<Tail<'_>, StoreError> {
        let mut kept = self.tail.lock().await;
        let (indexed, size) = self.store.index_ends().await?;
        if size - indexed.min(size) > KEPT {
            // Only after a rebuild, or if no server ran for long: slower, but it needs no memory.
            *kept = Gathered::default();
            let mut once = Gathered { only: Some(term), ..Gathered::at(indexed) };
            once.read_on(&self.store, size).await?;
            return Ok(Tail::Once(once));
        }
        if kept.from != indexed {
            *kept = Gathered::at(indexed);
        }
        if kept.until < size
            && let Err(error) = kept.read_on(&self.store, size).await
        {
            *kept = Gathered::default();
            return Err(error);
        }
        Ok(Tail::Kept(kept))
    }
}

/// What has no segment.
enum Tail<'t> {
    /// As it is kept for the next question.
    Kept(MutexGuard<'t, Gathered>),
    /// Read for one term.
    Once(Gathered),
}

impl Deref for Tail<'_> {
    type Target = Gathered;

    fn deref(&self) -> &Gathered {
        match self {
            Self::Kept(kept) => kept,
            Self::Once(once) => once,
        }
    }
}
