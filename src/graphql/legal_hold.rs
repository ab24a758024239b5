//! Legal holds.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    page::{Asked, connection},
    proposal::Proposal,
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        Error, Op,
        holds::{self, HoldOn},
    },
    domain::Id,
    policy::{self, Refusal},
};

/// Something that must not be erased or removed as long as the hold stands: a person or app, a lead, or a time, and what lies
/// beside the records about it. Set and lifted by two.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LegalHold {
    /// Opaque id.
    id: ID,
    /// The lead that is held.
    lead_id: Option<ID>,
    /// The beginning of the time that is held.
    since: Option<DateTime>,
    /// The end of the time that is held.
    until: Option<DateTime>,
    /// Why.
    reason: String,
    /// Since when it stands.
    set_at: DateTime,
    /// When it was lifted; null as long as it stands.
    lifted_at: Option<DateTime>,
    /// Why it was lifted.
    lift_reason: Option<String>,
    #[graphql(skip)]
    whole: policy::LegalHold,
}

#[ComplexObject]
impl LegalHold {
    /// The person or app that is held.
    async fn subject(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        match self.whole.on {
            HoldOn::Subject { id } => Some(AccountReference::of(op(ctx), Id(id))),
            _ => None,
        }
    }

    /// Who asked for it; null is the operator, on the command line.
    async fn asked_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.set.asked_by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who approved it; null is the operator.
    async fn approved_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.set.by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who asked for it to be lifted; with `liftedAt`, null is the operator.
    async fn lift_asked_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.lifted.as_ref()?.0.asked_by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who approved that; with `liftedAt`, null is the operator.
    async fn lift_approved_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.lifted.as_ref()?.0.by.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl LegalHold {
    const fn cursor(&self) -> Id {
        self.whole.id
    }
}

impl From<policy::LegalHold> for LegalHold {
    fn from(hold: policy::LegalHold) -> Self {
        let (mut lead_id, mut since, mut until) = (None, None, None);
        match hold.on {
            HoldOn::Subject { .. } => {}
            HoldOn::Lead { id } => lead_id = Some(opaque(Id(id))),
            HoldOn::Time { from, until: end } => {
                (since, until) = (Some(DateTime(crate::domain::Timestamp(from))), Some(DateTime(crate::domain::Timestamp(end))));
            }
        }
        Self {
            id: opaque(hold.id),
            lead_id,
            since,
            until,
            reason: hold.reason.clone(),
            set_at: DateTime(hold.set.at),
            lifted_at: hold.lifted.as_ref().map(|(lifted, _)| DateTime(lifted.at)),
            lift_reason: hold.lifted.as_ref().map(|(_, reason)| reason.clone()),
            whole: hold,
        }
    }
}

connection!(
    LegalHoldConnection "Legal holds, by the time they were asked for.",
    LegalHoldEdge "A legal hold and its place in the list.",
    LegalHold,
    Wanted,
    count
);

/// Which holds a page and its count are about.
#[derive(Clone, Copy, Debug)]
struct Wanted(Option<bool>);

async fn count(op: &Op, wanted: &Wanted) -> std::result::Result<u64, Error> {
    holds::count(op, wanted.0).await
}

/// What to hold: a person or app, a lead, or a time.
#[derive(Debug, InputObject)]
pub struct SetLegalHoldInput {
    /// A person or app, with what lies beside their records.
    subject_id: Option<ID>,
    /// A lead, with what lies beside the records that show or change it.
    lead_id: Option<ID>,
    /// The beginning of a time, with what was recorded in it.
    since: Option<DateTime>,
    /// The end of that time.
    until: Option<DateTime>,
    /// Why, for example the name of the case; it stays.
    reason: String,
}

impl SetLegalHoldInput {
    fn on(&self) -> std::result::Result<HoldOn, Refusal> {
        Ok(match (&self.subject_id, &self.lead_id, self.since, self.until) {
            (Some(subject), None, None, None) => HoldOn::Subject { id: id(subject)?.0 },
            (None, Some(lead), None, None) => HoldOn::Lead { id: id(lead)?.0 },
            (None, None, Some(since), Some(until)) => HoldOn::Time { from: since.0.0, until: until.0.0 },
            _ => return Err(Refusal::bad_input("Name a person or app, or a lead, or the beginning and end of a time.")),
        })
    }
}

/// Which hold to lift, and why.
#[derive(Debug, InputObject)]
pub struct LiftLegalHoldInput {
    /// Which hold.
    id: ID,
    /// Why.
    reason: String,
}

/// A hold as it is now.
#[derive(Debug, SimpleObject)]
pub struct LegalHoldPayload {
    /// The hold; null until another admin approves it.
    legal_hold: Option<LegalHold>,
    /// What waits for another admin; null if nothing does.
    proposal: Option<Proposal>,
}

/// Queries about legal holds.
#[derive(Debug, Default)]
pub struct LegalHoldQuery;

#[Object]
impl LegalHoldQuery {
    /// What must not be erased or removed, by the time it was asked for. Needs `POLICY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn legal_holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand, or only those that were lifted.")] standing: Option<bool>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<LegalHoldConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let found = holds::list(op, standing, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(LegalHoldConnection::new(asked, Wanted(standing), found.into_iter().map(LegalHold::from))))
    }
}

/// Setting and lifting legal holds.
#[derive(Debug, Default)]
pub struct LegalHoldMutation;

#[Object]
impl LegalHoldMutation {
    /// Keeps something from being erased or removed, once another admin approves it. Needs `HOLD_MANAGE`.
    async fn set_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to hold, and why.")] input: SetLegalHoldInput,
    ) -> Result<Option<LegalHoldPayload>> {
        let op = op(ctx);
        let asked = holds::set(op, input.on().outward(op)?, &input.reason).await.outward(op)?;
        Ok(Some(LegalHoldPayload { legal_hold: asked.value.map(LegalHold::from), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Lets go what was held, once another admin approves it. Needs `HOLD_MANAGE`.
    async fn lift_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which hold, and why.")] input: LiftLegalHoldInput,
    ) -> Result<Option<LegalHoldPayload>> {
        let op = op(ctx);
        let asked = holds::lift(op, id(&input.id).outward(op)?, &input.reason).await.outward(op)?;
        Ok(Some(LegalHoldPayload { legal_hold: Some(asked.value.into()), proposal: asked.proposal.map(Proposal::from) }))
    }
}
