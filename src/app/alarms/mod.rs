//! Alarms: rules over the ledger, evaluated beside the sequencer; seen and acknowledged by people.

mod deliver;
mod facts;
mod seat;
mod settings;

use std::sync::Weak;

use serde_json::json;
use tokio::time::MissedTickBehavior;

pub use self::{
    deliver::{deliveries, resend},
    seat::{Alarms, watch},
    settings::Settings,
};
use super::{
    Core, Error, Op,
    departures::{self, FileTaken},
    revise::author,
};
pub use crate::{
    alarm::{Finding, Rule, Rules},
    store::{Alarm, AlarmFilter},
};
use crate::{
    domain::Id,
    policy::{Permission, Refusal, text},
    store::Change,
};
pub(in crate::app) use deliver::message;

/// How often a server looks whether there is something to evaluate.
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Evaluates the rules over what comes into the ledger, as long as there is a `core`.
pub async fn keep_watch(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut failing, mut size) = (false, None);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        let now = core.recorder.standing().size;
        // The room that was kept is for records.
        if size == Some(now) || core.store.disk().is_full() {
            continue;
        }
        match watch(&core).await {
            Ok(_) => (failing, size) = (false, Some(now)),
            Err(error) => {
                if !failing {
                    tracing::error!(%error, "the rules of the alarms could not be evaluated; trying again");
                }
                failing = true;
            }
        }
    }
}

/// Which rules' alarms the caller does not see: that somebody leaves is for those who run departures or read the log.
fn without(op: &Op) -> Option<Rule> {
    departures::reader(op).is_err().then_some(Rule::ExportBeforeLeaving)
}

/// The alarm with this id, if the caller may see it.
async fn find(op: &Op, id: Id) -> Result<Alarm, Error> {
    let there = op.core.store.alarm(id).await?.filter(|alarm| without(op) != Some(alarm.finding.rule));
    Ok(there.ok_or_else(Refusal::not_found)?)
}

/// At most `first` alarms by rising id, those behind `after`.
pub async fn list(op: &Op, filter: AlarmFilter, after: Option<Id>, first: u64) -> Result<Vec<Alarm>, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    let filter = AlarmFilter { without: without(op), ..filter };
    let alarms = op.core.store.alarms(permit, filter, after, first).await?;
    op.trace().rows += alarms.len() as u64;
    Ok(alarms)
}

/// How many there are.
pub async fn count(op: &Op, filter: AlarmFilter) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    Ok(op.core.store.count_alarms(permit, AlarmFilter { without: without(op), ..filter }).await?)
}

/// The last alarm: where somebody begins who wants those that come from now on.
pub async fn last(op: &Op) -> Result<Id, Error> {
    op.rights.permit(Permission::AlarmHandle)?;
    Ok(Id(op.core.store.alarm_cursor().await?.raised))
}

/// The files that an alarm about somebody who leaves tells of, the latest last; none of other alarms.
pub async fn files(op: &Op, alarm: &Alarm) -> Result<Vec<FileTaken>, Error> {
    let Finding { rule, subject, at, against, .. } = alarm.finding;
    if rule != Rule::ExportBeforeLeaving {
        return Ok(Vec::new());
    }
    departures::files_taken(op, subject, (at.day() - against as i64, at.day() + 1)).await
}

/// Notes that the caller has seen to an alarm. Nobody acknowledges one about themselves.
pub async fn acknowledge(op: &Op, id: Id, note: Option<&str>) -> Result<Alarm, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    let note = note.map(|note| text::line("The note", note, text::REASON)).transpose()?;
    let alarm = find(op, id).await?;
    if [op.subject.person, op.subject.app].contains(&Some(alarm.finding.subject)) {
        return Err(Refusal::forbidden("It is about you; somebody else must acknowledge it.").into());
    }
    let (at, by) = (op.core.now(), author(op));
    let after = json!({ "acknowledged": true, "note": note }).to_string();
    let before = json!({ "acknowledged": false }).to_string();
    let change = Change { kind: "alarm", item: id.to_string(), before: Some(before), after: Some(after) };
    let noted = note.clone();
    let written = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            if !tx.acknowledge_alarm(permit, id, at, by, noted.as_deref()).await? {
                return Err(Error::from(Refusal::conflict("Somebody has acknowledged it already.")));
            }
            Ok(())
        })
    });
    written.await?;
    Ok(Alarm { acknowledged: Some((at, by, note)), ..alarm })
}
