//! Grants: asked for, approved by another admin, revoked.

use super::{Error, Op, revise::revise};
use crate::{
    domain::{Id, Timestamp},
    policy::{Acting, GrantRow, GrantState, GrantWish, Permission, PolicyDocument, Refusal},
};

/// A grant with its id and what it is at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Id.
    pub id: Id,
    /// What was granted.
    pub row: GrantRow,
    /// Whether it has an effect.
    pub state: GrantState,
    /// Name of the role; `None` if it has been removed.
    pub role: Option<String>,
    /// Name of the team; `None` if it has been removed, or none was named.
    pub team: Option<String>,
}

/// Which grants a list shows; all conditions must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrantFilter {
    /// Of this person or app.
    pub subject: Option<Id>,
    /// Of this role.
    pub role: Option<Id>,
    /// In this state.
    pub state: Option<GrantState>,
}

/// At most `first` grants by rising id, those behind `after`.
pub fn list(op: &Op, filter: GrantFilter, after: Option<Id>, first: usize) -> Result<Vec<Grant>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let document = &op.snapshot.document;
    let behind = after.map_or(i64::MIN, |after| after.0.saturating_add(1));
    let wanted = document.grants.range(behind..).filter(|(_, row)| filter.wants(row, op.at));
    Ok(wanted.take(first).map(|(id, row)| of(document, Id(*id), row, op.at)).collect())
}

/// How many grants there are.
pub fn count(op: &Op, filter: GrantFilter) -> Result<usize, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    Ok(op.snapshot.document.grants.values().filter(|row| filter.wants(row, op.at)).count())
}

/// Asks for a grant. It has no effect until another admin approves it.
pub async fn request(op: &Op, wish: &GrantWish) -> Result<Grant, Error> {
    let id = op.core.new_id();
    revise(op, None, |document, acting| {
        document.request_grant(id, wish, acting)?;
        find(document, id, acting)
    })
    .await
}

/// Puts a grant into effect.
pub async fn approve(op: &Op, id: Id) -> Result<Grant, Error> {
    revise(op, None, |document, acting| {
        document.approve_grant(id, acting)?;
        find(document, id, acting)
    })
    .await
}

/// Asks for a grant and approves it in one step: the operator alone can, while there are not two admins.
pub async fn give(op: &Op, wish: &GrantWish) -> Result<Grant, Error> {
    let id = op.core.new_id();
    revise(op, None, |document, acting| {
        document.request_grant(id, wish, acting)?;
        document.approve_grant(id, acting)?;
        find(document, id, acting)
    })
    .await
}

/// Ends a grant, or withdraws one that waits.
pub async fn revoke(op: &Op, id: Id) -> Result<Grant, Error> {
    revise(op, None, |document, acting| {
        document.revoke_grant(id, acting)?;
        find(document, id, acting)
    })
    .await
}

impl GrantFilter {
    fn wants(&self, row: &GrantRow, now: Timestamp) -> bool {
        self.subject.is_none_or(|subject| row.subject == subject.0)
            && self.role.is_none_or(|role| row.role == role.0)
            && self.state.is_none_or(|state| row.state(now) == state)
    }
}

/// The grant with this id.
pub(super) fn known(document: &PolicyDocument, id: Id, now: Timestamp) -> Option<Grant> {
    document.grants.get(&id.0).map(|row| of(document, id, row, now))
}

fn find(document: &PolicyDocument, id: Id, acting: &Acting<'_>) -> Result<Grant, Refusal> {
    document.grants.get(&id.0).map(|row| of(document, id, row, acting.now)).ok_or_else(Refusal::not_found)
}

fn of(document: &PolicyDocument, id: Id, row: &GrantRow, now: Timestamp) -> Grant {
    let role = document.roles.get(&row.role).map(|role| role.name.clone());
    let team = row.team.and_then(|team| document.teams.get(&team)).map(|team| team.name.clone());
    Grant { id, state: row.state(now), role, team, row: row.clone() }
}
