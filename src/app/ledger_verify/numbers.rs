//! The numbers that entries have among those of their subject.

use std::collections::HashMap;

use crate::{
    audit::{
        codec,
        record::{Counter, Entry, Number, Tail, counters},
    },
    domain::Id,
    store::{Store, StoreError},
};

/// What was numbered so far.
#[derive(Default)]
pub(super) struct Numbers {
    /// By epoch and counter: the first entry and the next number.
    seen: HashMap<(Id, Counter), (u64, u64)>,
    /// Where the epoch before ended when one began.
    follows: HashMap<Id, Tail>,
}

impl Numbers {
    /// Whether the entry, the next of its epoch, has the next number of each of its counters, and what a first one names is
    /// there.
    pub(super) async fn fit(&mut self, store: &Store, entry: &Entry) -> Result<bool, StoreError> {
        if let Some(tail) = entry.follows {
            self.follows.insert(entry.epoch, tail);
        }
        for (counter, number) in counters(&entry.record.subject).into_iter().zip(&entry.numbers) {
            let key = (entry.epoch, counter);
            let fits = match (self.seen.get_mut(&key), number) {
                (Some((_, next)), Number::Next(number)) => {
                    *next += 1;
                    *number + 1 == *next
                }
                (None, Number::First(earlier)) => {
                    self.seen.insert(key, (entry.rseq, 1));
                    match earlier {
                        Some(tail) => tail.epoch != entry.epoch && is_of(store, *tail, counter).await?,
                        None => !self.had_one(entry.epoch, counter),
                    }
                }
                _ => false,
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there was one in the epoch before when this one began.
    fn had_one(&self, epoch: Id, counter: Counter) -> bool {
        self.follows.get(&epoch).is_some_and(|tail| self.seen.get(&(tail.epoch, counter)).is_some_and(|(first, _)| *first <= tail.rseq))
    }
}

/// Whether the entry in this place is one of the counter's.
async fn is_of(store: &Store, place: Tail, counter: Counter) -> Result<bool, StoreError> {
    let rows = store.ledger_entries(place.epoch, place.rseq, 1).await?;
    let row = rows.first().filter(|row| row.rseq == place.rseq);
    let entry = row.and_then(|row| codec::decode(&row.body).ok());
    Ok(entry.is_some_and(|entry| counters(&entry.record.subject).contains(&counter)))
}
