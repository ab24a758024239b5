//! The index against the entries: the same postings, the same days.

use std::{collections::hash_map::RandomState, hash::BuildHasher};

use crate::{
    audit::{
        daily::spans,
        index::{CountedDays, Gathered, Merged, Only, count, terms},
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
pub(super) struct IndexCheck {
    /// The first entry that had no segment when this began.
    until: u64,
    hash: RandomState,
    sum: u64,
    days: CountedDays,
}

impl IndexCheck {
    pub(super) async fn new(store: &Store) -> Result<Self, StoreError> {
        let until = store.index_ends().await?.0;
        Ok(Self { until, hash: RandomState::new(), sum: 0, days: CountedDays::new() })
    }

    /// Takes the entry in this place of the tree in.
    pub(super) fn take(&mut self, index: u64, entry: &Entry) {
        if index >= self.until {
            return;
        }
        for term in terms(entry) {
            self.sum = self.sum.wrapping_add(self.hash.hash_one((term, index)));
        }
        count(&mut self.days, entry, |_| true);
    }

    /// Whether the index says the same as the entries that were taken in.
    pub(super) async fn fits(mut self, store: &Store) -> Result<bool, StoreError> {
        let mut sum = None;
        for _ in 0..TRIES {
            sum = self.stored_sum(store).await?;
            if sum.is_some() {
                break;
            }
        }
        if sum.is_some_and(|sum| sum != self.sum) {
            return Ok(false);
        }
        for _ in 0..TRIES {
            let now = store.index_ends().await?.0;
            if now != self.until {
                // Segments came since: their days are counted in already.
                let mut since = Gathered::at(self.until, Only::All);
                since.read_on(store, now).await?;
                for (key, daily) in since.days {
                    self.days.entry(key).or_default().add(&daily);
                }
                self.until = now;
            }
            let fit = self.days_fit(store).await?;
            if store.index_ends().await?.0 == self.until {
                return Ok(fit);
            }
        }
        Ok(true)
    }

    /// `None`: a segment went while it was read.
    async fn stored_sum(&self, store: &Store) -> Result<Option<u64>, StoreError> {
        let mut sum = 0_u64;
        for segment in store.index_segments().await? {
            let (mut postings, mut entries) = (Merged::of(store, &[segment]).await?, Vec::new());
            while let Some(term) = postings.next(store, &mut entries).await? {
                for entry in entries.iter().filter(|entry| **entry < self.until) {
                    sum = sum.wrapping_add(self.hash.hash_one((term, *entry)));
                }
            }
            if !store.index_lists(segment.id).await? {
                return Ok(None);
            }
        }
        Ok(Some(sum))
    }

    async fn days_fit(&self, store: &Store) -> Result<bool, StoreError> {
        let (mut after, mut found) = ((i64::MIN, i64::MIN), 0);
        loop {
            let rows = store.index_all_days(after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(found == self.days.len()) };
            after = (last.counter, last.span);
            for row in rows {
                let Ok(days) = spans::unpack(row.span, &row.body, false) else { return Ok(false) };
                found += days.len();
                if days.iter().any(|(day, stored)| self.days.get(&(row.counter, *day)) != Some(stored)) {
                    return Ok(false);
                }
            }
        }
    }
}
