//! Quotas: how many leads somebody may be shown in one UTC day.
//!
//! The ledger is the count: what it says was disclosed today is what was used. This process adds to that what it is
//! about to disclose, before the answer leaves and under one lock, so that two answers at once cannot pass a limit
//! together; nothing is written for it. At the first need the day so far is read from the ledger; after that, at most every
//! [`Settings::refresh`] seconds, what other processes have recorded since. Between two of those a subject that asks
//! several servers at once can pass its limit by what the others have shown it meanwhile.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::{Core, Error, Op};
use crate::{
    audit::{
        codec,
        record::{AccessRecord, is_export_file},
    },
    domain::{
        Id, Subject, Timestamp,
        clock::{DAY, SECOND},
    },
    policy::{Code, Refusal},
    store::StoreError,
};

/// How many entries are read at once.
const CHUNK: u32 = 256;
/// How far the clocks of two servers may lie apart (µs).
const CLOCK_SKEW: i64 = 300 * SECOND;

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

#[derive(Debug, Default)]
struct Used {
    day: i64,
    leads: HashMap<Id, u64>,
}

/// How far the ledger has been counted.
#[derive(Debug, Default)]
struct Read {
    /// The next index.
    next: u64,
    /// When it was last looked at.
    at: i64,
}

/// How somebody stands today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Leads per day; `None` is no limit.
    pub limit: Option<u32>,
    /// Leads shown today; one that was shown in two answers counts twice.
    pub used: u64,
    /// When the count begins anew: the next midnight in UTC.
    pub resets_at: Timestamp,
}

impl Quotas {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, used: Mutex::default(), read: tokio::sync::Mutex::default(), counted: AtomicI64::new(-1) }
    }

    /// Counts in what other processes, and this one before it was started, have recorded today, if it is time to.
    async fn refresh(&self, core: &Core) -> Result<(), StoreError> {
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
            let midnight = Timestamp(now.day() * DAY - CLOCK_SKEW);
            read.next = read.next.max(core.store.log_floor(midnight).await?);
        }
        loop {
            let (entries, next) = core.store.log_from(read.next, &core.recorder.epochs(), CHUNK).await?;
            for entry in entries {
                let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
                let record = codec::decode(&entry.body).map_err(unreadable)?.record;
                self.add(&record.subject, record.at.day(), now.day(), disclosed(&record));
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

    fn add(&self, subject: &Subject, day: i64, today: i64, leads: u64) {
        if leads == 0 || day != today {
            return;
        }
        let mut used = self.of_day(today);
        for id in [subject.person, subject.app].into_iter().flatten() {
            *used.leads.entry(id).or_default() += leads;
        }
    }

    /// The count of `day`; that of an earlier one is forgotten.
    fn of_day(&self, day: i64) -> std::sync::MutexGuard<'_, Used> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if day > used.day {
            *used = Used { day, leads: HashMap::new() };
        }
        used
    }
}

/// Counts the leads this operation is about to show, or refuses and takes back that it shows any. To be called when
/// everything has been resolved and before the record is made. An app that acts for a person uses up the quota of both.
///
/// A refused operation is recorded as denied with no disclosure, for nothing was disclosed; the reason says how many
/// leads it would have shown. What a mutation changed stays changed and recorded.
pub async fn charge(op: &Op) -> Result<(), Error> {
    let leads = {
        let trace = op.trace();
        // What an export has counted already is not counted again by the operation that asked for it.
        trace.leads_distinct().saturating_sub(trace.charged)
    };
    if leads == 0 || op.subject.operator {
        return Ok(());
    }
    let limits = limits(op);
    if limits.iter().any(|(_, limit)| limit.is_some())
        && let Err(cause) = op.core.quotas.refresh(&op.core).await
    {
        // Not knowing what was used today is no reason to show more.
        op.trace().withhold("quota-unknown");
        return Err(cause.into());
    }
    let passed = {
        let mut used = op.core.quotas.of_day(op.at.day());
        let passed = limits.iter().find_map(|(id, limit)| {
            let (used, limit) = (used.leads.get(id).copied().unwrap_or_default(), u64::from((*limit)?));
            (used + leads > limit).then_some((used, limit))
        });
        if passed.is_none() {
            for (id, _) in &limits {
                *used.leads.entry(*id).or_default() += leads;
            }
        }
        passed
    };
    let Some((used, limit)) = passed else {
        op.trace().charged += leads;
        return Ok(());
    };
    let changed = !op.trace().changed.is_empty();
    op.trace().withhold(format!("quota: {leads} more than {used} of {limit}"));
    let what = if changed { "The change was made, but its result is not shown: it" } else { "This answer" };
    Err(Refusal::new(Code::QuotaExceeded, format!("{what} would pass the {limit} leads you may see in a day; {used} are used.")).into())
}

/// Gives back what [`charge`] counted, because the answer did not leave.
pub fn refund(op: &Op) {
    let leads = std::mem::take(&mut op.trace().charged);
    let mut used = op.core.quotas.of_day(op.at.day());
    for (id, _) in limits(op) {
        used.leads.entry(id).and_modify(|used| *used = used.saturating_sub(leads));
    }
}

/// How the caller stands: by the count that leaves least. `None` for those who are not counted.
pub async fn standing(op: &Op) -> Result<Option<Standing>, Error> {
    op.core.quotas.refresh(&op.core).await?;
    let today = op.at.day();
    let used = op.core.quotas.of_day(today);
    let each = limits(op).into_iter().map(|(id, limit)| Standing {
        limit,
        used: used.leads.get(&id).copied().unwrap_or_default(),
        resets_at: Timestamp((today + 1) * DAY),
    });
    Ok(each.min_by_key(|one| one.limit.map_or(u64::MAX, |limit| u64::from(limit).saturating_sub(one.used))))
}

/// Whose counts this operation uses, with the limit of each one's own roles.
fn limits(op: &Op) -> Vec<(Id, Option<u32>)> {
    let Subject { person, app, .. } = op.subject;
    let limit = |subject: Subject| op.snapshot.rights(&subject, op.purpose_code(), op.at).quotas().leads_per_day;
    let person = person.map(|id| (id, limit(Subject { person, ..Subject::ANONYMOUS })));
    let app = app.map(|id| (id, limit(Subject { app, ..Subject::ANONYMOUS })));
    person.into_iter().chain(app).collect()
}

/// How many leads a record disclosed, each counted once. Those of an exported file stand in the record of the operation
/// that asked for it, too.
fn disclosed(record: &AccessRecord) -> u64 {
    if is_export_file(record) {
        return 0;
    }
    match &record.disclosures[..] {
        [] => 0,
        [one] => one.leads.len() as u64,
        several => {
            let mut leads: Vec<_> = several.iter().flat_map(|shown| &shown.leads).collect();
            leads.sort_unstable();
            leads.dedup();
            leads.len() as u64
        }
    }
}
