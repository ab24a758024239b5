//! Entries read in the order of the tree, and what the index says of them.

use std::collections::HashMap;

use crate::{
    audit::{
        codec,
        daily::Daily,
        record::{Counter, EVERYBODY, Entry, counters},
    },
    store::{Store, StoreError},
};

/// Entries and runs read at once.
const PAGE: u64 = 512;

/// The terms that an entry is found by: whose it is, and the leads it shows or changes.
pub fn terms(entry: &Entry) -> Vec<i64> {
    let record = &entry.record;
    let mut terms = counters(&record.subject);
    terms.extend(record.disclosures.iter().flat_map(|shown| shown.leads.iter().map(|lead| lead.0)));
    let changed = record.changed.iter().filter(|changed| changed.kind == "lead");
    terms.extend(changed.filter_map(|changed| changed.item.parse::<crate::domain::Id>().ok()).map(|lead| lead.0));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Those whose days an entry is counted in.
pub fn accounts(entry: &Entry) -> impl Iterator<Item = Counter> {
    counters(&entry.record.subject).into_iter().chain([EVERYBODY])
}

/// What the index says of the entries from one place in the tree to another.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The first of them.
    pub from: u64,
    /// The first after them.
    pub until: u64,
    /// The entries that have a term, rising.
    pub postings: HashMap<i64, Vec<u64>>,
    /// The numbers of an account's days.
    pub days: HashMap<(Counter, i64), Daily>,
    /// Nothing but this term is of interest.
    pub only: Option<i64>,
}

impl Gathered {
    /// Nothing yet, from this place on.
    pub fn at(from: u64) -> Self {
        Self { from, until: from, ..Self::default() }
    }

    /// Reads on, at most to this place.
    pub async fn read_on(&mut self, store: &Store, until: u64) -> Result<(), StoreError> {
        let found = self.until;
        walk(store, found, until, |index, entry| {
            self.until = index + 1;
            if let Some(entry) = entry {
                self.add(index, &entry);
            }
        })
        .await
    }

    fn add(&mut self, index: u64, entry: &Entry) {
        let wanted = |term: &i64| self.only.is_none_or(|only| only == *term);
        for term in terms(entry).into_iter().filter(wanted) {
            self.postings.entry(term).or_default().push(index);
        }
        for counter in accounts(entry).filter(wanted) {
            self.days.entry((counter, entry.record.at.day())).or_default().count(entry);
        }
    }
}

/// Calls `each` with every entry from one place in the tree to below another; with `None` for one that cannot be read, which is
/// the verifier's to tell.
pub async fn walk(store: &Store, from: u64, until: u64, mut each: impl FnMut(u64, Option<Entry>)) -> Result<(), StoreError> {
    let mut index = from;
    while index < until {
        let runs = store.ledger_runs_over(index, PAGE).await?;
        if runs.is_empty() {
            return Ok(());
        }
        for run in runs {
            let end = (run.first_rseq + run.length).min(run.first_rseq + until.saturating_sub(run.first_index));
            let mut next = run.first_rseq + index.saturating_sub(run.first_index);
            while next < end {
                let rows = store.ledger_entries(run.epoch, next, PAGE.min(end - next)).await?;
                let Some(last) = rows.last() else {
                    return Err(StoreError::Corrupt(format!("entries from {next} of epoch {} are missing", run.epoch)));
                };
                next = last.rseq + 1;
                for row in rows {
                    index = run.first_index + row.rseq - run.first_rseq;
                    each(index, codec::decode(&row.body).ok());
                }
                index += 1;
            }
            if index >= until {
                return Ok(());
            }
        }
    }
    Ok(())
}
