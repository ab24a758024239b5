//! What an account did on one day, in numbers that add up: what exposure is measured by.

pub mod spans;

use std::collections::BTreeMap;

pub use spans::Days;

use super::record::{Decision, Entry, OperationKind, is_asked_export, is_export_file};
use crate::{
    domain::{FieldSet, clock::DAY},
    policy::Code,
};

/// How many addresses and purposes are kept apart; of more, the first by name.
const KINDS: usize = 64;

/// The numbers of one account and one day (UTC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daily {
    /// Records.
    pub records: u64,
    /// Of those, allowed, denied, invalid, failed.
    pub decisions: [u64; 4],
    /// Of those, queries, mutations, token requests, commands, unknown, subscriptions.
    pub kinds: [u64; 6],
    /// Of those, that showed leads on a screen.
    pub views: u64,
    /// Leads so shown, each as often as it was.
    pub leads: u64,
    /// Files of leads.
    pub downloads: u64,
    /// Leads in them.
    pub downloaded: u64,
    /// Records by the hour (UTC) of their beginning.
    pub hours: [u64; 24],
    /// Fields shown as they are.
    pub clear: u32,
    /// Fields shown masked.
    pub masked: u32,
    /// Records by internet address.
    pub addresses: BTreeMap<String, u64>,
    /// Records by purpose code.
    pub purposes: BTreeMap<String, u64>,
    /// Records by the code of their first error.
    pub codes: BTreeMap<String, u64>,
}

impl Daily {
    /// Counts an entry in.
    pub fn count(&mut self, entry: &Entry) {
        let record = &entry.record;
        let leads: u64 = record.disclosures.iter().map(|shown| shown.leads.len() as u64).sum();
        // The parts of a record are one record together.
        let one = u64::from(entry.part == 1);
        if is_export_file(record) {
            self.downloads += one;
            self.downloaded += leads;
        } else if leads > 0 && !is_asked_export(record) {
            self.views += one;
            self.leads += leads;
        }
        for shown in &record.disclosures {
            self.clear |= shown.clear.0;
            self.masked |= shown.masked.0;
        }
        if entry.part > 1 {
            return;
        }
        self.records += 1;
        self.decisions[Decision::ALL.iter().position(|decision| *decision == record.decision).unwrap_or_default()] += 1;
        self.kinds[OperationKind::ALL.iter().position(|kind| *kind == record.operation.kind).unwrap_or_default()] += 1;
        self.hours[(record.at.0.rem_euclid(DAY) / (DAY / 24)) as usize] += 1;
        let code = record.code.map(Code::name);
        for (kinds, found) in
            [(&mut self.addresses, record.client.ip.as_deref()), (&mut self.purposes, record.purpose.as_deref()), (&mut self.codes, code)]
        {
            let Some(found) = found else { continue };
            if let Some(count) = kinds.get_mut(found) {
                *count += 1;
            } else {
                kinds.insert(found.to_owned(), 1);
                bound(kinds);
            }
        }
    }

    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.views += other.views;
        self.leads += other.leads;
        self.downloads += other.downloads;
        self.downloaded += other.downloaded;
        self.clear |= other.clear;
        self.masked |= other.masked;
        let mine = self.hours.iter_mut().chain(&mut self.decisions).chain(&mut self.kinds);
        for (mine, theirs) in mine.zip(other.hours.iter().chain(&other.decisions).chain(&other.kinds)) {
            *mine += theirs;
        }
        for (mine, theirs) in
            [(&mut self.addresses, &other.addresses), (&mut self.purposes, &other.purposes), (&mut self.codes, &other.codes)]
        {
            for (kind, count) in theirs {
                *mine.entry(kind.clone()).or_default() += count;
            }
            bound(mine);
        }
    }

    /// Records that were denied.
    pub const fn denied(&self) -> u64 {
        self.decisions[1]
    }

    /// The fields shown: as they are, masked.
    pub const fn fields(&self) -> (FieldSet, FieldSet) {
        (FieldSet(self.clear), FieldSet(self.masked))
    }
}

/// Those that are left out never come back, as the ones that are kept only become smaller: the order of adding makes no difference.
fn bound(kinds: &mut BTreeMap<String, u64>) {
    while kinds.len() > KINDS {
        kinds.pop_last();
    }
}
