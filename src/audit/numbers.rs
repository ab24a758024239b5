//! The numbers of entries among those of their subject: counted in memory, with one look-up for each counter and epoch.

use std::collections::HashMap;

use super::{
    codec,
    record::{Counter, Number, Tail, counters},
};
use crate::{
    domain::Id,
    store::{Store, StoreError},
};

/// Entries read at once.
const PAGE: u64 = 256;

/// What the next entries of an epoch are numbered with.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The next number of those that have one.
    next: HashMap<Counter, u64>,
    /// Where the last entries of other epochs stood when this one began.
    earlier: HashMap<Counter, Tail>,
}

impl Numbers {
    /// Those of a new epoch; what other epochs have must be folded.
    pub(super) async fn begin(store: &Store) -> Result<Self, StoreError> {
        let mut earlier = HashMap::new();
        let mut from = 0;
        loop {
            let runs = store.ledger_runs(from, PAGE).await?;
            let Some(last) = runs.last() else { return Ok(Self { next: HashMap::new(), earlier }) };
            from = last.first_index + last.length;
            for run in runs {
                learn(store, run.epoch, run.first_rseq, run.first_rseq + run.length, &mut earlier).await?;
            }
        }
    }

    /// The next number for each of the counters.
    pub(super) fn give(&mut self, counters: &[Counter]) -> Vec<Number> {
        let number = |counter: &Counter| {
            let next = self.next.entry(*counter).or_default();
            *next += 1;
            if *next == 1 { Number::First(self.earlier.get(counter).copied()) } else { Number::Next(*next - 1) }
        };
        counters.iter().map(number).collect()
    }
}

/// Learns where the last entries stand from those of an epoch with numbers from `next` to below `end`.
async fn learn(store: &Store, epoch: Id, mut next: u64, end: u64, last: &mut HashMap<Counter, Tail>) -> Result<(), StoreError> {
    while next < end {
        let rows = store.ledger_entries(epoch, next, PAGE.min(end - next)).await?;
        next = rows.last().map_or(end, |row| row.rseq + 1);
        for row in rows {
            // What cannot be read is the verifier's to tell.
            let Ok(entry) = codec::decode(&row.body) else { continue };
            for counter in counters(&entry.record.subject) {
                last.insert(counter, Tail { epoch, rseq: row.rseq });
            }
        }
    }
    Ok(())
}
