//! The keeper's bulletin: once a day at the same hour, of as much or as little as was noticed of canaries since the one before.
//!
//! An alarm the moment after would tell whoever hears it, or reads its record, which operation touched a canary. So this one comes
//! every day, and all that shows outside of the keeper's own channels is the same whether there is something in it or not: the record
//! of making it says which day, and commits to what was told without telling it (decision 0029).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{MAX_PAGE, TouchView, touch};
use crate::{
    app::{
        Core, Error, Op, command,
        revise::author,
        seal::{self, Outcome},
        ways::Message,
    },
    domain::{
        Timestamp,
        clock::{DAY, HOUR},
    },
    policy::{Code, Permission, Refusal},
    store::{About, Bulletin, Change, Delivery, StoreError, Touch},
};

/// How often a server looks whether one is due.
const EVERY: Duration = Duration::from_mins(1);

/// Makes them, as long as there is a `core`.
pub async fn keep_telling(core: Weak<Core>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(core) = core.upgrade() else { return };
        if core.store.disk().is_full() {
            continue;
        }
        if let Err(error) = tell(&core).await {
            tracing::warn!(%error, "what is told once a day could not be; trying again");
        }
    }
}

/// Makes the bulletin that is due, if one is; whether it was made.
pub async fn tell(core: &Arc<Core>) -> Result<bool, Error> {
    let Some(day) = due(core).await? else { return Ok(false) };
    let op = command::own(core).await?;
    let (now, channels) = (core.now(), core.trap.ways.channels());
    // Nothing lies beside it that an auditor could read.
    let change = Change { kind: CHANGE, item: date(day), before: None, after: None };
    let made = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            let told = tx.put_bulletin(day, now).await?.ok_or_else(|| Refusal::conflict("Another server has made it."))?;
            tx.put_deliveries(About::Bulletin(day), &channels, now).await?;
            Ok::<_, Error>(told)
        })
    });
    let told = match made.await {
        Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => return Ok(false),
        made => made?,
    };
    let outcome = Outcome { response: Some(Sha256::digest(written(day, &told)).into()), ..Outcome::of_command(&op, CHANGE) };
    // What was committed is recorded from the outbox if not now.
    seal::seal(&op, outcome).await.map_err(|cause| StoreError::Unsafe(cause.to_string()))?;
    Ok(true)
}

/// How the log calls it.
const CHANGE: &str = "canary bulletin";

/// The day whose bulletin is due: the latest at whose hour there were canaries, if it has none yet. Of days on which no server ran, the
/// last one's tells it all.
async fn due(core: &Core) -> Result<Option<i64>, Error> {
    let Some(first) = core.store.first_canary().await? else { return Ok(None) };
    let hour = i64::from(core.trap.settings.keeper.hour) * HOUR;
    let day = Timestamp(core.now().0 - hour).day();
    if day * DAY + hour <= first.0 {
        return Ok(None);
    }
    Ok(core.store.last_bulletin().await?.is_none_or(|last| last < day).then_some(day))
}

/// `2026-11-22`.
pub fn date(day: i64) -> String {
    Timestamp(day * DAY).to_string().chars().take(10).collect()
}

/// What a bulletin tells, as the bytes that its record commits to.
fn written(day: i64, told: &[Touch]) -> String {
    let each = told.iter().map(|touch| {
        let Touch { kind, lead, by, place, at, noticed_at, .. } = touch;
        let (at, noticed_at) = (at.to_string(), noticed_at.to_string());
        json!({ "kind": kind.name(), "lead": lead.to_string(), "by": by.to_string(), "record": place, "at": at, "noticedAt": noticed_at })
    });
    json!({ "day": date(day), "touched": each.collect::<Vec<_>>() }).to_string()
}

/// At most `first` bulletins, the newest first, after `skip` others. Needs `TRAP_KEEP`.
pub async fn bulletins(op: &Op, skip: u64, first: usize) -> Result<Vec<Bulletin>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} of them.")).into());
    }
    Ok(op.core.store.bulletins(permit, skip, first as u64).await?)
}

/// How many there are.
pub async fn count_bulletins(op: &Op) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.count_bulletins(permit).await?)
}

/// The first behind this day.
pub async fn next_bulletin(op: &Op, behind: i64) -> Result<Option<Bulletin>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.bulletin_after(permit, behind).await?)
}

/// The day of the last one; 0 if there is none.
pub async fn last_bulletin(op: &Op) -> Result<i64, Error> {
    op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.last_bulletin().await?.unwrap_or_default())
}

/// What a bulletin tells, the oldest first. The record does not say how many.
pub async fn told(op: &Op, day: i64) -> Result<Vec<TouchView>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    let told = op.core.store.touches_told(permit, day).await?;
    touch::viewed(op, permit, told).await
}

/// How it left the house, by each channel that was set when it was made.
pub async fn bulletin_deliveries(op: &Op, day: i64) -> Result<Vec<Delivery>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.deliveries(permit, About::Bulletin(day)).await?)
}

/// Notes that the caller has seen to a day's bulletin. There is no note, and no rule about who is in it: auditors would read either.
pub async fn acknowledge_bulletin(op: &Op, day: i64) -> Result<Bulletin, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    let bulletin = op.core.store.bulletin(permit, day).await?.ok_or_else(Refusal::not_found)?;
    let (at, by) = (op.core.now(), author(op));
    let of = |acknowledged: bool| Some(json!({ "acknowledged": acknowledged }).to_string());
    let change = Change { kind: CHANGE, item: date(day), before: of(false), after: of(true) };
    let written = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            if !tx.acknowledge_bulletin(permit, day, at, by).await? {
                return Err(Error::from(Refusal::conflict("Somebody has acknowledged it already.")));
            }
            Ok(())
        })
    });
    written.await?;
    Ok(Bulletin { acknowledged: Some((at, by)), ..bulletin })
}

/// Sends a day's bulletin again through the channels that gave it up.
pub async fn resend_bulletin(op: &Op, day: i64) -> Result<Bulletin, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    let bulletin = op.core.store.bulletin(permit, day).await?.ok_or_else(Refusal::not_found)?;
    let after = json!({ "resent": true }).to_string();
    let change = Change { kind: CHANGE, item: date(day), before: None, after: Some(after) };
    let now = op.core.now();
    let resent = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            if tx.resend(permit, About::Bulletin(day), now).await? == 0 {
                return Err(Error::from(Refusal::conflict("Nothing of it was given up.")));
            }
            Ok(())
        })
    });
    resent.await?;
    Ok(bulletin)
}

/// What the keeper is told outside: of which day, how much, where to look. Neither who nor which lead.
pub(in crate::app) async fn message(core: &Core, day: i64) -> Result<Message, Error> {
    let date = date(day);
    let told = core.store.bulletin_told(day).await?;
    let (made_at, touched) = told.ok_or_else(|| StoreError::Corrupt(format!("the bulletin of {date} is missing")))?;
    let link = core.trap.settings.keeper.link.as_ref().map(|link| link.replace("{day}", &date));
    let body = json!({
        "type": "canary.bulletin",
        "timestamp": made_at.to_string(),
        "data": { "day": date, "touched": touched, "link": link },
    });
    let look = link.map(|link| format!("\n{link}\n")).unwrap_or_default();
    let subject = match touched {
        0 => format!("Canaries until {date}: nothing was touched"),
        1 => format!("ALARM: a canary was touched (until {date})"),
        more => format!("ALARM: canaries were touched {more} times (until {date})"),
    };
    Ok(Message {
        id: format!("canary-bulletin-{date}"),
        text: format!("Canaries, until {date}\nTouched: {touched}\nWho, and which: canaryBulletins, leadkeep canary touched\n{look}"),
        subject,
        body: body.to_string(),
    })
}
