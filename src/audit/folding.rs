//! Giving what was appended its place in the tree, and looking for what gets none.

use std::sync::atomic::Ordering;

use super::{inside::Inside, lock::lock};
use crate::{
    domain::{Timestamp, clock::SECOND},
    ledger::{Fault, Wrong},
    store::StoreError,
};

/// After so long (µs) without an entry an epoch is closed. Its process begins a new one much earlier; the rest is for
/// clocks of servers that differ.
const CLOSED_AFTER: i64 = 6 * 3_600 * SECOND;

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
