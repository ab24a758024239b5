//! The numbers that entries have among those of their subject.

use std::{
    collections::{HashMap, VecDeque},
    mem,
};

use crate::{
    audit::{
        index::walk,
        record::{Before, Counter, Entry, Number, counters},
    },
    domain::Id,
    ledger::{Fault, Wrong},
    store::{Store, StoreError},
};

/// Of how many of the last entries it is kept whose records they are: what comes first in an epoch mostly names a tree that is not
/// smaller by more.
const KEPT: u64 = 65_536;

/// What was numbered so far.
#[derive(Default)]
pub(super) struct Numbers {
    /// The next number, by epoch and counter.
    next: HashMap<(Id, Counter), u64>,
    records: Records,
    /// What first ones said of much smaller trees, which is counted in the end.
    claims: Vec<Claim>,
    /// The first of those that say what is not so.
    miscounted: Option<Fault>,
}

/// What a first entry says came before it.
struct Claim {
    counter: Counter,
    before: Before,
    /// What to tell if it is not so.
    fault: Fault,
}

impl Numbers {
    /// Whether the entry, the next of its epoch, has the next number of each of its counters. If it has a place in the tree it is the
    /// one after the first `size`; what a first one says came before it is looked at as well, and told by [`Numbers::miscounted`], as
    /// that spoils nothing that comes later.
    pub(super) fn fit(&mut self, entry: &Entry, size: u64, folded: bool) -> bool {
        let fault = Fault { wrong: Wrong::Number, epoch: Some(entry.epoch), rseq: Some(entry.rseq), index: folded.then_some(size) };
        let of = counters(&entry.record.subject);
        for (counter, number) in of.iter().copied().zip(&entry.numbers) {
            let next = self.next.entry((entry.epoch, counter)).or_default();
            *next += 1;
            match *number {
                Number::Next(number) if number > 0 && number == *next - 1 => {}
                Number::First(before) if *next == 1 && self.holds(Claim { counter, before, fault }, size, folded) => {}
                _ => return false,
            }
        }
        if folded && entry.part == 1 {
            self.records.add(size, &of);
        }
        true
    }

    /// `false` only of an entry that has no place in the tree.
    fn holds(&mut self, claim: Claim, size: u64, folded: bool) -> bool {
        let Before { size: then, records } = claim.before;
        let holds = if then > size {
            // The tree grows beside the verifier, and what is not in the part it looks at may name more of it.
            !folded
        } else if let Some(found) = self.records.before(claim.counter, then, size) {
            found == records
        } else {
            self.claims.push(claim);
            return true;
        };
        if !holds && folded {
            self.miscounted = self.miscounted.or(Some(claim.fault));
        }
        holds || folded
    }

    /// The first entry found that says another number of records before it than there are.
    pub(super) const fn miscounted(&self) -> Option<Fault> {
        self.miscounted
    }

    /// The same after the entries were read once more, if that was left for the end.
    pub(super) async fn recounted(&mut self, store: &Store) -> Result<Option<Fault>, StoreError> {
        let mut recount = Recount::of(mem::take(&mut self.claims));
        walk(store, 0, recount.until(), |index, entry| {
            recount.up_to(index);
            if let Some(entry) = entry.filter(|entry| entry.part == 1) {
                recount.add(&counters(&entry.record.subject));
            }
        })
        .await?;
        recount.up_to(u64::MAX);
        let first = [self.miscounted, recount.wrong].into_iter().flatten();
        Ok(first.min_by_key(|fault| fault.index.unwrap_or(u64::MAX)))
    }
}

/// How many records each counter has in the tree so far.
struct Records {
    of: HashMap<Counter, u64>,
    /// Those of the last entries: places in the tree, rising, and whose they are.
    last: VecDeque<(u64, Counter)>,
    kept: u64,
}

impl Default for Records {
    fn default() -> Self {
        Self { of: HashMap::new(), last: VecDeque::new(), kept: KEPT }
    }
}

impl Records {
    fn add(&mut self, index: u64, counters: &[Counter]) {
        for counter in counters {
            *self.of.entry(*counter).or_default() += 1;
            self.last.push_back((index, *counter));
        }
        while self.last.pop_front_if(|(first, _)| *first + self.kept < index).is_some() {}
    }

    /// How many the counter had when the tree had `then` entries, if that is known still; now it has `size`.
    fn before(&self, counter: Counter, then: u64, size: u64) -> Option<u64> {
        if then == 0 {
            return Some(0);
        }
        let since = || self.last.iter().rev().take_while(|(index, _)| *index >= then).filter(|(_, of)| *of == counter).count() as u64;
        (then + self.kept >= size).then(|| self.of.get(&counter).copied().unwrap_or_default() - since())
    }
}

/// Claims, and how many records each counter has as far as the entries were read for them.
struct Recount {
    /// By rising size.
    claims: VecDeque<Claim>,
    records: HashMap<Counter, u64>,
    wrong: Option<Fault>,
}

impl Recount {
    fn of(mut claims: Vec<Claim>) -> Self {
        claims.sort_by_key(|claim| claim.before.size);
        Self { claims: claims.into(), records: HashMap::new(), wrong: None }
    }

    /// How many entries have to be read.
    fn until(&self) -> u64 {
        self.claims.back().map_or(0, |claim| claim.before.size)
    }

    /// All entries before this place were added.
    fn up_to(&mut self, index: u64) {
        while let Some(claim) = self.claims.pop_front_if(|claim| claim.before.size <= index) {
            if self.records.get(&claim.counter).copied().unwrap_or_default() != claim.before.records {
                let first = self.wrong.filter(|wrong| wrong.index <= claim.fault.index);
                self.wrong = first.or(Some(claim.fault));
            }
        }
    }

    fn add(&mut self, counters: &[Counter]) {
        for counter in counters {
            *self.records.entry(*counter).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn both_ways_of_counting_agree_with_the_entries(
            entries in vec(vec(0..3_i64, 0..3), 1..40), then in any::<proptest::sample::Index>(), counter in 0..3_i64, kept in 1..9_u64, more in 0..2_u64,
        ) {
            let size = entries.len() as u64;
            let then = then.index(entries.len() + 1) as u64;
            let truth = entries[..then as usize].iter().flatten().filter(|of| **of == counter).count() as u64;
            let mut records = Records { kept, ..Records::default() };
            let fault = Fault { wrong: Wrong::Number, epoch: None, rseq: None, index: Some(7) };
            let mut recount = Recount::of(vec![Claim { counter, before: Before { size: then, records: truth + more }, fault }]);
            for (index, of) in (0..).zip(&entries) {
                records.add(index, of);
                if index < recount.until() {
                    recount.up_to(index);
                    recount.add(of);
                }
            }
            recount.up_to(u64::MAX);
            prop_assert_eq!(recount.wrong.is_some(), more > 0);
            let known = records.before(counter, then, size);
            prop_assert!(known.is_none_or(|known| known == truth));
            prop_assert_eq!(known.is_some(), then == 0 || then + kept >= size);
        }
    }
}
