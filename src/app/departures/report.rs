//! The exposure report: what somebody who leaves was shown and took, ready before the exit interview. It counts; which leads it were
//! is for those who read the access log.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Departure, find, reader,
    trap::{CanaryMet, Trapped},
};
use crate::{
    app::{
        Error, Op,
        access_log::{self, Exposure, logged},
    },
    audit::record::{AccessRecord, is_asked_export, is_export_file},
    domain::{Field, FieldSet, Id, Timestamp, clock::DAY},
    policy::{Acceptance, Party, Refusal},
};

/// The longest time that is reported on (days).
const LONGEST: i64 = 366;
/// Records decoded together.
const AT_ONCE: usize = 1_000;
/// Files and devices listed at most, the latest of them.
const LISTED: usize = 1_000;

/// A field on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldShown {
    /// Which.
    pub field: Field,
    /// Leads that showed it as it is, each as often as they did.
    pub clear: u64,
    /// Leads that showed it masked, each as often as they did.
    pub masked: u64,
}

/// What was shown on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFields {
    /// The day, counted from 1970-01-01.
    pub day: i64,
    /// Different leads.
    pub leads: u64,
    /// By field.
    pub fields: Vec<FieldShown>,
}

/// A file that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTaken {
    /// Place of its record in the tree.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// How many leads.
    pub leads: u64,
    /// Fields in it, as they are or masked.
    pub fields: FieldSet,
    /// The purpose that was declared.
    pub purpose: Option<String>,
    /// Where to.
    pub address: Option<String>,
    /// Whether off-hours.
    pub off_hours: bool,
}

/// What was used to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceUsed {
    /// What it calls itself (`User-Agent`).
    pub name: String,
    /// In how many records.
    pub records: u64,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// Whether it was not used in the days before; `None` if not all of these were looked at.
    pub new: Option<bool>,
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The departure.
    pub departure: Departure,
    /// When it was made.
    pub made_at: Timestamp,
    /// In numbers by day, beside what was usual for them and for their peers.
    pub exposure: Exposure,
    /// By day and field; days on which nothing was shown are left out.
    pub by_day: Vec<DayFields>,
    /// Different leads in all of these days.
    pub leads: u64,
    /// The files, the latest last.
    pub files: Vec<FileTaken>,
    /// The devices, by name.
    pub devices: Vec<DeviceUsed>,
    /// What they accepted and no later acceptance replaced, by kind.
    pub agreements: Vec<Acceptance>,
    /// Whether there are more records than are looked at; then fields, files and devices of those before this one are missing.
    pub cut_before: Option<u64>,
    /// Their canaries; `None` unless the caller keeps the trap.
    pub canaries: Option<Vec<CanaryMet>>,
}

/// Makes the report of the last `days` days up to now.
pub async fn report(op: &Op, departure: Id, days: u32) -> Result<Report, Error> {
    reader(op)?;
    let departure = find(op, departure).await?;
    let days = i64::from(days);
    if !(1..=LONGEST).contains(&days) {
        return Err(Refusal::bad_input(format!("A report is about 1 to {LONGEST} days.")).into());
    }
    op.trace().reasons.push(format!("exposure report {}", departure.person));
    let since = Timestamp((op.at.day() - days + 1) * DAY);
    let exposure = access_log::measured(op, departure.person, since, op.at).await?;
    let mut gathered = Gathered::default();
    let (from, end) = exposure.days;
    let mut trapped = Trapped::of(op, departure.person).await?;
    let count = |index, record: &AccessRecord, whole| {
        gathered.count(op, index, record, whole);
        if let Some(trapped) = &mut trapped {
            trapped.count(index, record);
        }
    };
    let cut_before = walk(op, departure.person, (from, end), count).await?;
    let canaries = match trapped {
        Some(trapped) => Some(trapped.told(op).await?),
        None => None,
    };
    let mut before = BTreeSet::new();
    let before_cut = walk(op, departure.person, (from - (end - from).max(30), from), |_, record, _| {
        before.insert(record.client.user_agent.clone().unwrap_or_default());
    });
    let all_before = before_cut.await?.is_none();
    let files = gathered.files();
    let mut devices: Vec<DeviceUsed> = gathered.devices.into_values().collect();
    for device in &mut devices {
        device.new = if before.contains(&device.name) { Some(false) } else { all_before.then_some(true) };
    }
    devices.truncate(LISTED);
    let mut agreements = op.snapshot.acceptances.get(&Party::Person(departure.person)).cloned().unwrap_or_default();
    agreements.sort_by_key(|accepted| (accepted.kind, accepted.version));
    let leads = gathered.days.values().flat_map(|day| &day.leads).collect::<BTreeSet<_>>().len() as u64;
    Ok(Report {
        departure,
        made_at: op.at,
        exposure,
        by_day: gathered.days.into_iter().map(|(day, shown)| shown.told(day)).collect(),
        leads,
        files,
        devices,
        agreements,
        cut_before,
        canaries,
    })
}

/// The files that somebody took on these days, from the first to below the second, the latest last.
pub async fn files_taken(op: &Op, person: Id, days: (i64, i64)) -> Result<Vec<FileTaken>, Error> {
    let mut gathered = Gathered::default();
    walk(op, person, days, |index, record, whole| gathered.count(op, index, record, whole)).await?;
    Ok(gathered.files())
}

/// Looks through somebody's records of some days, the latest first, as many as one question may; the first one that was looked at if
/// there are more. A record in parts comes part by part, the first of them as a whole one.
async fn walk(op: &Op, subject: Id, days: (i64, i64), mut count: impl FnMut(u64, &AccessRecord, bool)) -> Result<Option<u64>, Error> {
    let permit = reader(op)?;
    let scan = op.core.access_log.scan as usize;
    let (reach, from, end) = access_log::range(op, Some(Timestamp(days.0 * DAY)), Some(Timestamp(days.1 * DAY))).await?;
    let places = op.core.recorder.index().entries_then(&reach, subject.0, from, end, scan).await?;
    for part in places.chunks(AT_ONCE) {
        for entry in op.core.store.log_at(permit, part).await? {
            let logged = logged(entry)?;
            if (days.0..days.1).contains(&logged.entry.record.at.day()) {
                count(logged.index, &logged.entry.record, logged.entry.part == 1);
            }
        }
    }
    Ok(places.last().copied().filter(|_| places.len() == scan))
}

#[derive(Default)]
struct Gathered {
    days: BTreeMap<i64, Shown>,
    files: BTreeMap<(Timestamp, Id), FileTaken>,
    devices: BTreeMap<String, DeviceUsed>,
}

#[derive(Default)]
struct Shown {
    leads: BTreeSet<Id>,
    fields: BTreeMap<Field, (u64, u64)>,
}

impl Gathered {
    /// The files by when they left, the latest of them.
    fn files(&mut self) -> Vec<FileTaken> {
        let latest = self.files.len().saturating_sub(LISTED);
        std::mem::take(&mut self.files).into_values().skip(latest).collect()
    }

    fn count(&mut self, op: &Op, index: u64, record: &AccessRecord, whole: bool) {
        // The operation that asked for a file repeats what the file's own record says.
        if !is_asked_export(record) {
            for group in record.disclosures.iter().filter(|group| !group.leads.is_empty()) {
                let shown = self.days.entry(record.at.day()).or_default();
                shown.leads.extend(&group.leads);
                let times = group.leads.len() as u64;
                group.clear.iter().for_each(|field| shown.fields.entry(field).or_default().0 += times);
                group.masked.iter().for_each(|field| shown.fields.entry(field).or_default().1 += times);
            }
        }
        if is_export_file(record) {
            let file = self.files.entry((record.at, record.request)).or_insert_with(|| FileTaken {
                index,
                at: record.at,
                leads: 0,
                fields: FieldSet::EMPTY,
                purpose: record.purpose.clone(),
                address: record.client.ip.clone(),
                off_hours: op.core.access_log.is_off(record.at.day(), hour(record.at)),
            });
            file.index = file.index.min(index);
            for group in &record.disclosures {
                file.leads += group.leads.len() as u64;
                file.fields = file.fields.union(group.clear).union(group.masked);
            }
        }
        if whole {
            let name = record.client.user_agent.clone().unwrap_or_default();
            let device = self.devices.entry(name.clone()).or_insert_with(|| DeviceUsed {
                name,
                records: 0,
                first: record.at,
                last: record.at,
                new: None,
            });
            device.records += 1;
            device.first = device.first.min(record.at);
            device.last = device.last.max(record.at);
        }
    }
}

impl Shown {
    fn told(self, day: i64) -> DayFields {
        let fields = self.fields.into_iter().map(|(field, (clear, masked))| FieldShown { field, clear, masked });
        DayFields { day, leads: self.leads.len() as u64, fields: fields.collect() }
    }
}

fn hour(at: Timestamp) -> usize {
    (at.0.rem_euclid(DAY) / (DAY / 24)) as usize
}
