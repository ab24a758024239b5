//! Roles.

use super::{Error, Op, revise::revise};
use crate::{
    domain::Id,
    policy::{Permission, PolicyDocument, Refusal, RoleDefinition},
};

/// A role with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Id.
    pub id: Id,
    /// What it is.
    pub definition: RoleDefinition,
}

/// Every role: those that ship first, then by name.
pub fn list(op: &Op) -> Result<Vec<Role>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let mut roles: Vec<Role> =
        op.snapshot.document.roles.iter().map(|(id, definition)| Role { id: Id(*id), definition: definition.clone() }).collect();
    roles.sort_by(|one, other| {
        let key =
            |role: &Role| (!role.definition.built_in, if role.definition.built_in { role.id.0 } else { 0 }, role.definition.name.clone());
        key(one).cmp(&key(other))
    });
    Ok(roles)
}

/// Adds a role.
pub async fn add(op: &Op, definition: &RoleDefinition) -> Result<Role, Error> {
    let id = op.core.new_id();
    revise(op, None, |document, _| {
        document.add_role(id, definition.clone())?;
        find(document, id)
    })
    .await
}

/// Changes a role for everybody who holds it: `edit` makes the new definition of the one in force. `expected` is the
/// policy revision the caller has seen.
pub async fn change(
    op: &Op,
    id: Id,
    expected: Option<i64>,
    edit: impl Fn(RoleDefinition) -> RoleDefinition + Send + Sync,
) -> Result<Role, Error> {
    revise(op, expected, |document, acting| {
        let edited = edit(find(document, id)?.definition);
        document.change_role(id, edited, acting)?;
        find(document, id)
    })
    .await
}

/// Removes a role that nobody holds.
pub async fn remove(op: &Op, id: Id) -> Result<(), Error> {
    revise(op, None, |document, acting| document.remove_role(id, acting)).await
}

fn find(document: &PolicyDocument, id: Id) -> Result<Role, Refusal> {
    document.roles.get(&id.0).map(|definition| Role { id, definition: definition.clone() }).ok_or_else(Refusal::not_found)
}
