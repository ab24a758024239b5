//! A subscription that is open, whatever carries its events.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, Value, Variables};
use axum::http::StatusCode;
use futures_util::{FutureExt, StreamExt};
use tokio::{
    sync::{SemaphorePermit, watch},
    time::Instant,
};

use super::places::Place;
use crate::{
    app::{Op, sessions},
    audit::record::{DELIVERED, OperationKind},
    graphql::live::{Reached, Step},
    http::{
        Gate,
        answer::Answer,
        graphql::{
            call::Call,
            caller::Caller,
            operation,
            prepared::Prepared,
            reply::{self, Asked, Reply},
        },
    },
    policy::{Code, Refusal},
};

/// So often it is looked whether token, session and rights still hold although nothing has come.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A subscription that is open.
pub(super) struct Subscription {
    gate: Arc<Gate>,
    caller: Caller,
    token: String,
    asked: Asked,
    prepared: Arc<Prepared>,
    variables: Variables,
    from: u64,
    more: bool,
    growth: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    until: Instant,
    _place: Place,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Look whether there is something to tell.
    Look,
    /// It is over: it has lived as long as it may, or the server stops.
    Over,
}

/// What a look has found.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing to tell.
    Nothing,
    /// A result, which has its record.
    Event(Vec<u8>),
    /// Why nothing may be told any more; it has its record too.
    Ended(Answer),
}

impl Subscription {
    /// Opens what is called, with the token that the caller has been known by; gives the answer to that as well. Whatever becomes
    /// of it, there is a record.
    pub(super) async fn open(
        gate: Arc<Gate>,
        mut caller: Caller,
        token: String,
        mut call: Call,
        place: Place,
    ) -> Result<(Self, Answer), Answer> {
        let Some(turn) = turn(&gate).await else {
            return Err(operation::refuse(&gate, &caller, Reply::busy()).await);
        };
        caller.began = gate.core.now();
        // What comes while it is being opened wakes it.
        let (growth, stopping) = (gate.core.recorder.growth(), gate.stopping.subscribe());
        caller.purpose = match call.purpose(&caller.purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Err(operation::refuse(&gate, &caller, Reply::refused(refusal)).await),
        };
        let text = gate.documents.resolve(&mut call);
        let op = operation::open(&gate, &caller, caller.purpose.clone(), || false).await?;
        let (asked, prepared) = operation::look_up(&gate, &caller, &call, text);
        let variables = call.take_variables();
        let begun = match prepared {
            Ok(prepared) if prepared.kind == Some(OperationKind::Subscription) => begin(&gate, prepared, &variables, &op).await,
            Ok(_) => Err(Reply::refused(Refusal::bad_input("Here one subscribes; send queries and changes by POST."))),
            Err(reply) => Err(reply),
        };
        let (begun, reply) = match begun {
            Ok(begun) => (Some(begun), Reply::opened()),
            Err(reply) => (None, reply),
        };
        let answer = reply::seal(&gate, &caller, &op, asked.clone(), reply).await;
        drop(turn);
        let Some((prepared, Reached { place: from, more })) = begun.filter(|_| answer.status == StatusCode::OK) else {
            return Err(answer);
        };
        let until = Instant::now() + Duration::from_secs(gate.subscriptions.lifetime);
        Ok((Self { gate, caller, token, asked, prepared, variables, from, more, growth, stopping, until, _place: place }, answer))
    }

    /// Waits until there may be something to tell. May be given up and called again.
    pub(super) async fn wait(&mut self) -> Wake {
        if *self.stopping.borrow() || Instant::now() >= self.until {
            return Wake::Over;
        }
        if self.more {
            return Wake::Look;
        }
        tokio::select! {
            _ = self.stopping.changed() => Wake::Over,
            () = tokio::time::sleep_until(self.until) => Wake::Over,
            Ok(()) = self.growth.changed() => Wake::Look,
            () = tokio::time::sleep(LOOK_AGAIN) => Wake::Look,
        }
    }

    /// Looks for something to tell, as an operation of its own: with the rights of this moment, and a record of what it found.
    pub(super) async fn look(&mut self) -> Found {
        let gate = Arc::clone(&self.gate);
        let Some(_turn) = turn(&gate).await else {
            return Found::Nothing;
        };
        self.caller.began = gate.core.now();
        if let Err(reply) = self.is_still_known().await {
            return Found::Ended(self.refuse(reply).await);
        }
        let op = match operation::open(&gate, &self.caller, self.caller.purpose.clone(), || false).await {
            Ok(op) => op,
            Err(unopened) => return Found::Ended(unopened),
        };
        let step = Arc::new(Step::new(Some(self.from)));
        let response = match execute(&gate, &self.prepared, self.variables.clone(), &op, &step).await {
            Ok(response) => response,
            Err(late) => return Found::Ended(self.seal(&op, Reply::refused(late)).await),
        };
        let reached = step.reached();
        match (response, reached) {
            (None, Some(reached)) => {
                (self.from, self.more) = (reached.place, reached.more);
                Found::Nothing
            }
            (Some(response), Some(reached)) if tells(&response) => {
                op.trace().reasons.push(DELIVERED.into());
                let reply = Reply::executed(response, Arc::clone(&self.prepared.shape)).if_room(&op).charged(&op).await;
                let answer = self.seal(&op, reply).await;
                if answer.status != StatusCode::OK {
                    return Found::Ended(answer);
                }
                (self.from, self.more) = (reached.place, reached.more);
                Found::Event(answer.body)
            }
            (Some(response), _) => {
                op.trace().withhold("nothing-sent");
                Found::Ended(self.seal(&op, Reply::executed(response, Arc::clone(&self.prepared.shape))).await)
            }
            (None, None) => {
                let lost = Refusal::new(Code::Internal, "The subscription cannot go on.");
                Found::Ended(self.seal(&op, Reply::refused(lost)).await)
            }
        }
    }

    /// Whether the token is still good for the same subject.
    async fn is_still_known(&self) -> Result<(), Reply> {
        match sessions::authenticate(&self.gate.core, &self.token).await {
            Ok(subject) if subject == self.caller.subject => Ok(()),
            Ok(_) => Err(Reply::refused(Refusal::new(Code::Unauthenticated, "The access token names somebody else now."))),
            Err(error) => Err(Reply::unknown(&error)),
        }
    }

    async fn refuse(&self, reply: Reply) -> Answer {
        match operation::open(&self.gate, &self.caller, self.caller.purpose.clone(), || false).await {
            Ok(op) => self.seal(&op, reply).await,
            Err(unopened) => unopened,
        }
    }

    async fn seal(&self, op: &Op, reply: Reply) -> Answer {
        reply::seal(&self.gate, &self.caller, op, self.asked.clone(), reply).await
    }
}

/// A turn among the requests that are answered at once.
async fn turn(gate: &Gate) -> Option<SemaphorePermit<'_>> {
    let patience = Duration::from_millis(gate.core.limits.request_time);
    // Closed never: the semaphore lives as long as the gate.
    tokio::time::timeout(patience, gate.turns.acquire()).await.ok()?.ok()
}

/// Where a subscription begins, or why it does not.
async fn begin(gate: &Gate, prepared: Arc<Prepared>, variables: &Variables, op: &Arc<Op>) -> Result<(Arc<Prepared>, Reached), Reply> {
    let step = Arc::new(Step::new(None));
    match execute(gate, &prepared, variables.clone(), op, &step).await {
        Ok(None) => match step.reached() {
            Some(reached) => Ok((prepared, reached)),
            None => Err(Reply::refused(Refusal::new(Code::Internal, "The subscription could not be opened."))),
        },
        Ok(Some(response)) => Err(Reply::executed(response, Arc::clone(&prepared.shape))),
        Err(late) => Err(Reply::refused(late)),
    }
}

/// Whether the root field has a value.
fn tells(response: &Response) -> bool {
    matches!(&response.data, Value::Object(root) if root.values().any(|value| *value != Value::Null))
}

/// Executes one step: nothing, or a result; or it took too long.
async fn execute(
    gate: &Gate,
    prepared: &Prepared,
    variables: Variables,
    op: &Arc<Op>,
    step: &Arc<Step>,
) -> Result<Option<Response>, Refusal> {
    let request = operation::request(prepared, variables, op).data(Arc::clone(step));
    let patience = Duration::from_millis(gate.core.limits.request_time);
    let mut results = gate.engine.checking().execute_stream(request);
    match tokio::time::timeout(patience, AssertUnwindSafe(results.next()).catch_unwind()).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => {
            tracing::error!(request = %op.request, "a subscription panicked");
            op.trace().reasons.push("panicked".into());
            Err(operation::broken())
        }
        Err(_) => Err(operation::late(op, false)),
    }
}
