//! Entries read in the order of the tree, and what the index says of them.

use std::collections::{HashMap, HashSet};

use crate::{
    audit::{
        codec,
        daily::Daily,
        record::{Counter, EVERYBODY, Entry, counters},
    },
    domain::Id,
    store::{Store, StoreError},
};

/// Entries and runs read at once.
const PAGE: u64 = 512;

/// The terms that an entry is found by: whose it is, and the leads it shows or changes. They rise, each once.
pub fn terms(entry: &Entry) -> Vec<i64> {
    let record = &entry.record;
    let mut terms = counters(&record.subject).to_vec();
    terms.extend(record.disclosures.iter().flat_map(|shown| shown.leads.iter().map(|lead| lead.0)));
    let changed = record.changed.iter().filter(|changed| changed.kind == "lead");
    terms.extend(changed.filter_map(|changed| changed.item.parse::<Id>().ok()).map(|lead| lead.0));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Calls `each` with each of the [`terms`] once, in no order.
pub fn each_term(entry: &Entry, mut each: impl FnMut(i64)) {
    let (record, of) = (&entry.record, counters(&entry.record.subject));
    let apart = |leads: &[Id]| of.first() != of.get(1) && of.iter().all(|counter| leads.binary_search(&Id(*counter)).is_err());
    match &record.disclosures[..] {
        // Of one group each lead stands there once: the usual case needs no list.
        [shown] if record.changed.is_empty() && apart(&shown.leads) => {
            of.into_iter().chain(shown.leads.iter().map(|lead| lead.0)).for_each(each);
        }
        _ => terms(entry).into_iter().for_each(&mut each),
    }
}

/// Those whose days an entry is counted in.
pub fn accounts(entry: &Entry) -> impl Iterator<Item = Counter> {
    counters(&entry.record.subject).into_iter().chain([EVERYBODY])
}

/// The numbers of accounts' days.
pub type CountedDays = HashMap<(Counter, i64), Daily>;

/// Counts an entry in, for those accounts that are wanted.
pub fn count(days: &mut CountedDays, entry: &Entry, wanted: impl Fn(&Counter) -> bool) {
    for counter in accounts(entry).filter(wanted) {
        days.entry((counter, entry.record.at.day())).or_default().count(entry);
    }
}

/// What is of interest.
#[derive(Clone, Debug, Default)]
pub enum Only {
    /// Everything.
    #[default]
    All,
    /// Entries of this term.
    Term(i64),
    /// Days of these accounts.
    Days(HashSet<Counter>),
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
    /// The numbers of accounts' days.
    pub days: CountedDays,
    /// What is not left out.
    pub only: Only,
}

impl Gathered {
    /// Nothing yet, from this place on.
    pub fn at(from: u64, only: Only) -> Self {
        Self { from, until: from, only, ..Self::default() }
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
        match &self.only {
            Only::All => {
                for term in terms(entry) {
                    self.postings.entry(term).or_default().push(index);
                }
                count(&mut self.days, entry, |_| true);
            }
            Only::Term(term) if terms(entry).contains(term) => self.postings.entry(*term).or_default().push(index),
            Only::Term(_) => {}
            Only::Days(accounts) => count(&mut self.days, entry, |counter| accounts.contains(counter)),
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
