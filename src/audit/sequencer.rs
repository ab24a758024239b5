//! The task beside the recorder: folds what was appended into the tree, clears the outbox of what is durable, and sees
//! to what could not be written when it can be again, or was left behind: by a change that ran out of time, a server that
//! died.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    outbox::{self, Which},
    recorder::{Inside, Waiting, lock},
};
use crate::{
    domain::{Timestamp, clock::SECOND},
    store::StoreError,
};

/// Every so many ticks the entries of other processes, and changes that were left without their records, are looked for.
const OTHERS: u32 = 25;

/// Runs until the recorder has ended, then once more.
pub(super) async fn run(inside: Arc<Inside>, queue: mpsc::WeakSender<Waiting>, mut ended: oneshot::Receiver<()>) {
    let mut tick = tokio::time::interval(Duration::from_millis(inside.settings.fold_every));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticks = 0_u32;
    let mut failing = false;
    loop {
        let last = tokio::select! {
            _ = tick.tick() => false,
            _ = &mut ended => true,
        };
        ticks = ticks.wrapping_add(1);
        if last || ticks.is_multiple_of(OTHERS) || inside.dirty.load(Ordering::Acquire) {
            match fold(&inside).await {
                Ok(_) => failing = false,
                Err(error) => {
                    // Said once, not five times a second.
                    if !failing {
                        tracing::error!(%error, "the ledger's entries could not be folded into the tree");
                    }
                    failing = true;
                }
            }
        }
        sweep(&inside).await;
        if last {
            return;
        }
        if let Some(queue) = queue.upgrade() {
            retry(&inside, &queue).await;
            if ticks.is_multiple_of(OTHERS) {
                left_behind(&inside, &queue).await;
            }
        }
    }
}

/// Folds all there is; returns the size of the tree.
pub(super) async fn fold(inside: &Inside) -> Result<u64, StoreError> {
    // Cleared before looking: what is appended meanwhile sets it again.
    inside.dirty.store(false, Ordering::Release);
    loop {
        match inside.writer.fold(inside.clock.now(), &inside.sign).await {
            Ok(folded) if folded.more => {}
            Ok(folded) => return Ok(folded.size),
            Err(error) => {
                inside.dirty.store(true, Ordering::Release);
                return Err(error);
            }
        }
    }
}

async fn sweep(inside: &Inside) {
    let rows = std::mem::take(&mut *lock(&inside.settled));
    if rows.is_empty() {
        return;
    }
    if let Err(error) = inside.store.clear_outbox(rows.clone()).await {
        tracing::warn!(%error, "could not clear the outbox; trying again");
        lock(&inside.settled).extend(rows);
    }
}

/// Changes that were committed but whose records failed: tried again until they stand.
async fn retry(inside: &Inside, queue: &mpsc::Sender<Waiting>) {
    let owed = std::mem::take(&mut *lock(&inside.owed));
    if owed.is_empty() {
        return;
    }
    let only: HashSet<_> = owed.iter().copied().collect();
    if let Err(error) = outbox::recover(inside, queue, Which::Owed(&only)).await {
        tracing::debug!(%error, "records of changes still cannot be written");
        lock(&inside.owed).extend(owed);
    }
}

/// Changes whose operation must long be over.
async fn left_behind(inside: &Inside, queue: &mpsc::Sender<Waiting>) {
    let over = Timestamp(inside.clock.now().0 - inside.settings.sweep_after as i64 * SECOND);
    match outbox::recover(inside, queue, Which::Before(over)).await {
        Ok(0) => {}
        Ok(records) => tracing::warn!(records, "changes had been left without their records; now they have them"),
        Err(error) => tracing::debug!(%error, "changes without records could not be seen to"),
    }
}
