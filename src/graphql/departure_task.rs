//! What is to be done before a departure is closed.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    departure::Departure,
    error::{Outward, op},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::departures::{self, TaskView},
    domain::{Id, TaskKind, TaskState},
};

/// What a task is about, and how it is seen to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "DepartureTaskKind", remote = "TaskKind")]
pub enum KindName {
    /// From the checklist, or added: somebody says that it is done.
    Manual,
    /// Access has ended. Seen from the account.
    Access,
    /// No lead is theirs any more. Seen from the leads; can be waived.
    Handover,
    /// An app that they answered for: another person does, and no secret is left that they could know. Can be waived.
    App,
    /// An account of the company's has another custodian, or is out of use. Seen from the register; can be waived.
    ContactAccount,
    /// The exit certificate was accepted or refused, and that is recorded.
    Certificate,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "DepartureTaskState", remote = "TaskState")]
pub enum TaskStateName {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done, for the reason in the note.
    Waived,
}

/// A task.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct DepartureTask {
    /// Opaque id.
    id: ID,
    /// What it is about.
    kind: KindName,
    /// The app or the account of the register that it is about.
    item_id: Option<ID>,
    /// What is to be done.
    text: String,
    /// Where it stands.
    state: TaskStateName,
    /// When somebody said so; null if it is seen from the facts.
    settled_at: Option<DateTime>,
    /// What they said.
    note: Option<String>,
    #[graphql(skip)]
    settled_by: Option<Id>,
}

#[ComplexObject]
impl DepartureTask {
    /// Who said so; with `settledAt`, null is the operator.
    async fn settled_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.settled_by.map(|by| AccountReference::of(op(ctx), by))
    }
}

impl From<TaskView> for DepartureTask {
    fn from(TaskView { task, state }: TaskView) -> Self {
        Self {
            id: opaque(task.id),
            kind: task.kind.into(),
            item_id: task.item.map(opaque),
            text: task.text,
            state: state.into(),
            settled_at: task.settled_at.map(DateTime),
            note: task.note,
            settled_by: task.settled_by,
        }
    }
}

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
