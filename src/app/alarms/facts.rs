//! From records to facts, and what accounts did before.

use std::collections::{BTreeMap, HashMap};

use crate::{
    alarm::{
        Fact, Leaving, Outcome, Past,
        rules::{LAST_USE, LOOK_BACK},
    },
    app::Core,
    audit::{
        codec,
        daily::Daily,
        index::DaysOf,
        record::{AccessRecord, Decision, Entry, is_asked_export, is_export_file},
    },
    domain::Id,
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
    let leads: u64 = record.disclosures.iter().map(|shown| shown.leads.len() as u64).sum();
    let (shown, exported) = match (is_export_file(record), is_asked_export(record)) {
        (true, _) => (0, leads),
        (false, true) => (0, 0),
        (false, false) => (leads, 0),
    };
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
        shown,
        exported,
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
        let much = |daily: &Daily| daily.leads + daily.downloaded > u64::from(rules.least_leads);
        let busy = days.iter().filter(|(_, daily)| much(daily)).map(|(day, _)| (departure.person, *day));
        let pasts = pasts(core, busy).await?;
        let unusual = |day: i64, daily: &Daily| {
            let allowed = pasts.get(&(departure.person, day)).and_then(|past| rules.allowed(past));
            allowed.is_some_and(|allowed| daily.leads + daily.downloaded > allowed)
        };
        let taken = days.iter().map(|(day, daily)| daily.downloaded + if unusual(*day, daily) { daily.leads } else { 0 });
        return Ok(Some(Leaving { person: departure.person, taken: taken.sum() }));
    }
    Ok(None)
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
                let leads = |daily: &Daily| daily.leads + daily.downloaded;
                let usual = days.range(day - LOOK_BACK..).map(|(_, daily)| leads(daily)).filter(|leads| *leads > 0);
                let past = usual.fold(Past::default(), |past, leads| Past {
                    days: past.days + 1,
                    leads: past.leads + leads,
                    most: past.most.max(leads),
                    ..past
                });
                let last = days.last_key_value().map(|(day, _)| *day);
                pasts.insert((*id, day), Past { made: made.get(id).copied(), last, leaving: leaves(id), ..past });
            }
        }
    }
    Ok(pasts)
}
