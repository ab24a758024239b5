//! What somebody was shown, by day, beside what they were shown before and what their peers were.

use std::collections::{BTreeMap, BTreeSet};

use super::{Settings, days_now, logged, range};
use crate::{
    app::{Error, Op},
    audit::{
        daily::{Daily, Days},
        index::DaysOf,
        record::{is_asked_export, is_export_file},
    },
    domain::{FieldSet, Id, Timestamp, clock::DAY},
    policy::{Permission, Refusal},
};

/// The longest time that is looked at (days).
const LONGEST: i64 = 366;
/// How many days before are the baseline, if the time itself is not longer.
const BEFORE: i64 = 30;
/// How many peers are compared with at most.
const PEERS: usize = 50;
/// How many leads a page holds at most.
const MAX_PAGE: usize = 500;

/// What an account did in some days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// The numbers.
    pub sum: Daily,
    /// On how many days there were any.
    pub active_days: u64,
    /// Records off-hours.
    pub off_hours: u64,
}

/// What is usual: the mean of days with any record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Baseline {
    /// How many such days there were, of one account or of all together.
    pub active_days: u64,
    /// Views a day.
    pub views: f64,
    /// Leads shown a day.
    pub leads: f64,
    /// Leads in files a day.
    pub downloaded: f64,
    /// Denials a day.
    pub denied: f64,
    /// Records off-hours a day.
    pub off_hours: f64,
}

/// Those who hold the same roles in the same teams.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peers {
    /// How many were compared with.
    pub count: usize,
    /// What is usual among them in the same time.
    pub usual: Baseline,
}

/// What somebody was shown in some days.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Who.
    pub subject: Id,
    /// The first day, counted from 1970-01-01, and the first after.
    pub days: (i64, i64),
    /// The days on which there is anything, with the records off-hours.
    pub by_day: Vec<(i64, Daily, u64)>,
    /// All of them together.
    pub total: Total,
    /// Addresses that were not there in the days before.
    pub new_addresses: BTreeSet<String>,
    /// The same account in the days before.
    pub before: Baseline,
    /// Others in the same days.
    pub peers: Peers,
}

/// What the account was shown on the days that `since` and `until` fall in, both included.
pub async fn exposure(op: &Op, subject: Id, since: Timestamp, until: Timestamp) -> Result<Exposure, Error> {
    op.rights.permit(Permission::LogRead)?;
    measured(op, subject, since, until).await
}

/// The same, for whoever may see it of this one account by another permission.
pub(in crate::app) async fn measured(op: &Op, subject: Id, since: Timestamp, until: Timestamp) -> Result<Exposure, Error> {
    if !op.snapshot.accounts.contains_key(&subject) {
        return Err(Refusal::not_found().into());
    }
    let (from, end) = (since.day(), until.day() + 1);
    if from >= end || end - from > LONGEST {
        return Err(Refusal::bad_input(format!("`since` lies before `until`, at most {LONGEST} days.")).into());
    }
    let settings = op.core.access_log;
    let earlier = from - (end - from).max(BEFORE);
    let peers = peers(op, subject);
    // One look-up for the time itself, what was before, and the peers.
    let own = DaysOf { counter: subject.0, from: earlier, until: end, brief: false };
    let others = peers.iter().map(|peer| DaysOf { counter: peer.0, from, until: end, brief: true });
    let mut found = days_now(op, &[own].into_iter().chain(others).collect::<Vec<_>>()).await?.into_iter();
    let mut before = found.next().unwrap_or_default();
    let days = before.split_off(&from);
    let known: BTreeSet<&String> = before.values().flat_map(|day| day.addresses.keys()).collect();
    let new_addresses = days.values().flat_map(|day| day.addresses.keys()).filter(|address| !known.contains(address)).cloned().collect();
    let mut theirs = Total::default();
    for days in found {
        theirs.add(settings, &days);
    }
    let mut total = Total::default();
    total.add(settings, &days);
    let mut usual = Total::default();
    usual.add(settings, &before);
    op.trace().rows += days.len() as u64;
    Ok(Exposure {
        subject,
        days: (from, end),
        by_day: days.into_iter().map(|(day, daily)| (day, daily.clone(), off_hours(settings, day, &daily))).collect(),
        total,
        new_addresses,
        before: usual.mean(),
        peers: Peers { count: peers.len(), usual: theirs.mean() },
    })
}

impl Total {
    fn add(&mut self, settings: Settings, days: &Days) {
        for (day, daily) in days {
            self.sum.add(daily);
            self.active_days += 1;
            self.off_hours += off_hours(settings, *day, daily);
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a mean for people")]
    fn mean(&self) -> Baseline {
        let a_day = |count: u64| if self.active_days == 0 { 0.0 } else { count as f64 / self.active_days as f64 };
        let sum = &self.sum;
        let [views, leads, downloaded, denied, off_hours] = [sum.views, sum.leads, sum.downloaded, sum.denied(), self.off_hours].map(a_day);
        Baseline { active_days: self.active_days, views, leads, downloaded, denied, off_hours }
    }
}

fn off_hours(settings: Settings, day: i64, daily: &Daily) -> u64 {
    daily.hours.iter().enumerate().filter(|(hour, _)| settings.is_off(day, *hour)).map(|(_, count)| count).sum()
}

/// Other accounts that hold a role of the subject's for the same team now.
fn peers(op: &Op, subject: Id) -> BTreeSet<Id> {
    let grants = &op.snapshot.document.grants;
    let active = || grants.values().filter(|grant| grant.is_active(op.at));
    let own: BTreeSet<_> = active().filter(|grant| grant.subject == subject.0).map(|grant| (grant.role, grant.team)).collect();
    let same = active().filter(|grant| grant.subject != subject.0 && own.contains(&(grant.role, grant.team)));
    same.map(|grant| Id(grant.subject)).take(PEERS).collect()
}

/// How a lead was shown to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLead {
    /// The lead.
    pub lead: Id,
    /// In how many records.
    pub times: u64,
    /// In how many of them as part of a file.
    pub downloads: u64,
    /// Fields shown as they are.
    pub clear: FieldSet,
    /// Fields shown masked and never as they are.
    pub masked: FieldSet,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
}

/// A page of leads that somebody was shown, by rising id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLeads {
    /// The page.
    pub leads: Vec<ShownLead>,
    /// How many different leads there are on all pages.
    pub total: u64,
    /// Whether there are more behind the page.
    pub more: bool,
    /// Whether there are more records than are looked at; then those before this one were not.
    pub cut_before: Option<u64>,
}

/// The leads that the account was shown on those days, in records before one; at most `first`, with an id above `after`.
pub async fn shown_leads(
    op: &Op,
    subject: Id,
    days: (i64, i64),
    before: Option<u64>,
    first: usize,
    after: Option<Id>,
) -> Result<ShownLeads, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} leads.")).into());
    }
    let scan = op.core.access_log.scan as usize;
    let (reach, from, end) = range(op, Some(Timestamp(days.0 * DAY)), Some(Timestamp(days.1 * DAY))).await?;
    let end = end.min(before.unwrap_or(u64::MAX));
    let places = op.core.recorder.index().entries_then(&reach, subject.0, from, end, scan).await?;
    let mut found: BTreeMap<Id, ShownLead> = BTreeMap::new();
    // In pieces: what is decoded of a year of somebody's records need not lie in memory together.
    for places in places.rchunks(1_000) {
        for entry in op.core.store.log_at(permit, places).await? {
            let record = logged(entry)?.entry.record;
            if !(days.0..days.1).contains(&record.at.day()) || is_asked_export(&record) {
                continue;
            }
            for group in &record.disclosures {
                for lead in &group.leads {
                    let shown = found.entry(*lead).or_insert(ShownLead {
                        lead: *lead,
                        times: 0,
                        downloads: 0,
                        clear: FieldSet::EMPTY,
                        masked: FieldSet::EMPTY,
                        first: record.at,
                        last: record.at,
                    });
                    shown.times += 1;
                    shown.downloads += u64::from(is_export_file(&record));
                    shown.clear = shown.clear.union(group.clear);
                    shown.masked = shown.masked.union(group.masked);
                    shown.first = shown.first.min(record.at);
                    shown.last = shown.last.max(record.at);
                }
            }
        }
    }
    let total = found.len() as u64;
    let mut rest = found.into_values().skip_while(|shown| after.is_some_and(|after| shown.lead <= after));
    let mut leads: Vec<ShownLead> = rest.by_ref().take(first).collect();
    for shown in &mut leads {
        shown.masked = shown.masked.minus(shown.clear);
    }
    op.trace().rows += leads.len() as u64;
    Ok(ShownLeads { leads, total, more: rest.next().is_some(), cut_before: places.last().copied().filter(|_| places.len() == scan) })
}
