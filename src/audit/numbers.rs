//! The numbers of entries among those of their subject: counted in memory, with one look-up for each counter and epoch.

use std::collections::{HashMap, HashSet};

use super::{
    index::Index,
    record::{Before, Counter, Number},
};

/// What the next entries of an epoch are numbered with.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The next number of those that have one.
    next: HashMap<Counter, u64>,
    /// Of those that have none in this epoch yet, what they had before.
    before: HashMap<Counter, Before>,
}

impl Numbers {
    /// Those of the counters of which it is not known what they had before.
    pub(super) fn unknown(&self, counters: impl Iterator<Item = Counter>) -> HashSet<Counter> {
        counters.filter(|counter| !self.next.contains_key(counter) && !self.before.contains_key(counter)).collect()
    }

    /// Looks that up, the less far the more records wait for it. Without the index, which is derived, nothing is said of what came
    /// before, and recording goes on.
    pub(super) async fn meet(&mut self, index: &Index, unknown: &HashSet<Counter>, waiting: usize) {
        match index.records(unknown, waiting).await {
            Ok(found) => self.before.extend(found),
            Err(error) => tracing::warn!(%error, accounts = unknown.len(), "records before these could not be counted"),
        }
    }

    /// The next number for each of the counters.
    pub(super) fn give(&mut self, counters: &[Counter]) -> Vec<Number> {
        let number = |counter: &Counter| {
            let next = self.next.entry(*counter).or_default();
            *next += 1;
            if *next == 1 { Number::First(self.before.remove(counter).unwrap_or_default()) } else { Number::Next(*next - 1) }
        };
        counters.iter().map(number).collect()
    }
}
