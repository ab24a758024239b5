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
    halt::Halt,
    outbox::{self, Which},
    recorder::{Inside, lock},
    writing::Waiting,
};
use crate::{
    domain::{Id, Timestamp, clock::SECOND},
    ledger::{Fault, Wrong},
    store::StoreError,
};

/// So often (ms) the entries of other processes are looked for even if this one has appended nothing.
const OTHERS: u64 = 1_000;
/// Every so many of those times changes that were left without their records are looked for.
const LEFT_BEHIND: u64 = 5;
/// After so long (µs) without an entry an epoch is closed. Its process begins a new one much earlier; the rest is for
/// clocks of servers that differ.
const CLOSED_AFTER: i64 = 6 * 3_600 * SECOND;
/// So often (µs) epochs are closed, and closed ones looked at again.
const LOOK_BACK: i64 = 3_600 * SECOND;

/// How the tree stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many entries it has, as far as this process knows.
    pub size: u64,
    /// In each epoch the first entry that is not what was written. It and what follows it there get no place, and nothing of
    /// it is signed.
    pub refused: Vec<Fault>,
    /// The first entry of an epoch that was closed before. It gets no place either.
    pub late: Option<Fault>,
    /// Of what was refused or came late, what an operator has acknowledged.
    pub acknowledged: Vec<Fault>,
    /// Whether nothing at all can be folded.
    pub failing: bool,
}

impl Standing {
    /// Whether this epoch is one of those held back.
    pub fn holds_back(&self, epoch: Id) -> bool {
        self.refused.iter().any(|fault| fault.epoch == Some(epoch))
    }

    /// The same with what an operator has acknowledged put aside.
    pub(super) fn told(&self, halt: &Halt) -> Self {
        let (acknowledged, refused) = self.refused.iter().copied().partition(|fault| halt.is_acknowledged(fault));
        let late = self.late.filter(|fault| !halt.is_acknowledged(fault));
        Self { refused, late, acknowledged, ..self.clone() }
    }

    /// Whether the ledger holds only what was written, and all of it gets its place, but for what was acknowledged.
    pub fn is_sound(&self) -> bool {
        !self.failing && self.refused.is_empty() && self.late.is_none()
    }
}

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

/// Folds all there is; returns the size of the tree.
pub(super) async fn fold(inside: &Inside) -> Result<u64, StoreError> {
    // What another history has put there is not signed.
    if inside.halt.why().is_some() {
        return Ok(lock(&inside.standing).size);
    }
    // Cleared before looking: what is appended meanwhile sets it again.
    inside.dirty.store(false, Ordering::Release);
    loop {
        let folded = inside.writer.fold(inside.clock.now(), &inside.sequencing).await;
        let mut standing = lock(&inside.standing);
        // Said once, not five times a second.
        match folded {
            Ok(folded) => {
                for fault in folded.refused.iter().filter(|fault| !standing.refused.contains(fault)) {
                    tracing::error!(%fault, "the ledger holds what is not as it was written; it gets no place in the tree and is not signed");
                }
                (standing.size, standing.refused, standing.failing) = (folded.size, folded.refused, false);
                inside.grown.send_if_modified(|size| std::mem::replace(size, folded.size) != folded.size);
                if !folded.more {
                    return Ok(folded.size);
                }
            }
            Err(error) => {
                inside.store.disk().note(&error);
                if !standing.failing {
                    tracing::error!(%error, "the ledger's entries could not be folded into the tree");
                }
                standing.failing = true;
                inside.dirty.store(true, Ordering::Release);
                return Err(error);
            }
        }
    }
}

/// Closes epochs that ended long ago, and looks for entries that were added to closed ones.
pub(super) async fn look_back(inside: &Inside) -> Result<(), StoreError> {
    inside.writer.close_epochs(Timestamp(inside.clock.now().0.saturating_sub(CLOSED_AFTER))).await?;
    let late = inside.store.ledger_late().await?.into_iter();
    let mut late = late.map(|(epoch, rseq)| Fault { wrong: Wrong::Late, epoch: Some(epoch), rseq: Some(rseq), index: None });
    let late = late.find(|fault| !inside.halt.is_acknowledged(fault));
    let mut standing = lock(&inside.standing);
    if let Some(fault) = late.filter(|_| standing.late != late) {
        tracing::error!(%fault, "the ledger holds what no process of ours can have written; it gets no place in the tree and is not signed");
    }
    standing.late = late;
    Ok(())
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
