//! Grants.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        Error, Op,
        grants::{self, GrantFilter as Wanted},
    },
    domain::{Id, Timestamp},
    policy::{GrantRow, GrantState, GrantWish},
};

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::policy::GrantState", name = "GrantState")]
pub enum StateName {
    /// Waits for another admin.
    Pending,
    /// Gives what its role gives.
    Active,
    /// Its time is over.
    Expired,
    /// Was ended, or withdrawn before it began.
    Revoked,
}

/// A role given to a person or an app, for a reason, asked for by one admin and approved by another.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Grant {
    /// Opaque id.
    id: ID,
    /// Where it stands.
    state: StateName,
    /// The role's id.
    role_id: ID,
    /// The role's name; null if it has been removed.
    role: Option<String>,
    /// The team's id.
    team_id: Option<ID>,
    /// The team's name; null if it has been removed.
    team: Option<String>,
    /// Codes of the compartments it opens besides the role's.
    compartments: Vec<String>,
    /// Why it was asked for.
    reason: String,
    /// When it was asked for.
    requested_at: DateTime,
    /// When it was approved.
    approved_at: Option<DateTime>,
    /// Until when it lasts.
    expires_at: Option<DateTime>,
    /// When it was revoked or withdrawn.
    revoked_at: Option<DateTime>,
    #[graphql(skip)]
    key: Id,
    #[graphql(skip)]
    row: GrantRow,
}

#[ComplexObject]
impl Grant {
    /// Who holds it.
    async fn subject(&self, ctx: &Context<'_>) -> AccountReference {
        AccountReference::of(op(ctx), Id(self.row.subject))
    }

    /// Who asked for it; null is the operator, on the command line.
    async fn requested_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.row.requested_by.map(|id| AccountReference::of(op(ctx), Id(id)))
    }

    /// Who approved it; with `approvedAt`, null is the operator.
    async fn approved_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.row.approved_by.map(|id| AccountReference::of(op(ctx), Id(id)))
    }

    /// Who revoked it; with `revokedAt`, null is the operator.
    async fn revoked_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.row.revoked_by.map(|id| AccountReference::of(op(ctx), Id(id)))
    }
}

impl Grant {
    const fn cursor(&self) -> Id {
        self.key
    }
}

impl From<grants::Grant> for Grant {
    fn from(grant: grants::Grant) -> Self {
        let time = |at: Option<i64>| at.map(|at| DateTime(Timestamp(at)));
        let row = grant.row;
        Self {
            id: opaque(grant.id),
            state: grant.state.into(),
            role_id: opaque(Id(row.role)),
            role: grant.role,
            team_id: row.team.map(|team| opaque(Id(team))),
            team: grant.team,
            compartments: row.compartments.clone(),
            reason: row.reason.clone(),
            requested_at: DateTime(Timestamp(row.requested_at)),
            approved_at: time(row.approved_at),
            expires_at: time(row.expires_at),
            revoked_at: time(row.revoked_at),
            key: grant.id,
            row,
        }
    }
}

connection!(GrantConnection "Grants, by the time they were asked for.", GrantEdge "A grant and its place in the list.", Grant, Wanted, count);

async fn count(op: &Op, filter: &Wanted) -> std::result::Result<u64, Error> {
    Ok(grants::count(op, *filter)? as u64)
}

/// Which grants; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct GrantFilter {
    /// Those of this person or app.
    subject: Option<ID>,
    /// Those of this role.
    role: Option<ID>,
    /// Those that stand here.
    state: Option<StateName>,
}

/// A grant to be asked for.
#[derive(Debug, InputObject)]
pub struct RequestGrantInput {
    /// The person or app that shall hold it.
    subject: ID,
    /// The role.
    role: ID,
    /// The team; needed for a role with a window onto a team.
    team: Option<ID>,
    /// Codes of compartments it opens besides the role's.
    #[graphql(default)]
    compartments: Vec<String>,
    /// Why.
    reason: String,
    /// Until when; until it is revoked unless said otherwise.
    expires_at: Option<DateTime>,
}

/// Names a grant.
#[derive(Debug, InputObject)]
pub struct GrantIdInput {
    /// Which grant.
    id: ID,
}

/// A grant as it is now.
#[derive(Debug, SimpleObject)]
pub struct GrantPayload {
    /// The grant.
    grant: Grant,
}

/// Queries about grants.
#[derive(Debug, Default)]
pub struct GrantQuery;

#[Object]
impl GrantQuery {
    /// Grants, those of the past too, by the time they were asked for. Needs `POLICY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grants.")] filter: Option<GrantFilter>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<GrantConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = filter.unwrap_or_default();
        let filter = Wanted {
            subject: filter.subject.as_ref().map(id).transpose().outward(op)?,
            role: filter.role.as_ref().map(id).transpose().outward(op)?,
            state: filter.state.map(GrantState::from),
        };
        let found = grants::list(op, filter, asked.after, asked.fetch()).outward(op)?;
        Ok(Some(GrantConnection::new(asked, filter, found.into_iter().map(Grant::from))))
    }
}

/// Changes of grants.
#[derive(Debug, Default)]
pub struct GrantMutation;

#[Object]
impl GrantMutation {
    /// Asks for a grant, which has no effect until another admin approves it. Needs `POLICY_MANAGE`, as do all changes
    /// of grants.
    async fn request_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to ask for.")] input: RequestGrantInput,
    ) -> Result<Option<GrantPayload>> {
        let op = op(ctx);
        let wish = GrantWish {
            subject: id(&input.subject).outward(op)?,
            role: id(&input.role).outward(op)?,
            team: input.team.as_ref().map(id).transpose().outward(op)?,
            compartments: input.compartments,
            reason: input.reason,
            expires_at: input.expires_at.map(|end| end.0),
        };
        Ok(Some(GrantPayload { grant: grants::request(op, &wish).await.outward(op)?.into() }))
    }

    /// Puts a grant into effect. Neither who asked for it nor who shall hold it can.
    async fn approve_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grant.")] input: GrantIdInput,
    ) -> Result<Option<GrantPayload>> {
        let op = op(ctx);
        let grant = id(&input.id).outward(op)?;
        Ok(Some(GrantPayload { grant: grants::approve(op, grant).await.outward(op)?.into() }))
    }

    /// Ends a grant, or withdraws one that waits. What it gave is refused from the next request on.
    async fn revoke_grant(&self, ctx: &Context<'_>, #[graphql(desc = "Which grant.")] input: GrantIdInput) -> Result<Option<GrantPayload>> {
        let op = op(ctx);
        let grant = id(&input.id).outward(op)?;
        Ok(Some(GrantPayload { grant: grants::revoke(op, grant).await.outward(op)?.into() }))
    }
}
