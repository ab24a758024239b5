//! What leaves the house: tried until it is taken, with growing delays, then given up and kept to be sent again.

use std::sync::{Arc, Weak};

use futures_util::future::join_all;
use tokio::time::MissedTickBehavior;

use super::{Core, Error, alarms, canaries};
pub use crate::store::Delivery;
use crate::{
    notify::PATIENCE,
    store::{About, Attempt},
};

/// Seconds between one attempt and the next, those that Standard Webhooks suggests: 75 hours together.
const DELAYS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Attempts made together.
const TOGETHER: u64 = 16;
/// How often a server looks whether something is due.
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Delivers what is due, as long as there is a `core`.
pub async fn keep_delivering(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        let is_mute = core.alarms.ways().channels().is_empty() && core.trap.ways.channels().is_empty();
        if is_mute || core.store.disk().is_full() {
            continue;
        }
        if let Err(error) = deliver(&core).await {
            tracing::warn!(%error, "what is to be told outside could not be delivered; trying again");
        }
    }
}

/// Tries what is due; how many were taken.
pub async fn deliver(core: &Arc<Core>) -> Result<usize, Error> {
    let due = core.store.due_deliveries(core.now(), TOGETHER).await?;
    let tried = join_all(due.iter().map(|due| attempt(core, due))).await;
    Ok(tried.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().filter(|taken| *taken).count())
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
                tracing::error!(about = ?due.about, channel = due.channel, cause, tried, "it could not be delivered and is given up");
            }
            Attempt::Failed(delay.map(|delay| core.now().plus_seconds(*delay)), cause)
        }
    };
    let (begun, taken) = (due.clone(), matches!(outcome, Attempt::Delivered(_)));
    core.store.write(move |tx| Box::pin(async move { tx.end_delivery(&begun, &outcome).await })).await?;
    Ok(taken)
}

async fn send(core: &Core, due: &Delivery) -> Result<(), String> {
    let (ways, message) = match due.about {
        About::Alarm(id) => (core.alarms.ways(), alarms::message(core, id).await),
        About::Bulletin(day) => (&core.trap.ways, canaries::message(core, day).await),
    };
    let message = message.map_err(|error| format!("what is to be told could not be read: {error}"))?;
    ways.send(&due.channel, message, core.now()).await
}
