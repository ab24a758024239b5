//! Grants: asked for, approved by another admin, revoked.

use super::{Error, Op, revise::revise};
use crate::{
    domain::Id,
    policy::{GrantWish, PolicyDocument, Refusal},
};

/// Asks for a grant. It has no effect until another admin approves it.
pub async fn request(op: &Op, wish: &GrantWish) -> Result<Id, Error> {
    let id = op.core.new_id();
    revise(op, None, |document, acting| document.request_grant(id, wish, acting)).await?;
    Ok(id)
}

/// Puts a grant into effect.
pub async fn approve(op: &Op, id: Id) -> Result<(), Error> {
    revise(op, None, |document, acting| document.approve_grant(id, acting)).await
}

/// Asks for a grant and approves it in one step: the operator alone can, while there are not two admins.
pub async fn give(op: &Op, wish: &GrantWish) -> Result<Id, Error> {
    let id = op.core.new_id();
    let both = |document: &mut PolicyDocument, acting: &crate::policy::Acting<'_>| -> Result<(), Refusal> {
        document.request_grant(id, wish, acting)?;
        document.approve_grant(id, acting)
    };
    revise(op, None, both).await?;
    Ok(id)
}

/// Ends a grant, or withdraws one that waits.
pub async fn revoke(op: &Op, id: Id) -> Result<(), Error> {
    revise(op, None, |document, acting| document.revoke_grant(id, acting)).await
}
