//! What is to be done before a departure is closed. Some of it is seen from the facts, the rest somebody says.

use std::collections::HashMap;

use serde_json::json;

use super::{Departure, certificate_accepted, find, reader};
use crate::{
    app::{Error, Op, contact_accounts::ContactAccount, revise::author},
    domain::{DepartureState, Id, TaskKind, TaskState},
    policy::{Permission, Permit, Refusal, Snapshot, departure_task, text},
    store::{Change, Task},
};

/// Characters of what is said of a task.
const NOTE: usize = 1_000;
/// Tasks of a departure.
const MOST: usize = 500;

/// A task as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// The task as it is kept.
    pub task: Task,
    /// Where it stands, also by the facts.
    pub state: TaskState,
}

impl TaskView {
    /// Whether it keeps the departure open.
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }
}

/// The tasks that a departure begins with.
pub(super) fn of(op: &Op, snapshot: &Snapshot, departure: &Departure, apps: &[Id], accounts: &[ContactAccount]) -> Vec<Task> {
    let task = |kind: TaskKind, item: Option<Id>, text: String| Task {
        id: op.core.new_id(),
        departure: departure.id,
        kind,
        item,
        text,
        state: TaskState::Open,
        settled_at: None,
        settled_by: None,
        note: None,
    };
    let name = |id: &Id| snapshot.name(*id).map_or_else(|| id.to_string(), str::to_owned);
    let mut all = vec![
        task(TaskKind::Access, None, "Their access has ended.".into()),
        task(TaskKind::Handover, None, "Their leads are handed over.".into()),
    ];
    all.extend(apps.iter().map(|app| {
        let text = format!("The app {}: name another who answers for it, make a new secret and revoke those they may know.", name(app));
        task(TaskKind::App, Some(*app), text)
    }));
    all.extend(accounts.iter().map(|account| {
        let text = format!(
            "The company's account {} on {}: change its credentials and name another custodian.",
            account.handle,
            account.facts.platform.name()
        );
        task(TaskKind::ContactAccount, Some(account.facts.id), text)
    }));
    all.extend(snapshot.document.departure_rules().checklist.into_iter().map(|text| task(TaskKind::Manual, None, text)));
    all.push(task(TaskKind::Certificate, None, "The exit certificate is accepted or refused, and that is recorded.".into()));
    all
}

/// The tasks of a departure, in their order.
pub async fn tasks(op: &Op, departure: &Departure) -> Result<Vec<TaskView>, Error> {
    let permit = reader(op)?;
    let tasks = op.core.store.departure_tasks(permit, departure.id).await?;
    let held = op.core.store.company_accounts_of(permit, departure.person).await?;
    let mut apps = HashMap::new();
    for app in tasks.iter().filter(|task| task.kind == TaskKind::App).filter_map(|task| task.item) {
        apps.insert(app, is_released(op, permit, departure, app).await?);
    }
    let leads = op.core.store.leads_of(permit, departure.person).await?;
    let done = |task: &Task| match task.kind {
        TaskKind::Manual => false,
        TaskKind::Access => departure.locked_at.is_some(),
        TaskKind::Handover => leads == 0,
        TaskKind::App => task.item.is_some_and(|app| apps.get(&app) == Some(&true)),
        TaskKind::ContactAccount => held.iter().all(|account| Some(account.facts.id) != task.item),
        TaskKind::Certificate => departure.certificate.is_some() || certificate_accepted(op, departure).is_some(),
    };
    let view = |task: Task| {
        let state = if task.state == TaskState::Open && done(&task) { TaskState::Done } else { task.state };
        TaskView { task, state }
    };
    Ok(tasks.into_iter().map(view).collect())
}

/// Whether the person can do nothing with an app any more: it is locked, or another answers for it and every secret is newer
/// than the departure.
async fn is_released(op: &Op, permit: Permit, departure: &Departure, app: Id) -> Result<bool, Error> {
    let Some(found) = op.core.store.app(permit, app).await? else { return Ok(true) };
    if found.locked_at.is_some() {
        return Ok(true);
    }
    let secrets = op.core.store.app_secrets(permit, app).await?;
    Ok(found.responsible != departure.person && secrets.iter().all(|secret| secret.created_at > departure.begun_at))
}

/// Adds a task to a departure, if it demands nothing that must not be demanded.
pub async fn add_task(op: &Op, id: Id, wanted: &str) -> Result<Departure, Error> {
    let (permit, departure) = open(op, id).await?;
    if op.core.store.departure_tasks(permit, id).await?.len() >= MOST {
        return Err(Refusal::bad_input(format!("A departure has at most {MOST} tasks.")).into());
    }
    let task = Task {
        id: op.core.new_id(),
        departure: id,
        kind: TaskKind::Manual,
        item: None,
        text: departure_task(wanted)?,
        state: TaskState::Open,
        settled_at: None,
        settled_by: None,
        note: None,
    };
    let after = json!({ "departure": id.to_string(), "task": task.text }).to_string();
    let changes = vec![Change { kind: "departureTask", item: task.id.to_string(), before: None, after: Some(after) }];
    op.commit(changes, move |tx| Box::pin(async move { Ok(tx.put_task(permit, &task).await?) })).await?;
    Ok(departure)
}

/// Says that a task is done, or is not to be done; open takes that back. What is seen from the facts cannot be said to be done, and
/// that access ends and the certificate cannot be left out.
pub async fn settle_task(op: &Op, task: Id, state: TaskState, note: Option<&str>) -> Result<Departure, Error> {
    let permit = op.rights.permit(Permission::DepartureManage)?;
    let mut task = op.core.store.departure_task(permit, task).await?.ok_or_else(Refusal::not_found)?;
    let (permit, departure) = open(op, task.departure).await?;
    let note = note.map(|note| text::line("The note", note, NOTE)).transpose()?;
    match (task.kind, state) {
        (TaskKind::Manual, _) | (_, TaskState::Open) => {}
        (_, TaskState::Done) => return Err(Refusal::bad_input("This is seen from what is so, not from what is said.").into()),
        (TaskKind::Access | TaskKind::Certificate, TaskState::Waived) => {
            return Err(Refusal::bad_input("No departure ends without this.").into());
        }
        (_, TaskState::Waived) => {}
    }
    if state == TaskState::Waived && note.is_none() {
        return Err(Refusal::bad_input("Say in the note why it is not to be done.").into());
    }
    let told = |task: &Task| Some(json!({ "task": task.text, "state": task.state.name(), "note": task.note }).to_string());
    let before = told(&task);
    let settled = state != TaskState::Open;
    (task.state, task.note) = (state, note);
    (task.settled_at, task.settled_by) = (settled.then_some(op.at), author(op).filter(|_| settled));
    let changes = vec![Change { kind: "departureTask", item: task.id.to_string(), before, after: told(&task) }];
    op.commit(changes, move |tx| Box::pin(async move { Ok(tx.settle_task(permit, &task).await?) })).await?;
    Ok(departure)
}

/// A departure that can still be worked on, by somebody else than whom it is about.
pub(super) async fn open(op: &Op, id: Id) -> Result<(Permit, Departure), Error> {
    let permit = op.rights.permit(Permission::DepartureManage)?;
    let departure = find(op, id).await?;
    if author(op) == Some(departure.person) {
        return Err(Refusal::forbidden("It is about you; somebody else must do it.").into());
    }
    if departure.state != DepartureState::Open {
        return Err(Refusal::conflict("This departure is over.").into());
    }
    Ok((permit, departure))
}
