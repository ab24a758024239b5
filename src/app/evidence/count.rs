//! Counting the records of a range as they pass.

use std::collections::BTreeMap;

use super::who::Names;
use crate::{
    audit::record::{Counter, Decision, Entry, counters, is_asked_export, is_export_file},
    domain::{Id, Timestamp},
    evidence::{DidSee, Exports, Marked, Seen, Week, week_of},
    policy::Level,
};

/// What has been counted so far; bounded by accounts and weeks, not by records.
#[derive(Debug)]
pub(super) struct Counting {
    from: Timestamp,
    to: Timestamp,
    /// Records before this index that began before the range are another file's.
    before: u64,
    records: u64,
    denied: u64,
    late: u64,
    accounts: BTreeMap<Counter, Numbers>,
    weeks: BTreeMap<i64, Week>,
    /// When accounts were shown leads, as far as departures ask: the last moment before each return, and after the last one.
    stays: BTreeMap<Counter, Vec<Stay>>,
    pub(super) marked: Marked,
    pub(super) exports: Exports,
    /// Answers and files that showed leads and name the acceptances they went by.
    pub(super) under_agreement: u64,
    /// How often accounts of the register were changed.
    pub(super) register: u64,
    /// Imports.
    pub(super) imports: u64,
}

#[derive(Clone, Copy, Debug)]
struct Numbers {
    week: Week,
    leads: u64,
    leads_in_files: u64,
    first: Timestamp,
    last: Timestamp,
}

/// The time until somebody was taken on again, or until today.
#[derive(Clone, Copy, Debug)]
struct Stay {
    until: Option<Timestamp>,
    last_shown: Option<Timestamp>,
}

impl Counting {
    /// Of the range; the head at its beginning was of a tree of `before` records, and `returns` are the moments at which people
    /// who had left were taken on again, `None` of those who were not.
    pub(super) fn of(from: Timestamp, to: Timestamp, before: u64, returns: impl IntoIterator<Item = (Id, Option<Timestamp>)>) -> Self {
        let mut stays: BTreeMap<Counter, Vec<Stay>> = BTreeMap::new();
        for (person, until) in returns {
            stays.entry(person.0).or_default().push(Stay { until, last_shown: None });
        }
        Self {
            stays,
            from,
            to,
            before,
            records: 0,
            denied: 0,
            late: 0,
            accounts: BTreeMap::new(),
            weeks: BTreeMap::new(),
            marked: Marked::default(),
            exports: Exports::default(),
            under_agreement: 0,
            register: 0,
            imports: 0,
        }
    }

    /// The next record of the log.
    pub(super) fn count(&mut self, index: u64, entry: &Entry) {
        let record = &entry.record;
        let late = record.at < self.from;
        if record.at >= self.to || (late && index < self.before) {
            return;
        }
        for changed in &record.changed {
            match changed.kind.as_str() {
                "contactAccount" => self.register += 1,
                "import" => self.imports += 1,
                _ => {}
            }
        }
        let leads: u64 = record.disclosures.iter().map(|shown| shown.leads.len() as u64).sum();
        // The parts of a record are one record together; only its leads are spread over them.
        let one = u64::from(entry.part == 1);
        let (file, shown) = (is_export_file(record), leads > 0 && !is_asked_export(record));
        let denied = one * u64::from(record.decision == Decision::Denied);
        self.records += one;
        self.denied += denied;
        self.late += one * u64::from(late);
        let (answers, files) = (one * u64::from(shown && !file), one * u64::from(file));
        let week = Week { answers, files, denied };
        if file {
            self.exports.files += one;
            self.exports.leads += leads;
            self.exports.marked += one * u64::from(record.marking.level > Level::Public);
            self.exports.with_purpose += one * u64::from(record.purpose.is_some());
        }
        if (shown || file) && one == 1 {
            self.marked.by_level[record.marking.level as usize] += 1;
            self.marked.with_compartments += u64::from(record.marking.compartments != 0);
            self.marked.with_notice += u64::from(record.notice);
            self.under_agreement += u64::from(!record.agreements.is_empty());
        }
        if !(shown || file || denied > 0) {
            return;
        }
        self.weeks.entry(week_of(record.at.max(self.from))).or_default().add(week);
        for counter in counters(&record.subject) {
            let numbers = self.accounts.entry(counter).or_insert(Numbers {
                week: Week::default(),
                leads: 0,
                leads_in_files: 0,
                first: record.at,
                last: record.at,
            });
            numbers.week.add(week);
            if file {
                numbers.leads_in_files += leads;
            } else if shown {
                numbers.leads += leads;
            }
            numbers.first = numbers.first.min(record.at);
            numbers.last = numbers.last.max(record.at);
            if shown || file {
                let stays = self.stays.get_mut(&counter).into_iter().flatten();
                for stay in stays.filter(|stay| stay.until.is_none_or(|until| record.at < until)) {
                    stay.last_shown = stay.last_shown.max(Some(record.at));
                }
            }
        }
    }

    /// How many records of the range there were.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// When somebody who left was last shown a lead before they were taken on again at this moment, if they were.
    pub(super) fn last_shown(&self, person: Id, until: Option<Timestamp>) -> Option<Timestamp> {
        self.stays.get(&person.0)?.iter().find(|stay| stay.until == until)?.last_shown
    }

    /// Who did see leads.
    pub(super) fn did_see(&self, names: &Names) -> DidSee {
        let seen = |(counter, numbers): (&Counter, &Numbers)| Seen {
            who: names.counter(*counter),
            answers: numbers.week.answers,
            leads: numbers.leads,
            files: numbers.week.files,
            leads_in_files: numbers.leads_in_files,
            denied: numbers.week.denied,
            first: numbers.first,
            last: numbers.last,
        };
        DidSee {
            records: self.records,
            denied: self.denied,
            late: self.late,
            accounts: self.accounts.iter().map(seen).collect(),
            weeks: self.weeks.clone(),
        }
    }
}
