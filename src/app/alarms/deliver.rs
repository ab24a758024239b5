//! Alarms leave the house: tried until they are taken, with growing delays, then given up and kept to be sent again.

use std::sync::{Arc, Weak};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use super::{Alarm, EVERY, Settings, facts, find};
use crate::{
    app::{Core, Error, Op, command},
    audit::Sealed,
    domain::Id,
    notify::{Mail, PATIENCE, Webhook},
    policy::{Permission, Refusal},
    store::{Attempt, Change, Delivery, StoreError},
};

/// Seconds between one attempt and the next, those that Standard Webhooks suggests: 75 hours together.
const DELAYS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Attempts made together.
const TOGETHER: u64 = 16;

/// The ways out that are set.
#[derive(Debug)]
pub struct Ways {
    webhook: Option<Webhook>,
    mail: Option<Mail>,
}

impl Ways {
    /// Opens them; nothing is sent yet.
    pub fn open(settings: &Settings) -> Self {
        Self { webhook: Webhook::open(&settings.webhook), mail: Mail::open(&settings.mail) }
    }

    /// Their names.
    pub(super) fn channels(&self) -> Vec<&'static str> {
        let webhook = self.webhook.as_ref().map(|_| "webhook");
        webhook.into_iter().chain(self.mail.as_ref().map(|_| "mail")).collect()
    }
}

/// Delivers what is due, as long as there is a `core`.
pub async fn keep_delivering(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        if core.alarms.ways().channels().is_empty() || core.store.disk().is_full() {
            continue;
        }
        if let Err(error) = deliver(&core).await {
            tracing::warn!(%error, "alarms could not be delivered; trying again");
        }
    }
}

/// Tries what is due; how many were taken.
pub async fn deliver(core: &Arc<Core>) -> Result<usize, Error> {
    let due = core.store.due_deliveries(core.now(), TOGETHER).await?;
    let tried = join_all(due.iter().map(|due| attempt(core, due))).await;
    Ok(tried.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().filter(|taken| *taken).count())
}

/// The deliveries of alarms.
pub async fn deliveries(op: &Op, alarms: &[Id]) -> Result<Vec<Delivery>, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    Ok(op.core.store.deliveries(permit, alarms).await?)
}

/// Sends an alarm again through the channels that gave it up.
pub async fn resend(op: &Op, id: Id) -> Result<Alarm, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    let alarm = find(op, id).await?;
    let after = json!({ "resent": true }).to_string();
    let change = Change { kind: "alarm", item: id.to_string(), before: None, after: Some(after) };
    let now = op.core.now();
    let resent = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            if tx.resend_alarm(permit, id, now).await? == 0 {
                return Err(Error::from(Refusal::conflict("Nothing of it was given up.")));
            }
            Ok(())
        })
    });
    resent.await?;
    Ok(alarm)
}

async fn attempt(core: &Arc<Core>, due: &Delivery) -> Result<bool, Error> {
    // Another server may try it only after this attempt must have ended.
    let (begun, until) = (due.clone(), core.now().plus_seconds(PATIENCE as i64 * 4));
    let mine = core.store.write(move |tx| Box::pin(async move { tx.begin_delivery(&begun, until).await })).await?;
    if !mine {
        return Ok(false);
    }
    let sent = send(core, due).await;
    let tried = due.attempts + 1;
    let outcome = match sent {
        Ok(()) => Attempt::Delivered(core.now()),
        Err(cause) => {
            let delay = DELAYS.get(due.attempts as usize);
            if delay.is_none() {
                tracing::error!(alarm = %due.alarm, channel = due.channel, cause, tried, "an alarm could not be delivered and is given up");
            }
            Attempt::Failed(delay.map(|delay| core.now().plus_seconds(*delay)), cause)
        }
    };
    let (begun, taken) = (due.clone(), matches!(outcome, Attempt::Delivered(_)));
    core.store.write(move |tx| Box::pin(async move { tx.end_delivery(&begun, &outcome).await })).await?;
    Ok(taken)
}

async fn send(core: &Arc<Core>, due: &Delivery) -> Result<(), String> {
    let unknown = |error: &dyn std::fmt::Display| format!("the alarm could not be read: {error}");
    let alarm = core.store.alarm(due.alarm).await.map_err(|error| unknown(&error))?.ok_or("there is no such alarm")?;
    let ways = core.alarms.ways();
    let id = format!("alarm-{}", alarm.id);
    match (due.channel.as_str(), &ways.webhook, &ways.mail) {
        ("webhook", Some(webhook), _) => {
            let body = payload(core, &alarm).await.map_err(|error| unknown(&error))?;
            webhook.send(&id, core.now(), body).await
        }
        ("mail", _, Some(mail)) => {
            let link = link(core, alarm.id).map(|link| format!("\n{link}\n")).unwrap_or_default();
            let finding = alarm.finding;
            let text = format!(
                "Rule: {}\nAccount: {}\nRecord: {}\nAlarm: {}\nRaised: {}\n{link}",
                finding.rule.name(),
                finding.subject,
                finding.place,
                alarm.id,
                alarm.raised_at
            );
            mail.send(&id, &format!("Alarm: {}", finding.rule.name()), text).await
        }
        _ => Err("it is no longer set".into()),
    }
}

/// What a webhook is told: which rule, whom by id, the receipt of the record, where to look. Nothing of any lead, and no name.
async fn payload(core: &Core, alarm: &Alarm) -> Result<String, Error> {
    let permit = command::own_permit(core, Permission::LogRead).await?;
    let entry = core.store.log_at(permit, &[alarm.finding.place]).await?.into_iter().next();
    let entry = entry.ok_or_else(|| StoreError::Corrupt(format!("record {} is missing", alarm.finding.place)))?;
    let decoded = facts::decoded(&entry)?;
    let receipt = core.recorder.receipt(&Sealed { epoch: decoded.epoch, rseq: decoded.rseq, leaf: entry.leaf });
    let body = json!({
        "type": "alarm.raised",
        "timestamp": alarm.raised_at.to_string(),
        "data": {
            "id": alarm.id.to_string(),
            "rule": alarm.finding.rule.name(),
            "subject": alarm.finding.subject.to_string(),
            "record": {
                "index": alarm.finding.place,
                "epoch": receipt.epoch.to_string(),
                "rseq": receipt.rseq,
                "leafHash": STANDARD.encode(receipt.leaf),
                "signature": STANDARD.encode(receipt.signature),
            },
            "link": link(core, alarm.id),
        },
    });
    Ok(body.to_string())
}

fn link(core: &Core, alarm: Id) -> Option<String> {
    core.alarms.settings().link.as_ref().map(|link| link.replace("{id}", &alarm.to_string()))
}
