//! From records to facts, and what accounts did before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    alarm::{
        Fact, Leaving, Outcome, Past,
        rules::{LAST_USE, LOOK_BACK},
    },
    app::{Core, access_log},
    audit::{
        codec,
        daily::{Daily, Days},
        index::DaysOf,
        record::{AccessRecord, Decision, Entry, is_asked_export},
    },
    domain::{Id, Timestamp, clock::DAY},
    policy::{Code, Permit},
    store::{LogEntry, StoreError},
};

/// Accounts asked about together.
const TOGETHER: usize = 500;

/// What the log holds there.
pub(super) fn decoded(entry: &LogEntry) -> Result<Entry, StoreError> {
    codec::decode(&entry.body).map_err(|cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index)))
}

/// The fact that a record at this place is. Of a record in parts each counts with its own leads, and the first with how it ended.
pub(super) fn fact(place: u64, decoded: &Entry) -> Fact {
    let record = &decoded.record;
    // What was asked for as a file has a record of its own when it leaves.
    let told = record.disclosures.iter().filter(|_| !is_asked_export(record));
    let leads = told.flat_map(|shown| shown.leads.iter().copied()).collect();
    let outcome = match (record.decision, record.code) {
        _ if decoded.part > 1 => Outcome::Other,
        (Decision::Allowed, _) => Outcome::Answered,
        (Decision::Denied, Some(Code::Forbidden | Code::NotFound | Code::Unauthenticated)) => Outcome::Refused,
        _ => Outcome::Other,
    };
    Fact {
        place,
        at: record.at,
        person: record.subject.person,
        app: record.subject.app,
        ip: record.client.ip.as_deref().and_then(|ip| ip.parse().ok()),
        outcome,
        leads,
        leaving: None,
    }
}

/// Whose departure a record began, if it did, and what they took before.
pub(super) async fn leaving(core: &Core, permit: Permit, record: &AccessRecord) -> Result<Option<Leaving>, StoreError> {
    let ids = record.changed.iter().filter(|changed| changed.kind == "departure").filter_map(|changed| changed.item.parse().ok());
    for id in ids {
        // What is done about a departure later began after it.
        let Some(departure) = core.store.departure(permit, id).await?.filter(|departure| record.at <= departure.begun_at) else { continue };
        let day = departure.begun_at.day();
        let rules = &core.alarms.settings().rules;
        let wanted = DaysOf { counter: departure.person.0, from: day - i64::from(rules.leaving_days), until: day + 1, brief: true };
        let days = core.recorder.index().days(&[wanted]).await?.into_iter().next().unwrap_or_default();
        // No day has more different leads than leads.
        let much = |daily: &Daily| daily.leads + daily.downloaded > u64::from(rules.least_leads);
        let busy: BTreeSet<i64> = days.iter().filter(|(_, daily)| much(daily)).map(|(day, _)| *day).collect();
        let pasts = pasts(core, busy.iter().map(|day| (departure.person, *day))).await?;
        let different = different(core, permit, departure.person, &busy).await?;
        let unusual = |day: &i64| {
            let allowed = pasts.get(&(departure.person, *day)).and_then(|past| rules.allowed(past));
            allowed.is_some_and(|allowed| different.get(day).is_some_and(|leads| leads.len() as u64 > allowed))
        };
        let taken = days.iter().map(|(day, daily)| daily.downloaded + if unusual(day) { daily.leads } else { 0 });
        return Ok(Some(Leaving { person: departure.person, taken: taken.sum() }));
    }
    Ok(None)
}

/// The different leads that an account was shown on each of these days.
async fn different(core: &Core, permit: Permit, account: Id, days: &BTreeSet<i64>) -> Result<BTreeMap<i64, BTreeSet<Id>>, StoreError> {
    let mut different: BTreeMap<i64, BTreeSet<Id>> = BTreeMap::new();
    let Some(first) = days.first() else { return Ok(different) };
    let from = access_log::floor(&core.store, Timestamp(first * DAY)).await?;
    let places = core.recorder.index().entries(account.0, from, i64::MAX as u64, usize::MAX).await?;
    for places in places.chunks(TOGETHER) {
        for entry in core.store.log_at(permit, places).await? {
            let fact = fact(entry.index, &decoded(&entry)?);
            if days.contains(&fact.at.day()) {
                different.entry(fact.at.day()).or_default().extend(fact.leads);
            }
        }
    }
    Ok(different)
}

/// What these accounts did before these days.
pub(super) async fn pasts(core: &Core, wanted: impl IntoIterator<Item = (Id, i64)>) -> Result<HashMap<(Id, i64), Past>, StoreError> {
    let mut by_day: BTreeMap<i64, Vec<Id>> = BTreeMap::new();
    for (id, day) in wanted {
        by_day.entry(day).or_default().push(id);
    }
    let mut pasts = HashMap::new();
    let snapshot = core.current.fresh(&core.store, &*core.clock).await?;
    let leaves = |id: &Id| snapshot.accounts.get(id).and_then(|account| account.departing).is_some_and(|departing| !departing.left);
    for (day, ids) in by_day {
        for ids in ids.chunks(TOGETHER) {
            let of = |id: &Id| DaysOf { counter: id.0, from: day - LAST_USE, until: day, brief: true };
            let found = core.recorder.index().days(&ids.iter().map(of).collect::<Vec<_>>()).await?;
            let made: HashMap<Id, i64> = core.store.accounts_made(ids).await?.into_iter().map(|(id, made)| (id, made.day())).collect();
            for (id, days) in ids.iter().zip(found) {
                let last = days.last_key_value().map(|(day, _)| *day);
                pasts.insert((*id, day), Past { made: made.get(id).copied(), last, leaving: leaves(id), ..usual(&days, day) });
            }
        }
    }
    Ok(pasts)
}

/// What was usual before a day.
fn usual(days: &Days, day: i64) -> Past {
    let before = || days.range(day - LOOK_BACK..day).map(|(_, daily)| daily);
    let most = |of: fn(&Daily) -> u64| before().map(of).max().unwrap_or_default();
    let leads = before().map(|daily| daily.leads + daily.downloaded).filter(|leads| *leads > 0);
    let past = leads.fold(Past::default(), |past, leads| Past { days: past.days + 1, leads: past.leads + leads, ..past });
    Past { most: most(|daily| daily.leads) + most(|daily| daily.downloaded), ..past }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_day_may_be_the_largest_on_a_screen_and_the_largest_in_files() {
        let daily = |leads, downloaded| Daily { leads, downloaded, ..Daily::default() };
        let days: Days = [(0, daily(900, 0)), (10, daily(0, 0)), (20, daily(300, 0)), (30, daily(40, 260)), (40, daily(9_000, 0))].into();
        let past = usual(&days, 40);
        assert_eq!((past.days, past.leads, past.most), (2, 600, 560));
        // On such a day both fall together; the rule is quiet up to half as much again.
        let rules = crate::alarm::Rules { usual_days: 2, times_usual: 1, ..crate::alarm::Rules::default() };
        assert_eq!(rules.allowed(&past), Some(840));
    }
}
