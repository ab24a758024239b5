//! Handing over the leads of somebody who leaves.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        Op,
        departures::{self, Choices, Planned},
    },
    domain::{Id, RelationshipRole, SuccessorReason},
    policy::Refusal,
};

/// Rows of a page when nobody says how many.
const PAGE: i32 = 50;

/// Why somebody is proposed to take a relationship over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "SuccessorReason", remote = "SuccessorReason")]
pub enum SuccessorReasonName {
    /// Chosen for this lead.
    Chosen,
    /// Chosen for all.
    Given,
    /// The lead knows them already.
    KnowsLead,
    /// They hold the same role for the same team, and the fewest of these leads so far.
    Team,
    /// They assign the leads of the team.
    Manager,
    /// There is nobody who would see the lead; choose somebody.
    Nobody,
}

/// What somebody is to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum HandedRole {
    /// Its owner.
    Owner,
    /// A colleague whom it knows, too.
    Second,
}

impl From<RelationshipRole> for HandedRole {
    fn from(role: RelationshipRole) -> Self {
        if role == RelationshipRole::Owner { Self::Owner } else { Self::Second }
    }
}

/// What would be handed over to whom; nothing has been changed.
#[derive(SimpleObject)]
pub struct HandoverPlan {
    /// How many relationships there are that you may hand over.
    total: u64,
    /// How many of them would find nobody.
    without_successor: u64,
    /// How many each would take over.
    successors: Vec<SuccessorShare>,
    /// The page's relationships.
    nodes: Vec<PlannedHandover>,
    /// Where to go on: `after` for the next page; null if there is none.
    next: Option<u64>,
}

/// How much somebody would take over.
#[derive(SimpleObject)]
pub struct SuccessorShare {
    /// Who.
    successor: AccountReference,
    /// How many relationships.
    relationships: u64,
}

/// A relationship that would be handed over.
#[derive(SimpleObject)]
pub struct PlannedHandover {
    /// The lead.
    lead_id: ID,
    /// What the person who leaves is to it.
    role: HandedRole,
    /// Who takes over; null if nobody was found.
    successor: Option<AccountReference>,
    /// Why they.
    reason: SuccessorReasonName,
}

/// Relationships handed over together.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Handover {
    /// Opaque id.
    id: ID,
    /// When.
    at: DateTime,
    /// How many relationships.
    relationships: u64,
    /// When it was taken back.
    undone_at: Option<DateTime>,
    #[graphql(skip)]
    by: Option<Id>,
    #[graphql(skip)]
    undone_by: Option<Id>,
}

#[ComplexObject]
impl Handover {
    /// Who handed over; null is the operator.
    async fn by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.by.map(|by| AccountReference::of(op(ctx), by))
    }

    /// Who took it back; with `undoneAt`, null is the operator.
    async fn undone_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.undone_by.map(|by| AccountReference::of(op(ctx), by))
    }
}

impl From<departures::Handover> for Handover {
    fn from(handover: departures::Handover) -> Self {
        Self {
            id: opaque(handover.id),
            at: DateTime(handover.at),
            relationships: handover.relationships,
            undone_at: handover.undone_at.map(DateTime),
            by: handover.by,
            undone_by: handover.undone_by,
        }
    }
}

/// Who takes one lead over.
#[derive(Debug, InputObject)]
pub struct SuccessorInput {
    /// The lead.
    lead_id: ID,
    /// Who.
    successor_id: ID,
}

/// What to hand over to whom.
#[derive(Debug, InputObject)]
pub struct HandOverInput {
    /// The departure.
    departure_id: ID,
    /// Who takes all over for which nobody is chosen; whoever is proposed unless given.
    successor_id: Option<ID>,
    /// Who takes which lead over, for at most 500.
    #[graphql(default)]
    choices: Vec<SuccessorInput>,
    /// An account of the company's in the register with which the leads are connected from now on.
    brand_account_id: Option<ID>,
}

/// Which handover.
#[derive(Debug, InputObject)]
pub struct UndoHandoverInput {
    /// Which.
    id: ID,
}

/// What became of a handover.
#[derive(Debug, SimpleObject)]
pub struct HandoverPayload {
    /// It.
    handover: Handover,
    /// Relationships that were left as they were: nobody was found, somebody else had changed the lead, or it would leave the windows
    /// in which you may assign.
    left: u64,
}

/// Queries about handovers.
#[derive(Debug, Default)]
pub struct HandoverQuery;

#[Object]
impl HandoverQuery {
    /// What would be handed over to whom, of the leads that your windows with `LEAD_ASSIGN` open. Nothing is changed.
    #[graphql(complexity = "100 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "arguments of GraphQL")]
    async fn handover_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The departure.")] departure_id: ID,
        #[graphql(desc = "Who takes all over for which nobody is chosen; whoever is proposed unless given.")] successor_id: Option<ID>,
        #[graphql(desc = "Who takes which lead over, for at most 500.", default)] choices: Vec<SuccessorInput>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this place, from `next`.")] after: Option<u64>,
    ) -> Result<Option<HandoverPlan>> {
        let op = op(ctx);
        let first = usize::try_from(first.unwrap_or(PAGE)).ok().filter(|rows| (1..=op.core.limits.page_size as usize).contains(rows));
        let first = first.ok_or_else(|| Refusal::bad_input(format!("`first` is from 1 to {}.", op.core.limits.page_size))).outward(op)?;
        let wanted = wanted(successor_id.as_ref(), &choices).outward(op)?;
        let plan = departures::plan(op, id(&departure_id).outward(op)?, &wanted).await.outward(op)?;
        let total = plan.planned.len();
        let mut shares: BTreeMap<Id, u64> = BTreeMap::new();
        plan.planned.iter().filter_map(|one| one.successor).for_each(|who| *shares.entry(who).or_default() += 1);
        let behind = after.map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX));
        let page: Vec<Planned> = plan.planned.iter().skip(behind).take(first).cloned().collect();
        departures::shown(op, &page);
        let end = behind.saturating_add(page.len());
        Ok(Some(HandoverPlan {
            total: total as u64,
            without_successor: plan.planned.iter().filter(|one| one.successor.is_none()).count() as u64,
            successors: shares
                .into_iter()
                .map(|(who, relationships)| SuccessorShare { successor: AccountReference::of(op, who), relationships })
                .collect(),
            nodes: page.into_iter().map(|one| node(op, &one)).collect(),
            next: (end < total).then_some(end as u64),
        }))
    }
}

/// Changes of handovers.
#[derive(Debug, Default)]
pub struct HandoverMutation;

#[Object]
impl HandoverMutation {
    /// Hands over the leads of somebody who leaves, as far as your windows with `LEAD_ASSIGN` open them: as owner, and as a colleague whom
    /// a lead knows. `handoverPlan` shows it before.
    async fn hand_over(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to whom.")] input: HandOverInput,
    ) -> Result<Option<HandoverPayload>> {
        let op = op(ctx);
        let departure = id(&input.departure_id).outward(op)?;
        let wanted = wanted(input.successor_id.as_ref(), &input.choices).outward(op)?;
        let brand = input.brand_account_id.as_ref().map(id).transpose().outward(op)?;
        let handed = departures::hand_over(op, departure, &wanted, brand).await.outward(op)?;
        Ok(Some(HandoverPayload { handover: handed.handover.into(), left: handed.left }))
    }

    /// Takes a handover back, as far as the leads still stand as it left them; not once the departure is closed. Needs `LEAD_ASSIGN`.
    async fn undo_handover(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UndoHandoverInput,
    ) -> Result<Option<HandoverPayload>> {
        let op = op(ctx);
        let handed = departures::undo(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(HandoverPayload { handover: handed.handover.into(), left: handed.left }))
    }
}

fn wanted(successor: Option<&ID>, choices: &[SuccessorInput]) -> std::result::Result<Choices, Refusal> {
    let chosen = choices.iter().map(|one| Ok((id(&one.lead_id)?, id(&one.successor_id)?)));
    Ok(Choices { successor: successor.map(id).transpose()?, chosen: chosen.collect::<std::result::Result<HashMap<_, _>, Refusal>>()? })
}

fn node(op: &Op, one: &Planned) -> PlannedHandover {
    PlannedHandover {
        lead_id: opaque(one.lead),
        role: one.role.into(),
        successor: one.successor.map(|who| AccountReference::of(op, who)),
        reason: one.why.into(),
    }
}
