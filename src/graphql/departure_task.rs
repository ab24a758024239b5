//! What is to be done before a departure is closed.

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};

use super::{
    account::AccountReference,
    error::op,
    scalar::{DateTime, opaque},
};
use crate::{
    app::departures::TaskView,
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
