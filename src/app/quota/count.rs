//! What was used of the quotas.
//!
//! The ledger is the count: what it says was disclosed today is what was used. This process adds to that what it is
//! about to disclose, before the answer leaves and under one lock, so that two answers at once cannot pass a limit
//! together; nothing is written for it. At the first need the day so far is read from the ledger; after that, at most every
//! [`Settings::refresh`] seconds, what other processes have recorded since. Between two of those a subject that asks
//! several servers at once can pass its limit by what the others have shown it meanwhile.
//!
//! Which leads somebody was ever shown is read from the records that the index names, once a day for each who has a limit on new ones.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use crate::{
    app::{Core, access_log},
    audit::{
        codec,
        record::{AccessRecord, Entry, is_export_file},
    },
    domain::{
        Id, Subject, Timestamp,
        clock::{DAY, HOUR, SECOND},
    },
    policy::{Permission, QuotaKind},
    store::{LogEntry, StoreError},
};

/// How many entries are read at once.
const CHUNK: u32 = 256;

/// How quotas are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds after which the records of other processes are counted in.
    pub refresh: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { refresh: 5 }
    }
}

/// What was used today, by person and by app.
#[derive(Debug)]
pub struct Quotas {
    settings: Settings,
    used: Mutex<Used>,
    read: tokio::sync::Mutex<Read>,
    /// The day of which the ledger has been counted once.
    counted: AtomicI64,
}

/// What was used on one day.
#[derive(Debug, Default)]
pub(super) struct Used {
    day: i64,
    of: HashMap<Id, Count>,
}

/// What one subject has used today.
#[derive(Debug, Default)]
struct Count {
    /// Leads shown, by the hour.
    hours: [u64; 24],
    /// Leads in exported files.
    exported: u64,
    /// Which leads the subject was ever shown; `None` as long as nobody had to know.
    seen: Option<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    leads: HashSet<Id>,
    /// How many of them for the first time today.
    new: u64,
}

/// How far the ledger has been counted.
#[derive(Debug, Default)]
struct Read {
    /// The next index.
    next: u64,
    /// When it was last looked at.
    at: i64,
}

impl Seen {
    fn see(&mut self, leads: impl Iterator<Item = Id>, is_today: bool) {
        for lead in leads {
            self.new += u64::from(self.leads.insert(lead) && is_today);
        }
    }
}

impl Used {
    /// How much of this kind the subject has used in the period that `at` falls in.
    pub(super) fn used(&self, subject: Id, kind: QuotaKind, at: Timestamp) -> u64 {
        let Some(count) = self.of.get(&subject) else { return 0 };
        match kind {
            QuotaKind::LeadsPerHour => count.hours[hour(at)],
            QuotaKind::LeadsPerDay => count.hours.iter().sum(),
            QuotaKind::NewLeadsPerDay => count.seen.as_ref().map_or(0, |seen| seen.new),
            QuotaKind::ExportRowsPerDay => count.exported,
            QuotaKind::RowsPerExport => 0,
        }
    }

    /// How many of these leads the subject has never been shown.
    pub(super) fn new_to(&self, subject: Id, leads: &[Id]) -> Vec<Id> {
        let seen = self.of.get(&subject).and_then(|count| count.seen.as_ref());
        seen.map_or_else(Vec::new, |seen| leads.iter().copied().filter(|lead| !seen.leads.contains(lead)).collect())
    }

    /// Adds what the subject is about to be shown; gives those of `leads` that are new to it.
    pub(super) fn add(&mut self, subject: Id, at: Timestamp, shown: u64, exported: u64, leads: &[Id]) -> Vec<Id> {
        let new = self.new_to(subject, leads);
        let count = self.of.entry(subject).or_default();
        count.hours[hour(at)] += shown;
        count.exported += exported;
        if let Some(seen) = &mut count.seen {
            seen.see(new.iter().copied(), true);
        }
        new
    }

    /// Takes that back.
    pub(super) fn take_back(&mut self, subject: Id, at: Timestamp, shown: u64, exported: u64, new: &[Id]) {
        let Some(count) = self.of.get_mut(&subject) else { return };
        let used = &mut count.hours[hour(at)];
        *used = used.saturating_sub(shown);
        count.exported = count.exported.saturating_sub(exported);
        if let Some(seen) = &mut count.seen {
            let forgotten = new.iter().filter(|lead| seen.leads.remove(lead)).count() as u64;
            seen.new = seen.new.saturating_sub(forgotten);
        }
    }

    /// Counts in what another process has disclosed.
    fn count_in(&mut self, record: &AccessRecord) {
        let (is_today, leads) = (record.at.day() == self.day, disclosed(record));
        if leads.is_empty() {
            return;
        }
        let many = leads.len() as u64;
        for id in [record.subject.person, record.subject.app].into_iter().flatten() {
            let Some(count) = (if is_today { Some(self.of.entry(id).or_default()) } else { self.of.get_mut(&id) }) else { continue };
            if is_today && is_export_file(record) {
                count.exported += many;
            } else if is_today {
                count.hours[hour(record.at)] += many;
            }
            if let Some(seen) = &mut count.seen {
                seen.see(leads.iter().copied(), is_today);
            }
        }
    }
}

impl Quotas {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, used: Mutex::default(), read: tokio::sync::Mutex::default(), counted: AtomicI64::new(-1) }
    }

    /// Counts in what other processes, and this one before it was started, have recorded today, if it is time to.
    pub(super) async fn refresh(&self, core: &Core) -> Result<(), StoreError> {
        let now = core.now();
        let counted = self.counted.load(Ordering::Acquire) == now.day();
        let mut read = match self.read.try_lock() {
            Ok(read) => read,
            // Somebody is at it; only who comes before the day's first count is finished has to wait for it.
            Err(_) if counted => return Ok(()),
            Err(_) => self.read.lock().await,
        };
        let counted = self.counted.load(Ordering::Acquire) == now.day();
        if counted && now.0 - read.at < i64::from(self.settings.refresh) * SECOND {
            return Ok(());
        }
        core.recorder.fold_now().await?;
        if !counted {
            let midnight = Timestamp(now.day() * DAY);
            read.next = read.next.max(access_log::floor(&core.store, midnight).await?);
        }
        loop {
            let (entries, next) = core.store.log_from(read.next, &core.recorder.epochs(), CHUNK).await?;
            // Looked at again: what is of an epoch that this process began meanwhile is counted already.
            let own = core.recorder.epochs();
            for entry in entries {
                let entry = decoded(&entry)?;
                if !own.contains(&entry.epoch) {
                    self.of_day(now.day()).count_in(&entry.record);
                }
            }
            if next == read.next {
                break;
            }
            read.next = next;
        }
        read.at = now.0;
        self.counted.store(now.day(), Ordering::Release);
        Ok(())
    }

    /// Finds out which leads the subject was ever shown, unless that is known.
    pub(super) async fn learn(&self, core: &Core, subject: Id, today: i64) -> Result<(), StoreError> {
        let known = || self.of_day(today).of.get(&subject).is_some_and(|count| count.seen.is_some());
        if known() {
            return Ok(());
        }
        // Nothing is counted in meanwhile that would be missed here.
        let _read = self.read.lock().await;
        if known() {
            return Ok(());
        }
        core.recorder.fold_now().await?;
        let rights = core.current.fresh(&core.store, &*core.clock).await?.rights(&Subject::OPERATOR, None, core.now());
        let permit = rights.permit(Permission::LogRead).map_err(|refusal| StoreError::Corrupt(refusal.message.into_owned()))?;
        let places = core.recorder.index().entries(subject.0, 0, i64::MAX as u64, usize::MAX).await?;
        let mut seen = Seen::default();
        // The newest come first; what is new today is so because of what was before.
        for places in places.rchunks(CHUNK as usize) {
            let mut entries = core.store.log_at(permit, places).await?;
            entries.sort_unstable_by_key(|entry| entry.index);
            for entry in entries {
                let record = decoded(&entry)?.record;
                if record.subject.person == Some(subject) || record.subject.app == Some(subject) {
                    seen.see(disclosed(&record).into_iter(), record.at.day() == today);
                }
            }
        }
        self.of_day(today).of.entry(subject).or_default().seen = Some(seen);
        Ok(())
    }

    /// The count of `day`; that of an earlier one is forgotten.
    pub(super) fn of_day(&self, day: i64) -> MutexGuard<'_, Used> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if day > used.day {
            *used = Used { day, of: HashMap::new() };
        }
        used
    }
}

fn decoded(entry: &LogEntry) -> Result<Entry, StoreError> {
    let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
    codec::decode(&entry.body).map_err(unreadable)
}

const fn hour(at: Timestamp) -> usize {
    (at.0.rem_euclid(DAY) / HOUR) as usize
}

/// The leads a record disclosed, each once. Those of an exported file stand in the record of the operation that asked for it,
/// too: the one is counted as exported, the other as shown.
fn disclosed(record: &AccessRecord) -> Vec<Id> {
    let mut leads: Vec<Id> = record.disclosures.iter().flat_map(|shown| &shown.leads).copied().collect();
    if record.disclosures.len() > 1 {
        leads.sort_unstable();
        leads.dedup();
    }
    leads
}
