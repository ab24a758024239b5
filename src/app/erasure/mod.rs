//! Erasing a lead or a person: what is kept beside the id goes, the ledger stays whole. It cannot be taken back, so it takes two,
//! and no legal hold.

pub(super) mod sweep;

pub use sweep::{keep_on, sweep};

use super::{
    Error, Op,
    holds::standing,
    proposals::{Asked, do_or_ask},
};
pub use crate::store::{ErasedKind, Erasure};
use crate::{
    domain::Id,
    policy::{Act, Permission, Refusal, text},
};

/// At most `first` erasures by rising id, those behind `after`.
pub async fn list(op: &Op, after: Option<Id>, first: u64) -> Result<Vec<Erasure>, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.erasures(permit, after, first).await?)
}

/// How many there are.
pub async fn count(op: &Op) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.count_erasures(permit).await?)
}

/// Erases a lead, once another agrees. One that was erased already stays so.
pub async fn lead(op: &Op, id: Id, reason: &str) -> Result<Asked<Option<Erasure>>, Error> {
    let permit = op.rights.permit(Permission::DataErase)?;
    if !op.core.store.has_lead(permit, id).await? {
        let value = op.core.store.erasure_of(permit, ErasedKind::Lead, id).await?.ok_or_else(Refusal::not_found)?;
        return Ok(Asked { value: Some(value), proposal: None });
    }
    let reason = text::line("The reason", reason, text::REASON)?;
    ask(op, ErasedKind::Lead, id, Act::EraseLead { lead: id.0, reason }).await
}

/// Erases a person whose account is locked, once another agrees. One who was erased already stays so.
pub async fn person(op: &Op, id: Id, reason: &str) -> Result<Asked<Option<Erasure>>, Error> {
    let permit = op.rights.permit(Permission::DataErase)?;
    let account = op.snapshot.accounts.get(&id).filter(|account| !account.is_app).ok_or_else(Refusal::not_found)?;
    if account.erased {
        return Ok(Asked { value: op.core.store.erasure_of(permit, ErasedKind::Person, id).await?, proposal: None });
    }
    if !account.locked {
        return Err(Refusal::conflict("Lock the account first: somebody who works here cannot be erased.").into());
    }
    let reason = text::line("The reason", reason, text::REASON)?;
    ask(op, ErasedKind::Person, id, Act::ErasePerson { person: id.0, reason }).await
}

async fn ask(op: &Op, kind: ErasedKind, id: Id, act: Act) -> Result<Asked<Option<Erasure>>, Error> {
    // Told at once, and asked again when it takes hold.
    standing::admit(op, &act).await?;
    let proposal = do_or_ask(op, act, None).await?;
    let permit = op.rights.permit(Permission::DataErase)?;
    Ok(Asked { value: op.core.store.erasure_of(permit, kind, id).await?, proposal })
}
