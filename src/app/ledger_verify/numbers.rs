//! The numbers that entries have among those of their subject.

use std::collections::{HashMap, VecDeque};

use crate::{
    audit::{
        index::walk,
        record::{Counter, Entry, Number, counters},
    },
    domain::Id,
    store::{Store, StoreError},
};

/// Of how many of the last entries it is kept whose records they are: what comes first in an epoch names a tree that is hardly
/// ever smaller by more.
const KEPT: u64 = 65_536;

/// What was numbered so far.
#[derive(Default)]
pub(super) struct Numbers {
    /// The next number, by epoch and counter.
    next: HashMap<(Id, Counter), u64>,
    /// How many records each counter has in the tree so far.
    records: HashMap<Counter, u64>,
    /// Those of the last entries: places in the tree, and whose they are.
    last: VecDeque<(u64, Counter)>,
}

impl Numbers {
    /// Whether the entry, the next of its epoch, has the next number of each of its counters, and what a first one says came before
    /// is so. Its place is `index`; without one, it comes after all `size` entries of the tree.
    pub(super) async fn fit(&mut self, store: &Store, entry: &Entry, index: Option<u64>, size: u64) -> Result<bool, StoreError> {
        let counters = counters(&entry.record.subject);
        for (counter, number) in counters.iter().zip(&entry.numbers) {
            let next = self.next.entry((entry.epoch, *counter)).or_default();
            *next += 1;
            let fits = match number {
                Number::Next(number) => *number > 0 && *number == *next - 1,
                Number::First(before) => {
                    *next == 1 && before.size <= size && self.had(store, *counter, before.size, size).await? == before.records
                }
            };
            if !fits {
                return Ok(false);
            }
        }
        if let Some(index) = index.filter(|_| entry.part == 1) {
            for counter in counters.iter() {
                *self.records.entry(*counter).or_default() += 1;
                self.last.push_back((index, *counter));
            }
            while self.last.pop_front_if(|(first, _)| *first + KEPT <= index).is_some() {}
        }
        Ok(true)
    }

    /// How many records the counter had when the tree had `then` entries; now it has `size`.
    async fn had(&self, store: &Store, counter: Counter, then: u64, size: u64) -> Result<u64, StoreError> {
        let since = self.last.iter().rev().take_while(|(index, _)| *index >= then).filter(|(_, of)| *of == counter).count() as u64;
        let mut earlier = 0;
        walk(store, then, size.saturating_sub(KEPT), |_, entry| {
            let counts = entry.is_some_and(|entry| entry.part == 1 && counters(&entry.record.subject).contains(&counter));
            earlier += u64::from(counts);
        })
        .await?;
        Ok(self.records.get(&counter).copied().unwrap_or_default().saturating_sub(since + earlier))
    }
}
