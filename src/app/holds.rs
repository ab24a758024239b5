//! Legal holds: set and lifted with a reason by two, and what they stop.

use std::collections::HashSet;

use super::{
    Core, Error, Op,
    access_log::span,
    command,
    proposals::{Asked, do_or_ask},
};
pub use crate::policy::{HoldOn, LegalHold};
use crate::{
    audit::codec,
    domain::{Id, Timestamp},
    policy::{Act, Permission, Refusal, text},
    store::StoreError,
};

/// Characters of a reason.
pub(in crate::app) const REASON: usize = 500;
/// Records looked at together.
const AT_ONCE: usize = 500;

/// At most `first` holds by rising id, those behind `after`; only those that stand, or do not, if that is asked.
pub async fn list(op: &Op, standing: Option<bool>, after: Option<Id>, first: u64) -> Result<Vec<LegalHold>, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.holds(permit, standing, after, first).await?)
}

/// How many there are.
pub async fn count(op: &Op, standing: Option<bool>) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.count_holds(permit, standing).await?)
}

/// Keeps something from being erased or removed, once another agrees.
pub async fn set(op: &Op, on: HoldOn, reason: &str) -> Result<Asked<Option<LegalHold>>, Error> {
    let permit = op.rights.permit(Permission::HoldManage)?;
    let reason = text::line("The reason", reason, REASON)?;
    match on {
        // Of a lead that is gone already, what remains of it is held: its records.
        HoldOn::Lead { .. } => {}
        HoldOn::Subject { id } if op.snapshot.accounts.contains_key(&Id(id)) => {}
        HoldOn::Subject { .. } => return Err(Refusal::not_found().into()),
        HoldOn::Time { from, until } if from < until => {}
        HoldOn::Time { .. } => return Err(Refusal::bad_input("`since` lies before `until`.").into()),
    }
    let id = op.core.new_id();
    let proposal = do_or_ask(op, Act::SetHold { hold: id.0, on, reason }, None).await?;
    Ok(Asked { value: op.core.store.hold(permit, id).await?, proposal })
}

/// Lets go what was held, once another agrees.
pub async fn lift(op: &Op, id: Id, reason: &str) -> Result<Asked<LegalHold>, Error> {
    let permit = op.rights.permit(Permission::HoldManage)?;
    let reason = text::line("The reason", reason, REASON)?;
    let hold = op.core.store.hold(permit, id).await?.ok_or_else(Refusal::not_found)?;
    if hold.lifted.is_some() {
        return Ok(Asked { value: hold, proposal: None });
    }
    let proposal = do_or_ask(op, Act::LiftHold { hold: id.0, reason }, None).await?;
    Ok(Asked { value: op.core.store.hold(permit, id).await?.ok_or_else(Refusal::not_found)?, proposal })
}

/// Refuses what a standing hold stops.
pub(super) async fn admit(op: &Op, act: &Act) -> Result<(), Error> {
    let (Act::EraseLead { lead: item, .. } | Act::ErasePerson { person: item, .. }) = act else { return Ok(()) };
    op.core.recorder.fold_now().await?;
    match over(&op.core, Id(*item)).await? {
        Some(hold) => Err(Refusal::conflict(format!("The legal hold {} stops this; it must be lifted first.", hold.id)).into()),
        None => Ok(()),
    }
}

/// A standing hold on something that records from one place in the tree to below another are about.
pub(super) async fn over_records(core: &Core, first: u64, end: u64) -> Result<Option<LegalHold>, StoreError> {
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
pub(super) async fn over(core: &Core, item: Id) -> Result<Option<LegalHold>, StoreError> {
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
