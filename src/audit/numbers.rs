//! The numbers of entries among those of their subject: counted in memory, with one look-up for each counter and epoch.

use std::collections::HashMap;

use super::{
    index::{Index, Last},
    record::{Counter, Number, Tail},
};
use crate::store::{Store, StoreError};

/// What the next entries of an epoch are numbered with.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The next number of those that have one.
    next: HashMap<Counter, u64>,
    /// Where the last entries of those stand that have none in this epoch yet, if they have any elsewhere.
    earlier: HashMap<Counter, Option<Tail>>,
    /// The last entries that had no segment of the index when the epoch began: read once, not for every counter.
    last: Option<Last>,
}

impl Numbers {
    /// Looks up what is not known of these counters.
    pub(super) async fn meet(&mut self, store: &Store, index: &Index, counters: &[Counter]) -> Result<(), StoreError> {
        for counter in counters {
            if !self.next.contains_key(counter) && !self.earlier.contains_key(counter) {
                let last = match &mut self.last {
                    Some(last) => last,
                    none => none.insert(index.last().await?),
                };
                let place = match index.last_of(*counter, last).await? {
                    Some(last) => store.ledger_place(last).await?,
                    None => None,
                };
                self.earlier.insert(*counter, place.map(|(epoch, rseq)| Tail { epoch, rseq }));
            }
        }
        Ok(())
    }

    /// The next number for each of the counters, which were met.
    pub(super) fn give(&mut self, counters: &[Counter]) -> Vec<Number> {
        let number = |counter: &Counter| {
            let next = self.next.entry(*counter).or_default();
            *next += 1;
            if *next == 1 { Number::First(self.earlier.remove(counter).flatten()) } else { Number::Next(*next - 1) }
        };
        counters.iter().map(number).collect()
    }
}
