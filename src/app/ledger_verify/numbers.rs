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
    /// By epoch and counter.
    seen: HashMap<(Id, Counter), Seen>,
    /// Where the epoch before ended when one began.
    follows: HashMap<Id, Tail>,
}

/// The entries of a counter in an epoch so far.
#[derive(Clone, Copy)]
struct Seen {
    /// The number in the epoch of the first.
    first: u64,
    /// The same of the last.
    last: u64,
    /// How many there are.
    count: u64,
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
                (Some(seen), Number::Next(number)) => {
                    let fits = *number == seen.count;
                    (seen.count, seen.last) = (seen.count + 1, entry.rseq);
                    fits
                }
                (None, Number::First(earlier)) => {
                    self.seen.insert(key, Seen { first: entry.rseq, last: entry.rseq, count: 1 });
                    match earlier {
                        Some(tail) => tail.epoch != entry.epoch && (self.ends_at(*tail, counter) || is_of(store, *tail, counter).await?),
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

    /// Whether the last entry so far of the counter in that epoch is in this place: what a first one names, nearly always.
    fn ends_at(&self, place: Tail, counter: Counter) -> bool {
        self.seen.get(&(place.epoch, counter)).is_some_and(|seen| seen.last == place.rseq)
    }

    /// Whether there was one in the epoch before when this one began.
    fn had_one(&self, epoch: Id, counter: Counter) -> bool {
        self.follows.get(&epoch).is_some_and(|tail| self.seen.get(&(tail.epoch, counter)).is_some_and(|seen| seen.first <= tail.rseq))
    }
}

/// Whether the entry in this place is one of the counter's.
async fn is_of(store: &Store, place: Tail, counter: Counter) -> Result<bool, StoreError> {
    let rows = store.ledger_entries(place.epoch, place.rseq, 1).await?;
    let row = rows.first().filter(|row| row.rseq == place.rseq);
    let entry = row.and_then(|row| codec::decode(&row.body).ok());
    Ok(entry.is_some_and(|entry| counters(&entry.record.subject).contains(&counter)))
}
