//! Beginning, running and ending departures.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    departure::{AccessName, Departure, OutcomeName},
    error::{Outward, op},
    proposal::Proposal,
    scalar::{DateTime, id},
};
use crate::app::departures::{self, Wish};

/// Somebody who leaves.
#[derive(Debug, InputObject)]
pub struct BeginDepartureInput {
    /// Who.
    person_id: ID,
    /// When their last day ends, for example `2027-01-31T23:00:00Z`; their access ends with it. If it is over, access ends at once.
    last_day: DateTime,
    /// Why they leave.
    reason: String,
    /// How far their access goes from now on.
    access: AccessName,
    /// Since when the company knows; now unless given.
    known_at: Option<DateTime>,
    /// Whether the apps that they answer for are locked, too: they may know a secret of these. What depends on the apps stops.
    #[graphql(default)]
    lock_apps: bool,
}

/// How far to narrow.
#[derive(Debug, InputObject)]
pub struct RestrictDepartureInput {
    /// Which departure.
    id: ID,
    /// How far their access goes from now on; what is as narrow already stays.
    access: AccessName,
}

/// What became of the exit certificate.
#[derive(Debug, InputObject)]
pub struct RecordExitCertificateInput {
    /// Which departure.
    departure_id: ID,
    /// Accepted or refused.
    outcome: OutcomeName,
    /// Who was there, what was said, where the paper is.
    note: String,
}

/// Which departure, and why.
#[derive(Debug, InputObject)]
pub struct DepartureReasonInput {
    /// Which departure.
    id: ID,
    /// Why.
    reason: String,
}

/// Names a departure.
#[derive(Debug, InputObject)]
pub struct DepartureIdInput {
    /// Which.
    id: ID,
}

/// A departure as it is now.
#[derive(Debug, SimpleObject)]
pub struct DeparturePayload {
    /// The departure.
    departure: Departure,
}

/// A departure, if it took hold.
#[derive(Debug, SimpleObject)]
pub struct BeginDeparturePayload {
    /// The departure; null until another approves it.
    departure: Option<Departure>,
    /// What waits for another; null if it took hold.
    proposal: Option<Proposal>,
}

/// A departure as it is now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct CancelDeparturePayload {
    /// The departure.
    departure: Departure,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// Somebody who comes back.
#[derive(Debug, SimpleObject)]
pub struct RehirePayload {
    /// The departure by which they had left.
    departure: Departure,
    /// Their new password: shown this once. With it they can do nothing but set another.
    password: String,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// Changes of departures.
#[derive(Debug, Default)]
pub struct DepartureMutation;

#[Object]
impl DepartureMutation {
    /// Begins somebody's departure: narrows their access at once, places a legal hold on their records, makes the list of what is to
    /// be done. Needs `DEPARTURE_MANAGE`, as do all changes of departures. For those whom the rules of departures name it takes
    /// two.
    async fn begin_departure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, until when, why, and how far their access goes.")] input: BeginDepartureInput,
    ) -> Result<Option<BeginDeparturePayload>> {
        let op = op(ctx);
        let wish = Wish {
            person: id(&input.person_id).outward(op)?,
            last_day: input.last_day.0,
            reason: input.reason,
            access: input.access.into(),
            known_at: input.known_at.map(|at| at.0),
            lock_apps: input.lock_apps,
        };
        let begun = departures::begin(op, wish).await.outward(op)?;
        let (departure, proposal) = (begun.departure.map(Departure::from), begun.proposal.map(Proposal::from));
        Ok(Some(BeginDeparturePayload { departure, proposal }))
    }

    /// Narrows the access of somebody who leaves further. It cannot be widened again but by cancelling.
    async fn restrict_departure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how far.")] input: RestrictDepartureInput,
    ) -> Result<Option<DeparturePayload>> {
        let op = op(ctx);
        let departure = departures::restrict(op, id(&input.id).outward(op)?, input.access.into()).await.outward(op)?;
        Ok(Some(DeparturePayload { departure: departure.into() }))
    }

    /// Records that the exit certificate was accepted or refused.
    async fn record_exit_certificate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which departure, and what became of it.")] input: RecordExitCertificateInput,
    ) -> Result<Option<DeparturePayload>> {
        let op = op(ctx);
        let which = id(&input.departure_id).outward(op)?;
        let departure = departures::certify(op, which, input.outcome.into(), &input.note).await.outward(op)?;
        Ok(Some(DeparturePayload { departure: departure.into() }))
    }

    /// Closes a departure of which nothing is left to do. Their grants end; what was handed over stays so.
    async fn close_departure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DepartureIdInput,
    ) -> Result<Option<DeparturePayload>> {
        let op = op(ctx);
        let departure = departures::close(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(DeparturePayload { departure: departure.into() }))
    }

    /// Ends a departure that was a mistake: what it narrowed comes back, but if access had ended only once another admin approves it.
    /// The legal hold stays until two lift it; apps that were locked are let in by `unlockApp`.
    async fn cancel_departure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DepartureReasonInput,
    ) -> Result<Option<CancelDeparturePayload>> {
        let op = op(ctx);
        let asked = departures::cancel(op, id(&input.id).outward(op)?, &input.reason).await.outward(op)?;
        Ok(Some(CancelDeparturePayload { departure: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Takes somebody on again who had left, once another admin approves it: with a new password and none of the grants they held.
    async fn rehire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The departure by which they left, and why they come back.")] input: DepartureReasonInput,
    ) -> Result<Option<RehirePayload>> {
        let op = op(ctx);
        let asked = departures::rehire(op, id(&input.id).outward(op)?, &input.reason).await.outward(op)?;
        let (departure, password) = asked.value;
        Ok(Some(RehirePayload { departure: departure.into(), password, proposal: asked.proposal.map(Proposal::from) }))
    }
}
