//! Teams.

use super::{
    Error, Op,
    proposals::{Asked, revise_or_ask},
    revise::revise,
};
use crate::{
    domain::Id,
    policy::{Acting, Permission, PolicyDocument, Refusal, TeamRow},
};

/// A team with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Id.
    pub id: Id,
    /// Name.
    pub name: String,
    /// The team above.
    pub parent: Option<Id>,
}

/// What to change of a team.
#[derive(Clone, Debug, Default)]
pub struct TeamEdit {
    /// Another name.
    pub name: Option<String>,
    /// Another team above; `Some(None)` puts it at the top.
    pub parent: Option<Option<Id>>,
}

/// Every team, by name.
pub fn list(op: &Op) -> Result<Vec<Team>, Error> {
    op.rights.permit(Permission::DirectoryRead)?;
    let mut teams: Vec<Team> = op.snapshot.document.teams.iter().map(|(id, row)| of(Id(*id), row)).collect();
    teams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(teams)
}

/// Adds a team.
pub async fn add(op: &Op, name: &str, parent: Option<Id>) -> Result<Team, Error> {
    let id = op.core.new_id();
    revise(op, None, |document, _| {
        document.add_team(id, name, parent)?;
        find(document, id)
    })
    .await
}

/// Renames or moves a team; `expected` is the policy revision the caller has seen. A team that comes below another opens its
/// leads to more people, which takes another admin.
pub async fn change(op: &Op, id: Id, expected: Option<i64>, edit: &TeamEdit) -> Result<Asked<Team>, Error> {
    let change = |document: &mut PolicyDocument, _: &Acting<'_>| {
        if let Some(name) = &edit.name {
            document.rename_team(id, name)?;
        }
        edit.parent.map_or(Ok(()), |parent| document.move_team(id, parent))
    };
    revise_or_ask(op, expected, change, |document| find(document, id)).await
}

/// Removes a team that nothing uses.
pub async fn remove(op: &Op, id: Id) -> Result<(), Error> {
    let permit = op.rights.permit(Permission::PolicyManage)?;
    let has_leads = op.core.store.team_has_leads(permit, id).await?;
    revise(op, None, |document, acting| document.remove_team(id, has_leads, acting)).await
}

fn find(document: &PolicyDocument, id: Id) -> Result<Team, Refusal> {
    document.teams.get(&id.0).map(|row| of(id, row)).ok_or_else(Refusal::not_found)
}

fn of(id: Id, row: &TeamRow) -> Team {
    Team { id, name: row.name.clone(), parent: row.parent.map(Id) }
}
