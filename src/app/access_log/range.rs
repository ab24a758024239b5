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
/// earlier. Records stand nearly in the order of their times, so halving finds it.
async fn first_from(store: &Store, moment: Timestamp) -> Result<u64, StoreError> {
    let (mut low, mut high) = (0, store.ledger_folded().await?);
    while low < high {
        let middle = low + (high - low) / 2;
        let (found, _) = store.log_from(middle, &[], 1).await?;
        let entry = found.first().filter(|entry| entry.index == middle).and_then(|entry| codec::decode(&entry.body).ok());
        // One that cannot be read hides nothing before it.
        if entry.is_some_and(|entry| entry.record.at < moment) { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}
