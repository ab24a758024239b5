//! Proposals: what waits for another admin.

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
        proposals::{self, Change},
    },
    domain::Id,
    policy::{self, Act, ProposalState},
};

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::policy::ProposalState", name = "ProposalState")]
pub enum StateName {
    /// Waits for another admin; has no effect.
    Pending,
    /// Took hold.
    Approved,
    /// Another admin, or the operator, ended it without effect.
    Rejected,
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody approved it within a week.
    Expired,
}

/// What a proposal does once it is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ProposalAct {
    /// Changes the policy so that somebody can see more.
    Policy,
    /// Gives an app another client secret.
    AppSecret,
    /// Gives a person another password.
    Password,
    /// Lets a locked person or app in again.
    Unlock,
    /// Erases what is kept of a lead.
    EraseLead,
    /// Erases what is kept of a person.
    ErasePerson,
    /// Keeps something from being erased or removed.
    SetLegalHold,
    /// Lets go what was held.
    LiftLegalHold,
    /// Begins the departure of somebody for whom that takes two.
    BeginDeparture,
    /// Ends a departure that was a mistake, and lets the person in again.
    CancelDeparture,
    /// Takes somebody on again who had left.
    Rehire,
}

/// Something that widens what somebody can see or do, or cannot be taken back: it has no effect until another admin approves
/// it, and none after a week.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Proposal {
    /// Opaque id.
    id: ID,
    /// What it does.
    act: ProposalAct,
    /// When it was asked for.
    requested_at: DateTime,
    /// Until when it waits.
    expires_at: DateTime,
    /// When it was approved, rejected or withdrawn.
    decided_at: Option<DateTime>,
    #[graphql(skip)]
    whole: policy::Proposal,
}

#[ComplexObject]
impl Proposal {
    /// Where it stands.
    async fn state(&self, ctx: &Context<'_>) -> StateName {
        self.whole.state(op(ctx).at).into()
    }

    /// What it changes.
    async fn changes(&self, ctx: &Context<'_>) -> Vec<ProposedChange> {
        proposals::changes(op(ctx), &self.whole.act).into_iter().map(ProposedChange::from).collect()
    }

    /// The person or app it is about; null if it is about none.
    async fn about(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.act.about().map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who asked for it; null is the operator, on the command line.
    async fn requested_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.requested_by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who approved, rejected or withdrew it; with `decidedAt`, null is the operator, on the command line.
    async fn decided_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.decided.and_then(|decided| decided.by).map(|id| AccountReference::of(op(ctx), id))
    }
}

impl Proposal {
    const fn cursor(&self) -> Id {
        self.whole.id
    }
}

impl From<policy::Proposal> for Proposal {
    fn from(proposal: policy::Proposal) -> Self {
        let act = match proposal.act {
            Act::Policy { .. } => ProposalAct::Policy,
            Act::AppSecret { .. } => ProposalAct::AppSecret,
            Act::Password { .. } => ProposalAct::Password,
            Act::Unlock { .. } => ProposalAct::Unlock,
            Act::EraseLead { .. } => ProposalAct::EraseLead,
            Act::ErasePerson { .. } => ProposalAct::ErasePerson,
            Act::SetHold { .. } => ProposalAct::SetLegalHold,
            Act::LiftHold { .. } => ProposalAct::LiftLegalHold,
            Act::BeginDeparture { .. } => ProposalAct::BeginDeparture,
            Act::CancelDeparture { .. } => ProposalAct::CancelDeparture,
            Act::Rehire { .. } => ProposalAct::Rehire,
        };
        Self {
            id: opaque(proposal.id),
            act,
            requested_at: DateTime(proposal.requested_at),
            expires_at: DateTime(proposal.expires_at),
            decided_at: proposal.decided.map(|decided| DateTime(decided.at)),
            whole: proposal,
        }
    }
}

/// Something that a proposal changes.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProposedChange {
    /// `fieldMarking`, `setting`, `team`, `appSecret`, `person`, `app`, `lead`, `erasure`, `legalHold` or `departure`.
    kind: &'static str,
    /// Which one: the name of the field or setting, the id of anything else.
    item: String,
    /// What it was when it was asked for, as JSON; null if it is new.
    before: Option<String>,
    /// What it becomes, as JSON.
    after: Option<String>,
}

impl From<Change> for ProposedChange {
    fn from(change: Change) -> Self {
        Self { kind: change.kind, item: change.item, before: change.before, after: change.after }
    }
}

connection!(
    ProposalConnection "Proposals, by the time they were asked for.",
    ProposalEdge "A proposal and its place in the list.",
    Proposal,
    Wanted,
    count
);

/// Which proposals a page and its count are about.
#[derive(Clone, Copy, Debug)]
struct Wanted(Option<ProposalState>);

async fn count(op: &Op, wanted: &Wanted) -> std::result::Result<u64, Error> {
    proposals::count(op, wanted.0).await
}

/// Names a proposal.
#[derive(Debug, InputObject)]
pub struct ProposalIdInput {
    /// Which proposal.
    id: ID,
}

/// A proposal as it is now.
#[derive(Debug, SimpleObject)]
pub struct ProposalPayload {
    /// The proposal.
    proposal: Proposal,
}

/// Queries about proposals.
#[derive(Debug, Default)]
pub struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// What waits for another admin, and what did, by the time it was asked for. Needs `POLICY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand here.")] state: Option<StateName>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<ProposalConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let state = state.map(ProposalState::from);
        let found = proposals::list(op, state, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(ProposalConnection::new(asked, Wanted(state), found.into_iter().map(Proposal::from))))
    }
}

/// Decisions on proposals.
#[derive(Debug, Default)]
pub struct ProposalMutation;

#[Object]
impl ProposalMutation {
    /// Puts into effect what another admin asked for. Neither who asked nor the person it is about can. Needs
    /// `POLICY_MANAGE` for a change of the policy, `DATA_ERASE` for an erasure, `HOLD_MANAGE` for a legal hold, `DEPARTURE_MANAGE`
    /// for a departure, `ACCOUNTS_MANAGE` for anything else.
    async fn approve_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which proposal.")] input: ProposalIdInput,
    ) -> Result<Option<ProposalPayload>> {
        let op = op(ctx);
        let proposal = id(&input.id).outward(op)?;
        Ok(Some(ProposalPayload { proposal: proposals::approve(op, proposal).await.outward(op)?.into() }))
    }

    /// Ends a proposal without effect; whoever asked for it takes it back that way. Needs what `approveProposal` needs.
    async fn reject_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which proposal.")] input: ProposalIdInput,
    ) -> Result<Option<ProposalPayload>> {
        let op = op(ctx);
        let proposal = id(&input.id).outward(op)?;
        Ok(Some(ProposalPayload { proposal: proposals::reject(op, proposal).await.outward(op)?.into() }))
    }
}
