//! Changes of what is to be done before a departure is closed.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    departure::Departure,
    departure_task::TaskStateName,
    error::{Outward, op},
    scalar::id,
};
use crate::app::departures;

/// A task to be added.
#[derive(Debug, InputObject)]
pub struct AddDepartureTaskInput {
    /// The departure.
    departure_id: ID,
    /// What is to be done. What must not be demanded of somebody who leaves is refused, saying why.
    text: String,
}

/// Where a task stands.
#[derive(Debug, InputObject)]
pub struct SettleDepartureTaskInput {
    /// The task.
    id: ID,
    /// Where it stands; open takes back what was said.
    state: TaskStateName,
    /// What there is to say of it; needed to waive.
    note: Option<String>,
}

/// A departure as it is now.
#[derive(Debug, SimpleObject)]
pub struct DepartureTaskPayload {
    /// The departure.
    departure: Departure,
}

/// Changes of tasks.
#[derive(Debug, Default)]
pub struct DepartureTaskMutation;

#[Object]
impl DepartureTaskMutation {
    /// Adds a task to a departure. Needs `DEPARTURE_MANAGE`. Four mistakes are refused, saying why: to demand a personal account or
    /// its password, that connections be removed, personal business cards, or that nobody talks to a customer.
    async fn add_departure_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be done.")] input: AddDepartureTaskInput,
    ) -> Result<Option<DepartureTaskPayload>> {
        let op = op(ctx);
        let departure = id(&input.departure_id).outward(op)?;
        let departure = departures::add_task(op, departure, &input.text).await.outward(op)?;
        Ok(Some(DepartureTaskPayload { departure: departure.into() }))
    }

    /// Says that a task is done, or is waived for a reason. Needs `DEPARTURE_MANAGE`.
    async fn settle_departure_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where it stands.")] input: SettleDepartureTaskInput,
    ) -> Result<Option<DepartureTaskPayload>> {
        let op = op(ctx);
        let task = id(&input.id).outward(op)?;
        let departure = departures::settle_task(op, task, input.state.into(), input.note.as_deref()).await.outward(op)?;
        Ok(Some(DepartureTaskPayload { departure: departure.into() }))
    }
}
