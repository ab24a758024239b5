//! The seat from which the ledger is watched. Of all servers one at a time sits on it; where it has come to stands in the database and
//! moves in the transaction that raises alarms, so that nothing is missed and nothing told twice.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::json;
use tokio::sync::Mutex;

use super::{Settings, facts};
use crate::{
    alarm::{Fact, Finding, Watch},
    app::{Core, Error, access_log, canaries, command, ways::Ways},
    audit::record::Decision,
    domain::{
        Id, Timestamp,
        clock::{DAY, HOUR, SECOND},
    },
    policy::{Permission, Refusal},
    store::{Alarm, AlarmCursor, AlarmStep, Change, StoreError, Touch, Tx},
};

/// Entries read at once.
const CHUNK: u32 = 1_024;
/// Seconds that nobody else takes the seat.
const LEASE: i64 = 30;
/// After so long (µs) without an alarm the cursor is written all the same.
const WRITE_AFTER: i64 = 10 * SECOND;
/// After so many records too.
const WRITE_BEHIND: u64 = 16_384;

/// This process's place at the watch.
#[derive(Debug)]
pub struct Alarms {
    settings: Settings,
    ways: Ways,
    seat: Mutex<Option<Seat>>,
}

/// What is known where the watch has come to.
#[derive(Debug)]
struct Seat {
    watch: Watch,
    /// The next record.
    place: u64,
    /// What stands in the database.
    written: AlarmCursor,
    written_at: Timestamp,
}

impl Alarms {
    /// Nothing watched yet.
    pub fn new(settings: Settings) -> Self {
        Self { ways: Ways::open(&settings.webhook, &settings.mail), settings, seat: Mutex::default() }
    }

    /// What raises an alarm, and where it goes.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ways out that are set.
    pub(in crate::app) const fn ways(&self) -> &Ways {
        &self.ways
    }
}

/// Evaluates all rules over what the ledger holds by now and has not been looked at; how many alarms that raised. Nothing
/// is done if another server is at it.
pub async fn watch(core: &Arc<Core>) -> Result<u64, Error> {
    let mut place = core.alarms.seat.lock().await;
    let size = core.recorder.fold_now().await?;
    let cursor = core.store.alarm_cursor().await?;
    if cursor.owner != core.recorder.owner().0 && cursor.until > core.now() {
        *place = None;
        return Ok(0);
    }
    let mut seat = match place.take() {
        Some(seat) if seat.written == cursor => seat,
        _ => sit_down(core, cursor).await?,
    };
    let permit = command::own_permit(core, Permission::LogRead).await?;
    let mut raised = 0;
    while seat.place < size {
        let (entries, next) = core.store.log_from(seat.place, &[], CHUNK).await?;
        if next == seat.place {
            break;
        }
        let entries = entries.iter().map(|entry| Ok((entry.index, facts::decoded(entry)?))).collect::<Result<Vec<_>, StoreError>>()?;
        let mut facts: Vec<Fact> = entries.iter().map(|(place, entry)| facts::fact(*place, entry)).collect();
        for (fact, (_, entry)) in facts.iter_mut().zip(&entries) {
            fact.leaving = facts::leaving(core, permit, &entry.record).await?;
        }
        let findings = seat.look(core, &facts).await?;
        let touches = canaries::noticed(core, permit, entries.iter().map(|(place, entry)| (*place, &entry.record))).await?;
        seat.place = next;
        let late = core.now().0 - seat.written_at.0 >= WRITE_AFTER || next - seat.written.place >= WRITE_BEHIND;
        if !findings.is_empty() || !touches.is_empty() || late {
            raised += seat.write(core, findings, touches).await?;
        }
    }
    *place = Some(seat);
    Ok(raised)
}

/// Takes the seat where the last one left it: what was known there follows from the records of the day before.
async fn sit_down(core: &Core, cursor: AlarmCursor) -> Result<Seat, Error> {
    let mut seat =
        Seat { watch: Watch::new(core.alarms.settings.rules.clone()), place: 0, written: cursor, written_at: Timestamp(i64::MIN / 2) };
    let permit = command::own_permit(core, Permission::LogRead).await?;
    let last = cursor.place.checked_sub(1);
    let last = core.store.log_at(permit, last.as_slice()).await?;
    let at = last.first().map(facts::decoded).transpose()?.map_or(core.now(), |entry| entry.record.at);
    seat.place = access_log::floor(&core.store, Timestamp(at.0 - DAY - HOUR)).await?.min(cursor.place);
    while seat.place < cursor.place {
        let (entries, next) = core.store.log_from(seat.place, &[], CHUNK).await?;
        if next == seat.place {
            break;
        }
        let known = entries.iter().filter(|entry| entry.index < cursor.place);
        let facts = known.map(|entry| Ok(facts::fact(entry.index, &facts::decoded(entry)?))).collect::<Result<Vec<_>, StoreError>>()?;
        // What was found then was told then.
        drop(seat.look(core, &facts).await?);
        seat.place = next.min(cursor.place);
    }
    Ok(seat)
}

impl Seat {
    /// Watches facts; what was found, once for each rule, account and day.
    async fn look(&mut self, core: &Core, facts: &[Fact]) -> Result<Vec<Finding>, Error> {
        let wanted: HashSet<(Id, i64)> = facts.iter().flat_map(|fact| self.watch.unknown(fact).map(|id| (id, fact.at.day()))).collect();
        let pasts = facts::pasts(core, wanted).await?;
        let mut found = BTreeMap::new();
        for fact in facts {
            let day = fact.at.day();
            for id in self.watch.unknown(fact).collect::<Vec<_>>() {
                if let Some(past) = pasts.get(&(id, day)) {
                    self.watch.meet(id, day, *past);
                }
            }
            for finding in self.watch.observe(fact) {
                found.entry((finding.place, finding.rule, finding.subject)).or_insert(finding);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Raises alarms for what was found and is not known, and writes what was done with canaries and how far the watch has come;
    /// how many alarms. What was done with canaries has no record: whoever reads the log would see when one was touched.
    async fn write(&mut self, core: &Arc<Core>, findings: Vec<Finding>, touches: Vec<Touch>) -> Result<u64, Error> {
        let now = core.now();
        let (mut told, mut alarms) = (HashSet::new(), Vec::new());
        for finding in findings {
            let Finding { rule, subject, at, .. } = finding;
            if told.insert((rule, subject, at.day())) && !core.store.has_alarm(rule, subject, at.day()).await? {
                let id = Id(self.written.raised + alarms.len() as i64 + 1);
                alarms.push(Alarm { id, finding, raised_at: now, acknowledged: None });
            }
        }
        let raised = alarms.len() as u64;
        let to = AlarmCursor {
            place: self.place,
            raised: self.written.raised + raised as i64,
            owner: core.recorder.owner().0,
            until: now.plus_seconds(LEASE),
        };
        let step = AlarmStep { from: self.written, to };
        if alarms.is_empty() {
            let stepped = core.store.write(move |tx| Box::pin(async move { stepped(tx, step, &touches).await }));
            stepped.await?;
        } else {
            raise(core, alarms, step, touches).await?;
        }
        (self.written, self.written_at) = (to, now);
        Ok(raised)
    }
}

/// Puts alarms down together with the step, and their record into the ledger.
async fn raise(core: &Arc<Core>, alarms: Vec<Alarm>, step: AlarmStep, touches: Vec<Touch>) -> Result<(), Error> {
    let op = command::own(core).await?;
    for alarm in &alarms {
        let Finding { rule, subject, place, found, against, .. } = alarm.finding;
        tracing::warn!(alarm = %alarm.id, rule = rule.name(), %subject, record = place, found, against, "alarm");
    }
    let channels = core.alarms.ways.channels();
    let committed = op.commit(alarms.iter().map(change).collect(), move |tx| {
        Box::pin(async move {
            stepped(tx, step, &touches).await?;
            Ok(tx.put_alarms(&alarms, &channels).await?)
        })
    });
    committed.await?;
    command::record(&op, "alarm", None, Decision::Allowed).await.map_err(|cause| StoreError::Unsafe(cause.to_string()))?;
    Ok(())
}

/// Writes how far the watch has come, and with it what was done with canaries.
async fn stepped(tx: Tx<'_>, step: AlarmStep, touches: &[Touch]) -> Result<(), Error> {
    if !tx.step_alarms(step).await? {
        return Err(overtaken());
    }
    Ok(tx.put_touches(touches).await?)
}

fn change(alarm: &Alarm) -> Change {
    let Finding { rule, subject, place, found, against, .. } = alarm.finding;
    let after = json!({ "rule": rule.name(), "subject": subject.to_string(), "record": place, "found": found, "against": against });
    Change { kind: "alarm", item: alarm.id.to_string(), before: None, after: Some(after.to_string()) }
}

fn overtaken() -> Error {
    Refusal::conflict("Another server evaluates the rules.").into()
}
