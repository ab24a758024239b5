//! Asking the index.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    time::Duration,
};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{
    block::Block,
    gather::{Gathered, Only},
};
use crate::{
    audit::{
        daily::{
            Days,
            spans::{self, span_of},
        },
        record::{Before, Counter},
    },
    domain::Timestamp,
    store::{Store, StoreError, ledger::Reach},
};

/// Blocks read at once behind the first.
const BACK: i64 = 16;
/// How often an answer is begun anew because segments were merged under it.
const TRIES: u32 = 8;

/// How many entries without a segment are kept in memory at most.
const KEPT: u64 = 65_536;
/// How long a record that is to be numbered waits for them.
const WAITED: Duration = Duration::from_secs(1);

/// Days of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaysOf {
    /// Whose.
    pub counter: Counter,
    /// The first.
    pub from: i64,
    /// The first that is not wanted any more.
    pub until: i64,
    /// Whether records, views, leads, leads in files and denials are enough.
    pub brief: bool,
}

/// The index as those see it who ask: segments, and what has none yet.
#[derive(Debug)]
pub struct Index {
    store: Store,
    /// What has no segment yet, as far as it was asked for.
    tail: Mutex<Gathered>,
    /// How many of those a record that is to be numbered waits for at most.
    near: u64,
}

impl Index {
    /// The index of this ledger, whose segments have so many entries at first.
    pub fn new(store: &Store, segment: u64) -> Self {
        Self { store: store.clone(), tail: Mutex::default(), near: 2 * segment }
    }

    /// The entries from `from` to below `until` in which the term occurs, the newest first, at most `limit`. What is in the
    /// tree when this is called is found.
    pub async fn entries(&self, term: i64, from: u64, until: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let reach = self.store.ledger_reach(Timestamp(i64::MIN), Timestamp(i64::MAX)).await?;
        self.entries_then(&reach, term, from, until, limit).await
    }

    /// The same of what was in the tree when it was found to reach so far.
    pub async fn entries_then(&self, then: &Reach, term: i64, from: u64, until: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let (tail_from, mut found) = {
            let tail = self.tail(Only::Term(term), then.indexed, then.size).await?;
            let entries = tail.postings.get(&term).map_or(&[][..], Vec::as_slice);
            let wanted = entries.iter().rev().copied().filter(|entry| (from..until).contains(entry));
            (tail.from, wanted.take(limit).collect::<Vec<_>>())
        };
        if found.len() < limit {
            found.extend(self.before(term, from, until.min(tail_from), limit - found.len()).await?);
        }
        Ok(found)
    }

    /// The same as [`Index::entries`] of those before what has no segment.
    async fn before(&self, term: i64, from: u64, until: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        for _ in 0..TRIES {
            if from >= until {
                return Ok(Vec::new());
            }
            if let Some(found) = self.in_segments(term, from, until, limit).await? {
                return Ok(found);
            }
        }
        Err(changing())
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

    /// What accounts did on the days that are wanted of them, in this order, as far as it is in the tree.
    pub async fn days(&self, wanted: &[DaysOf]) -> Result<Vec<Days>, StoreError> {
        Ok(self.days_then(wanted).await?.0)
    }

    /// The same, and whether there were entries at that moment that had no place in the tree yet.
    pub async fn days_then(&self, wanted: &[DaysOf]) -> Result<(Vec<Days>, bool), StoreError> {
        let place: HashMap<Counter, usize> = wanted.iter().zip(0..).map(|(of, number)| (of.counter, number)).collect();
        let ranges: Vec<_> = wanted.iter().map(|of| (of.counter, span_of(of.from), span_of(of.until.saturating_sub(1)))).collect();
        for _ in 0..TRIES {
            let then = self.store.index_days(&ranges).await?;
            let tail = self.tail(Only::Days(place.keys().copied().collect()), then.indexed, then.size).await?;
            // What was read and what is added must meet: a segment may have come in between.
            if then.indexed != tail.from {
                continue;
            }
            let mut found = vec![Days::new(); wanted.len()];
            for row in then.rows {
                let Some(number) = place.get(&row.counter) else { continue };
                found[*number].extend(spans::unpack(row.span, &row.body, wanted[*number].brief)?);
            }
            for (days, of) in found.iter_mut().zip(wanted) {
                days.retain(|day, _| (of.from..of.until).contains(day));
            }
            for ((counter, day), daily) in &tail.days {
                if let Some(number) = place.get(counter)
                    && (wanted[*number].from..wanted[*number].until).contains(day)
                {
                    found[*number].entry(*day).or_default().add(daily);
                }
            }
            return Ok((found, then.more));
        }
        Err(changing())
    }

    /// How many records these accounts have in the tree. What has no segment yet is counted as far as it takes no more than two
    /// segments' entries to be read, or of so many `waiting` records each its share of them, and can be read at once: a number of a
    /// smaller tree is true as well, and whoever waits for it has a record to write.
    pub(in crate::audit) async fn records(&self, of: &HashSet<Counter>, waiting: usize) -> Result<HashMap<Counter, Before>, StoreError> {
        let ever: Vec<_> = of.iter().map(|counter| (*counter, span_of(i64::MIN), span_of(i64::MAX))).collect();
        let then = self.store.index_days(&ever).await?;
        let mut found: HashMap<_, _> = of.iter().map(|counter| (*counter, Before { size: then.indexed, records: 0 })).collect();
        for row in then.rows {
            let Some(before) = found.get_mut(&row.counter) else { continue };
            before.records += spans::unpack(row.span, &row.body, true)?.values().map(|daily| daily.records).sum::<u64>();
        }
        let most = self.near / waiting.max(1) as u64;
        let tail = timeout(WAITED, self.tail_within(most, of, then.indexed, then.size)).await;
        // What was read and what is added must meet: a segment may have come in between.
        if let Ok(Ok(Some(tail))) = tail
            && tail.from == then.indexed
        {
            for before in found.values_mut() {
                before.size = tail.until;
            }
            for ((counter, _), daily) in &tail.days {
                if let Some(before) = found.get_mut(counter) {
                    before.records += daily.records;
                }
            }
        }
        Ok(found)
    }

    /// What has no segment, with the days of these accounts, if it takes no more than `most` entries to be read; otherwise as far as it
    /// has been read, if it has.
    async fn tail_within(&self, most: u64, of: &HashSet<Counter>, indexed: u64, size: u64) -> Result<Option<Tail<'_>>, StoreError> {
        let (from, until) = {
            let kept = self.tail.lock().await;
            (kept.from, kept.until)
        };
        let read = if from == indexed { until } else { indexed };
        let until = if size.saturating_sub(read) > most { read } else { size };
        // One that is too much to be kept would be read anew.
        if until == indexed || until - indexed > KEPT {
            return Ok(None);
        }
        self.tail(Only::Days(of.clone()), indexed, until).await.map(Some)
    }

    /// What has no segment, read at least up to `size`, if segments were found to end at `indexed`; only what is of interest, if
    /// that is too much to be kept.
    async fn tail(&self, only: Only, indexed: u64, size: u64) -> Result<Tail<'_>, StoreError> {
        let mut kept = self.tail.lock().await;
        // Whoever asked after this one may have found more segments already, or the index was begun anew.
        let (indexed, size) = if kept.from > indexed { self.store.index_ends().await? } else { (indexed, size) };
        if size - indexed.min(size) > KEPT {
            // Only after a rebuild, or if no server ran for long: slower, but it needs no memory.
            *kept = Gathered::default();
            drop(kept);
            let mut once = Gathered::at(indexed, only);
            once.read_on(&self.store, size).await?;
            return Ok(Tail::Once(once));
        }
        if kept.from != indexed {
            *kept = Gathered::at(indexed, Only::All);
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

fn changing() -> StoreError {
    StoreError::Corrupt("the ledger's index changes faster than it can be read".into())
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
