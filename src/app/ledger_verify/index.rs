//! The index against the entries: the same postings, the same days.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::days::CountedPacked;
use crate::{
    audit::{
        daily::spans,
        index::{Gathered, Only, Postings, terms},
        record::Entry,
    },
    store::{Store, StoreError},
};

/// How often it is begun anew because segments were merged meanwhile.
const TRIES: u32 = 16;
/// Days read at once.
const PAGE: i64 = 1_000;

/// What the index has to come to. Of postings only a sum of hashes under a secret made for this run: the same sum is the same
/// postings.
#[derive(Default)]
pub(super) struct Expected {
    /// The first entry that had no segment when this began.
    until: u64,
    hash: RandomState,
    /// What the postings of entries that were examined come to.
    sum: AtomicU64,
}

impl Expected {
    pub(super) async fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self { until: store.index_ends().await?.0, ..Self::default() })
    }

    /// Whether the entry in this place has to be in the index.
    pub(super) const fn has(&self, index: u64) -> bool {
        index < self.until
    }

    /// Takes the postings of entries with their places in the tree in; of which, and when, makes no difference.
    pub(super) fn take<'e>(&self, entries: impl Iterator<Item = (u64, &'e Entry)>) {
        let mut sum = 0_u64;
        for (index, entry) in entries.filter(|(index, _)| self.has(*index)) {
            for term in terms(entry) {
                sum = sum.wrapping_add(self.hash.hash_one((term, index)));
            }
        }
        // It wraps.
        self.sum.fetch_add(sum, Ordering::Relaxed);
    }

    /// What the postings that are stored come to; `None`: segments went while they were read, each time.
    pub(super) async fn stored(self: Arc<Self>, store: Store) -> Result<Option<u64>, StoreError> {
        for _ in 0..TRIES {
            let sum = self.stored_sum(&store).await?;
            if sum.is_some() {
                return Ok(sum);
            }
        }
        Ok(None)
    }

    /// Whether the index, of whose postings `stored` is told, says the same as the entries that were taken in and these days of
    /// theirs.
    pub(super) async fn fits(&self, store: &Store, stored: Option<u64>, mut days: CountedPacked) -> Result<bool, StoreError> {
        if stored.is_some_and(|stored| stored != self.sum.load(Ordering::Relaxed)) {
            return Ok(false);
        }
        let mut until = self.until;
        for _ in 0..TRIES {
            let now = store.index_ends().await?.0;
            if now != until {
                // Segments came since: their days are counted in already.
                let mut since = Gathered::at(until, Only::All);
                since.read_on(store, now).await?;
                days.add(since.days);
                until = now;
            }
            let fit = days_fit(&mut days, store).await?;
            if store.index_ends().await?.0 == until {
                return Ok(fit);
            }
        }
        Ok(true)
    }

    /// `None`: a segment went while it was read.
    async fn stored_sum(&self, store: &Store) -> Result<Option<u64>, StoreError> {
        let mut sum = 0_u64;
        for segment in store.index_segments().await? {
            let mut postings = Postings::of(segment.id);
            let mut add = |term, entry| {
                if entry < self.until {
                    sum = sum.wrapping_add(self.hash.hash_one((term, entry)));
                }
            };
            while postings.read_on(store, &mut add).await? {}
            if !store.index_lists(segment.id).await? {
                return Ok(None);
            }
        }
        Ok(Some(sum))
    }
}

async fn days_fit(days: &mut CountedPacked, store: &Store) -> Result<bool, StoreError> {
    let (mut after, mut found, all) = ((i64::MIN, i64::MIN), 0, days.finish());
    loop {
        let rows = store.index_all_days(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(found == all) };
        after = (last.counter, last.span);
        for row in rows {
            let Ok(stored) = spans::unpack(row.span, &row.body, false) else { return Ok(false) };
            found += stored.len();
            if stored.iter().any(|(day, stored)| !days.is((row.counter, *day), stored)) {
                return Ok(false);
            }
        }
    }
}
