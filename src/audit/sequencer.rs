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
    folding::{fold, look_back},
    inside::Inside,
    lock::lock,
    outbox::{self, Which},
    waiting::Waiting,
};
use crate::{
    domain::{Id, Timestamp, clock::SECOND},
    store::StoreError,
};

/// So often (ms) the entries of other processes are looked for even if this one has appended nothing.
const OTHERS: u64 = 1_000;
/// Every so many of those times changes that were left without their records are looked for.
const LEFT_BEHIND: u64 = 5;
/// So often (µs) epochs are closed, and closed ones looked at again.
const LOOK_BACK: i64 = 3_600 * SECOND;

/// Runs until the recorder has ended, then once more.
pub(super) async fn run(inside: Arc<Inside>, queue: mpsc::WeakSender<Waiting>, mut ended: oneshot::Receiver<()>) {
    let every = inside.settings.fold_every;
    let mut tick = tokio::time::interval(Duration::from_millis(every));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let others = (OTHERS / every.max(1)).max(1);
    let mut ticks = 0_u64;
    let mut looked: Option<Timestamp> = None;
    let mut gone = HashSet::new();
    loop {
        let last = tokio::select! {
            _ = tick.tick() => false,
            _ = &mut ended => true,
        };
        ticks = ticks.wrapping_add(1);
        if last || ticks.is_multiple_of(others) || inside.dirty.load(Ordering::Acquire) {
            // What went wrong is told where it is noted.
            let _ = fold(&inside).await;
        }
        sweep(&inside).await;
        if last {
            return;
        }
        let now = inside.clock.now();
        if looked.is_none_or(|looked| now.0.abs_diff(looked.0) >= LOOK_BACK as u64) {
            looked = Some(now);
            if let Err(error) = look_back(&inside).await {
                tracing::warn!(%error, "closed epochs of the ledger could not be looked at");
            }
        }
        if let Some(queue) = queue.upgrade() {
            retry(&inside, &queue).await;
            if ticks.is_multiple_of(others) {
                keep(&inside).await;
                let disk = Arc::clone(inside.store.disk());
                // It waits for the disk; if it panics there is no more to be told than that.
                let _ = tokio::task::spawn_blocking(move || disk.look()).await;
            }
            if ticks.is_multiple_of(LEFT_BEHIND * others) {
                left_behind(&inside, &queue, &mut gone).await;
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

/// Goes on showing others that this process lives.
async fn keep(inside: &Inside) {
    let Some(mut ownership) = lock(&inside.ownership).take() else { return };
    if let Err(error) = ownership.keep().await {
        tracing::warn!(%error, "others may take this process for dead, and record its changes as interrupted");
    }
    *lock(&inside.ownership) = Some(ownership);
}

/// Changes of this process whose operation must long be over, and those of processes that are gone. Each of these was gone
/// when last looked at as well: a restart of the database takes for a moment from all what shows that they live.
async fn left_behind(inside: &Inside, queue: &mpsc::Sender<Waiting>, gone: &mut HashSet<Id>) {
    let over = Timestamp(inside.clock.now().0 - inside.settings.sweep_after as i64 * SECOND);
    if inside.serves.load(Ordering::Relaxed) {
        told(outbox::recover(inside, queue, Which::Before(over)).await);
    }
    let found = outbox::gone(inside).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "changes of other processes could not be looked at");
        HashSet::new()
    });
    for owner in found.intersection(gone) {
        told(outbox::recover(inside, queue, Which::Of(*owner)).await);
    }
    *gone = found;
}

fn told(recovered: Result<usize, StoreError>) {
    match recovered {
        Ok(0) => {}
        Ok(records) => tracing::warn!(records, "changes had been left without their records; now they have them"),
        Err(error) => tracing::debug!(%error, "changes without records could not be seen to"),
    }
}
