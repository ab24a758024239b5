//! Where in the tree a time lies. The moment that stands beside a checkpoint is not signed, so it alone may hide nothing: the
//! records' own times, which are in the leaves, have the other word.

use super::{CLOCK_SKEW, LATE};
use crate::{
    audit::codec,
    domain::Timestamp,
    store::{Store, StoreError, ledger::Reach},
};

/// An index such that no record of an operation begun at `moment` or later stands below it.
pub(in crate::app) async fn floor(store: &Store, moment: Timestamp) -> Result<u64, StoreError> {
    let since = Timestamp(moment.0.saturating_sub(CLOCK_SKEW));
    lowered(store, store.log_floor(since).await?, since).await
}

/// Between which places the records of operations begun from `since` until `until` lie, of which the checkpoints' moments say `reach`.
pub(super) async fn of(store: &Store, reach: &Reach, since: Timestamp, until: Timestamp) -> Result<(u64, u64), StoreError> {
    let floor = lowered(store, reach.floor, since).await?;
    let ceiling = match reach.ceiling {
        Some(ceiling) => ceiling.max(first_from(store, until).await?),
        None => reach.size,
    };
    Ok((floor, ceiling.min(reach.size)))
}

/// `floor`, what checkpoints before `since` cover, lowered to where the records' own times say that it lies.
async fn lowered(store: &Store, floor: u64, since: Timestamp) -> Result<u64, StoreError> {
    if floor == 0 {
        return Ok(0);
    }
    Ok(floor.min(first_from(store, Timestamp(since.0.saturating_sub(LATE))).await?))
}

/// An index at which a record of an operation begun at `moment` or later stands, or the end of the tree, the one before it being
/// earlier. Records stand nearly in the order of their times, so halving finds it; in steps that are powers of two, which meet the same
/// places however far the tree has grown.
async fn first_from(store: &Store, moment: Timestamp) -> Result<u64, StoreError> {
    let size = store.ledger_folded().await?;
    let mut low = 0;
    for step in (0..=size.checked_ilog2().unwrap_or(0)).rev().map(|bit| 1 << bit) {
        if low + step <= size && is_earlier(store, low + step - 1, moment).await? {
            low += step;
        }
    }
    Ok(low)
}

/// Whether the operation of the entry in this place began before `moment`. One that cannot be read hides nothing before it.
async fn is_earlier(store: &Store, index: u64, moment: Timestamp) -> Result<bool, StoreError> {
    if let Some(at) = store.log_moment(index) {
        return Ok(at < moment);
    }
    let (found, _) = store.log_from(index, &[], 1).await?;
    let entry = found.first().filter(|entry| entry.index == index).and_then(|entry| codec::decode(&entry.body).ok());
    let Some(entry) = entry else { return Ok(false) };
    store.remember_log_moment(index, entry.record.at);
    Ok(entry.record.at < moment)
}
