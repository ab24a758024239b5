//! Alarms leave the house: what they say there, and that they are sent again.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{Alarm, facts, find};
use crate::{
    app::{Core, Error, Op, command, ways::Message},
    audit::Sealed,
    domain::Id,
    policy::{Permission, Refusal},
    store::{About, Change, Delivery, StoreError},
};

/// The deliveries of an alarm.
pub async fn deliveries(op: &Op, alarm: Id) -> Result<Vec<Delivery>, Error> {
    let permit = op.rights.permit(Permission::AlarmHandle)?;
    Ok(op.core.store.deliveries(permit, About::Alarm(alarm)).await?)
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
            if tx.resend(permit, About::Alarm(id), now).await? == 0 {
                return Err(Error::from(Refusal::conflict("Nothing of it was given up.")));
            }
            Ok(())
        })
    });
    resent.await?;
    Ok(alarm)
}

/// What is told outside: which rule, whom by id, the receipt of the record, where to look. Nothing of any lead, and no name.
pub(in crate::app) async fn message(core: &Core, id: Id) -> Result<Message, Error> {
    let alarm = core.store.alarm(id).await?.ok_or_else(|| StoreError::Corrupt(format!("alarm {id} is missing")))?;
    let (rule, finding, raised_at) = (alarm.finding.rule.name(), alarm.finding, alarm.raised_at);
    let link = core.alarms.settings().link.as_ref().map(|link| link.replace("{id}", &id.to_string()));
    let permit = command::own_permit(core, Permission::LogRead).await?;
    let entry = core.store.log_at(permit, &[finding.place]).await?.into_iter().next();
    let entry = entry.ok_or_else(|| StoreError::Corrupt(format!("record {} is missing", finding.place)))?;
    let decoded = facts::decoded(&entry)?;
    let receipt = core.recorder.receipt(&Sealed { epoch: decoded.epoch, rseq: decoded.rseq, leaf: entry.leaf });
    let body = json!({
        "type": "alarm.raised",
        "timestamp": raised_at.to_string(),
        "data": {
            "id": id.to_string(),
            "rule": rule,
            "subject": finding.subject.to_string(),
            "record": {
                "index": finding.place,
                "epoch": receipt.epoch.to_string(),
                "rseq": receipt.rseq,
                "leafHash": STANDARD.encode(receipt.leaf),
                "signature": STANDARD.encode(receipt.signature),
            },
            "link": link,
        },
    });
    let look = link.map(|link| format!("\n{link}\n")).unwrap_or_default();
    let (subject, place) = (finding.subject, finding.place);
    Ok(Message {
        id: format!("alarm-{id}"),
        subject: format!("Alarm: {rule}"),
        text: format!("Rule: {rule}\nAccount: {subject}\nRecord: {place}\nAlarm: {id}\nRaised: {raised_at}\n{look}"),
        body: body.to_string(),
    })
}
