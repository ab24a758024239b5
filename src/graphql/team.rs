//! Teams.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    proposal::Proposal,
    scalar::{id, opaque},
};
use crate::app::teams::{self, TeamEdit};

/// A team. Teams form a tree; a grant for a team is one for the teams below it too.
#[derive(Clone, Debug, SimpleObject)]
pub struct Team {
    /// Opaque id.
    id: ID,
    /// Its name.
    name: String,
    /// The team above it.
    parent_id: Option<ID>,
}

impl From<teams::Team> for Team {
    fn from(team: teams::Team) -> Self {
        Self { id: opaque(team.id), name: team.name, parent_id: team.parent.map(opaque) }
    }
}

/// A team to be added.
#[derive(Debug, InputObject)]
pub struct AddTeamInput {
    /// Its name.
    name: String,
    /// The team above it; none puts it at the top.
    parent_id: Option<ID>,
}

/// What to change of a team; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangeTeamInput {
    /// Which team.
    id: ID,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
    /// Another name.
    name: Option<String>,
    /// Another team above; null puts it at the top.
    parent_id: MaybeUndefined<ID>,
}

/// Names a team.
#[derive(Debug, InputObject)]
pub struct RemoveTeamInput {
    /// Which team.
    id: ID,
}

/// A team as it is now.
#[derive(Debug, SimpleObject)]
pub struct TeamPayload {
    /// The team.
    team: Team,
}

/// A team as it is now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct ChangeTeamPayload {
    /// The team.
    team: Team,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A team that is gone.
#[derive(Debug, SimpleObject)]
pub struct RemoveTeamPayload {
    /// The id it had.
    id: ID,
}

/// Queries about teams.
#[derive(Debug, Default)]
pub struct TeamQuery;

#[Object]
impl TeamQuery {
    /// Every team, by name. Needs `DIRECTORY_READ`.
    async fn teams(&self, ctx: &Context<'_>) -> Result<Option<Vec<Team>>> {
        let op = op(ctx);
        Ok(Some(teams::list(op).outward(op)?.into_iter().map(Team::from).collect()))
    }
}

/// Changes of teams.
#[derive(Debug, Default)]
pub struct TeamMutation;

#[Object]
impl TeamMutation {
    /// Adds a team. Needs `POLICY_MANAGE`, as do all changes of teams.
    async fn add_team(&self, ctx: &Context<'_>, #[graphql(desc = "What to add.")] input: AddTeamInput) -> Result<Option<TeamPayload>> {
        let op = op(ctx);
        let parent = input.parent_id.as_ref().map(id).transpose().outward(op)?;
        Ok(Some(TeamPayload { team: teams::add(op, &input.name, parent).await.outward(op)?.into() }))
    }

    /// Renames or moves a team. A move below a team that it was not below waits for another admin: it opens leads to the
    /// holders of grants for that team.
    async fn change_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangeTeamInput,
    ) -> Result<Option<ChangeTeamPayload>> {
        let op = op(ctx);
        let parent = match &input.parent_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(parent) => Some(Some(id(parent).outward(op)?)),
        };
        let team = id(&input.id).outward(op)?;
        let edit = TeamEdit { name: input.name, parent };
        let asked = teams::change(op, team, input.expected_revision, &edit).await.outward(op)?;
        Ok(Some(ChangeTeamPayload { team: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Removes a team that has no team below it, no grant and no lead.
    async fn remove_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which team.")] input: RemoveTeamInput,
    ) -> Result<Option<RemoveTeamPayload>> {
        let op = op(ctx);
        teams::remove(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(RemoveTeamPayload { id: input.id }))
    }
}
