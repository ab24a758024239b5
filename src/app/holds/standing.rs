//! What the legal holds that stand stop.

use std::collections::HashSet;

use crate::{
    app::{Core, Error, Op, access_log::span, command},
    audit::codec,
    domain::{Id, Timestamp},
    policy::{Act, HoldOn, LegalHold, Permission, Refusal},
    store::StoreError,
};

/// Records looked at together.
const AT_ONCE: usize = 500;

/// Refuses what a standing hold stops.
pub(in crate::app) async fn admit(op: &Op, act: &Act) -> Result<(), Error> {
    let (Act::EraseLead { lead: item, .. } | Act::ErasePerson { person: item, .. }) = act else { return Ok(()) };
    op.core.recorder.fold_now().await?;
    match over(&op.core, Id(*item)).await? {
        Some(hold) => Err(Refusal::conflict(format!("The legal hold {} stops this; it must be lifted first.", hold.id)).into()),
        None => Ok(()),
    }
}

/// A standing hold on something that records from one place in the tree to below another are about.
pub(in crate::app) async fn over_records(core: &Core, first: u64, end: u64) -> Result<Option<LegalHold>, StoreError> {
    let index = core.recorder.index();
    for hold in core.store.standing_holds().await? {
        let stops = match hold.on {
            HoldOn::Subject { id } | HoldOn::Lead { id } => !index.entries(id, first, end, 1).await?.is_empty(),
            HoldOn::Time { from, until } => {
                let (from, until) = span(&core.store, Timestamp(from), Timestamp(until)).await?;
                from < end && first < until
            }
        };
        if stops {
            return Ok(Some(hold));
        }
    }
    Ok(None)
}

/// A standing hold on this lead or person, or on something that records of it are about as well.
pub(in crate::app) async fn over(core: &Core, item: Id) -> Result<Option<LegalHold>, StoreError> {
    let index = core.recorder.index();
    let mut places: Option<HashSet<u64>> = None;
    for hold in core.store.standing_holds().await? {
        let stops = match hold.on {
            HoldOn::Subject { id } | HoldOn::Lead { id } if id == item.0 => true,
            HoldOn::Subject { id } | HoldOn::Lead { id } => {
                let held = index.entries(id, 0, i64::MAX as u64, usize::MAX).await?;
                let places = match &places {
                    Some(places) => places,
                    None => places.insert(index.entries(item.0, 0, i64::MAX as u64, usize::MAX).await?.into_iter().collect()),
                };
                held.iter().any(|place| places.contains(place))
            }
            HoldOn::Time { from, until } => any_begun(core, item, Timestamp(from), Timestamp(until)).await?,
        };
        if stops {
            return Ok(Some(hold));
        }
    }
    Ok(None)
}

/// Whether a record that names this lead, or is this person's, is of an operation begun in this time.
async fn any_begun(core: &Core, item: Id, from: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
    let (first, end) = span(&core.store, from, until).await?;
    let permit = command::own_permit(core, Permission::DataErase).await?;
    for places in core.recorder.index().entries(item.0, first, end, usize::MAX).await?.chunks(AT_ONCE) {
        for entry in core.store.log_at(permit, places).await? {
            // What cannot be read could be of that time.
            if codec::decode(&entry.body).ok().is_none_or(|entry| (from..until).contains(&entry.record.at)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
