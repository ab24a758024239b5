//! Legal holds: set and lifted with a reason by two, and what they stop.

pub(super) mod standing;

use super::{
    Error, Op,
    proposals::{Asked, do_or_ask},
};
pub use crate::policy::{HoldOn, LegalHold};
use crate::{
    domain::Id,
    policy::{Act, Permission, Refusal, text},
};

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
    let reason = text::line("The reason", reason, text::REASON)?;
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
    let reason = text::line("The reason", reason, text::REASON)?;
    let hold = op.core.store.hold(permit, id).await?.ok_or_else(Refusal::not_found)?;
    if hold.lifted.is_some() {
        return Ok(Asked { value: hold, proposal: None });
    }
    let proposal = do_or_ask(op, Act::LiftHold { hold: id.0, reason }, None).await?;
    Ok(Asked { value: op.core.store.hold(permit, id).await?.ok_or_else(Refusal::not_found)?, proposal })
}
