//! Limits of single people and apps, which hold beside those of their roles.

use crate::{
    app::{
        Error, Op,
        proposals::{Asked, revise_or_ask},
    },
    domain::Id,
    policy::{Acting, Permission, PolicyDocument, Quotas, Refusal},
};

/// The limits set for somebody.
pub fn own(op: &Op, subject: Id) -> Result<Quotas, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    if !op.snapshot.accounts.contains_key(&subject) {
        return Err(Refusal::not_found().into());
    }
    Ok(op.snapshot.document.own_quotas(subject))
}

/// Sets them: `edit` makes what they will be of what they are. To limit less takes another admin. `expected` is the policy revision the caller
/// has seen.
pub async fn set_own(
    op: &Op,
    subject: Id,
    expected: Option<i64>,
    edit: impl Fn(Quotas) -> Quotas + Send + Sync,
) -> Result<Asked<Quotas>, Error> {
    let edit = |document: &mut PolicyDocument, acting: &Acting<'_>| {
        if !acting.accounts.contains_key(&subject) {
            return Err(Refusal::not_found());
        }
        let (before, after) = (document.own_quotas(subject), edit(document.own_quotas(subject)));
        if before != after {
            document.set_own_quotas(subject, after);
        }
        Ok(())
    };
    revise_or_ask(op, expected, edit, |document| Ok(document.own_quotas(subject))).await
}
