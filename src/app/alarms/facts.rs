//! From records to facts, and what accounts did before.

use std::collections::{BTreeMap, HashMap};

use crate::{
    alarm::{
        Fact, Outcome, Past,
        rules::{LAST_USE, LOOK_BACK},
    },
    app::Core,
    audit::{
        codec,
        daily::Daily,
        index::DaysOf,
        record::{Decision, is_asked_export, is_export_file},
    },
    domain::Id,
    policy::Code,
    store::{LogEntry, StoreError},
};

/// Accounts asked about together.
const TOGETHER: usize = 500;

/// The fact that a record is. Of a record in parts each counts with its own leads, and the first with how it ended.
pub(super) fn fact(entry: &LogEntry) -> Result<Fact, StoreError> {
    let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
    let decoded = codec::decode(&entry.body).map_err(unreadable)?;
    let record = decoded.record;
    let leads: u64 = record.disclosures.iter().map(|shown| shown.leads.len() as u64).sum();
    let (shown, exported) = match (is_export_file(&record), is_asked_export(&record)) {
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
    Ok(Fact {
        place: entry.index,
        at: record.at,
        person: record.subject.person,
        app: record.subject.app,
        ip: record.client.ip.and_then(|ip| ip.parse().ok()),
        outcome,
        shown,
        exported,
    })
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
