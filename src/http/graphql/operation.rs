//! One operation: open, limit, execute, seal, answer.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    Request, ServerError, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use futures_util::FutureExt;

use super::{
    accept::Media,
    call::Call,
    caller::Caller,
    document::{self, Bounds, Unfit},
    engine::Passed,
    entry, normalise,
    prepared::Prepared,
    redact,
    reply::{self, Asked, Reply},
};
use crate::{
    app::Op,
    audit::record::OperationKind,
    domain::SubjectKind,
    http::{Gate, answer::Answer, caller::Purpose},
    policy::{Code, Refusal},
};

/// Bytes of an operation's name that a record keeps.
const NAME: usize = 256;

/// Answers one operation: whatever becomes of it, there is a record.
pub(super) async fn answer(gate: &Gate, caller: &Caller, mut call: Call) -> Answer {
    let purpose = match call.purpose(&caller.purpose) {
        Ok(purpose) => purpose,
        Err(refusal) => return refuse(gate, caller, Reply::refused(refusal)).await,
    };
    let text = gate.documents.resolve(&mut call);
    let signs_in = || {
        let read = text
            .as_ref()
            .ok()
            .filter(|_| caller.subject.kind() == SubjectKind::Anonymous)
            .map(|text| document::read(text, &gate.core.limits));
        read.is_some_and(|read| read.is_ok_and(|document| entry::signs_in(&document)))
    };
    match open(gate, caller, purpose, signs_in).await {
        Ok(op) => {
            let (asked, reply) = execute(gate, caller, &op, call, text).await;
            reply::seal(gate, caller, &op, asked, reply.if_room(&op).charged(&op).await).await
        }
        Err(unopened) => unopened,
    }
}

/// Answers a request that never became an operation; that is recorded as well.
pub(super) async fn refuse(gate: &Gate, caller: &Caller, reply: Reply) -> Answer {
    match open(gate, caller, caller.purpose.clone(), || false).await {
        Ok(op) => reply::seal(gate, caller, &op, Asked::default(), reply).await,
        Err(unopened) => unopened,
    }
}

/// Nothing is read for an answer that could not be recorded. While the disk is full, the room that was kept is for those who can
/// make more of it, and for signing in.
pub(super) async fn open(gate: &Gate, caller: &Caller, purpose: Purpose, signs_in: impl FnOnce() -> bool) -> Result<Arc<Op>, Answer> {
    if let Some(withheld) = unrecordable(gate, caller.media) {
        return Err(withheld);
    }
    let opened = Op::open(Arc::clone(&gate.core), caller.subject, caller.client.clone(), purpose).await;
    let op = opened.map(Arc::new).map_err(|cause| {
        tracing::error!(%cause, "could not open an operation");
        reply::withheld(gate, caller.media, None)
    })?;
    if gate.core.recorder.is_disk_full() && !op.rights.manages() && !signs_in() {
        return Err(reply::withheld(gate, caller.media, Some(op.request)));
    }
    Ok(op)
}

/// The answer if nothing could be recorded now.
pub(super) fn unrecordable(gate: &Gate, media: Media) -> Option<Answer> {
    let cause = gate.core.recorder.refuses()?;
    tracing::debug!(%cause, "a request was refused before it was read");
    Some(reply::withheld(gate, media, None))
}

/// What was asked, and the document that asks it, bounded and normalised; or why it is refused. `text` is what the call
/// resolved to.
pub(super) fn look_up(gate: &Gate, caller: &Caller, call: &Call, text: Result<Arc<str>, Refusal>) -> (Asked, Result<Arc<Prepared>, Reply>) {
    let limits = &gate.core.limits;
    let mut asked = Asked::default();
    let text = match text {
        Ok(text) => text,
        Err(refusal) => return (asked, Err(Reply::refused(refusal))),
    };
    let name = call.operation_name.clone();
    let stranger = caller.subject.kind() == SubjectKind::Anonymous;
    let known = if stranger { None } else { gate.prepared.get(&text, name.as_deref()) };
    let prepared = if let Some(prepared) = known {
        asked.variables = call.variables.as_ref().filter(|map| !map.is_empty()).map(|map| redact::variables(map, &[]));
        asked.document = Some(text.to_string());
        prepared
    } else {
        let read = document::read(&text, limits);
        if stranger && !read.as_ref().is_ok_and(entry::is_open) {
            // Nothing of it is kept: strangers could fill the ledger with their texts.
            return (asked, Err(Reply::refused(entry::closed())));
        }
        let mut secretive = true;
        if !matches!(read, Err(Unfit::Refused(_))) {
            let (kept, secret) = redact::document(&text);
            secretive = matches!(kept, Cow::Owned(_));
            asked.variables = call.variables.as_ref().filter(|map| !map.is_empty()).map(|map| redact::variables(map, &secret));
            asked.document = Some(kept.into_owned());
        }
        let prepared = match read {
            Ok(document) => prepare(document, name, &gate.bounds, &mut asked),
            Err(Unfit::Refused(refusal)) => return (asked, Err(Reply::refused(refusal))),
            Err(Unfit::Unreadable(error)) => return (asked, Err(Reply::unreadable(error))),
        };
        let prepared = match prepared {
            Ok(prepared) => Arc::new(prepared),
            Err(refusal) => return (asked, Err(Reply::refused(refusal))),
        };
        if !stranger && !secretive {
            gate.prepared.put(Arc::clone(&text), Arc::clone(&prepared));
        }
        prepared
    };
    asked.kind = prepared.kind;
    asked.name.clone_from(&prepared.name);
    (asked, Ok(prepared))
}

/// The request that the engine gets for `op`.
pub(super) fn request(prepared: &Prepared, variables: Variables, op: &Arc<Op>) -> Request {
    let mut request = Request::new(String::new()).variables(variables).data(Arc::clone(op));
    request.operation_name.clone_from(&prepared.asked_for);
    request.set_parsed_query(prepared.document.clone());
    request
}

/// What was asked, and what came of it.
async fn execute(gate: &Gate, caller: &Caller, op: &Arc<Op>, mut call: Call, text: Result<Arc<str>, Refusal>) -> (Asked, Reply) {
    let limits = &gate.core.limits;
    let (asked, prepared) = look_up(gate, caller, &call, text);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(reply) => return (asked, reply),
    };
    if asked.kind == Some(OperationKind::Subscription) {
        let elsewhere = "Subscribe with `Accept: text/event-stream`, or over a WebSocket.";
        return (asked, Reply::unreadable(ServerError::new(elsewhere, None)));
    }
    if asked.kind == Some(OperationKind::Mutation) && !caller.may_mutate {
        return (asked, Reply::wrong_method());
    }
    let changes = asked.kind == Some(OperationKind::Mutation);
    let shape = if changes { None } else { prepared.passed.shape(call.variables.as_ref()) };
    let mut request = request(&prepared, call.take_variables(), op);
    if let Some(uploads) = call.uploads.take() {
        request = request.data(uploads);
    }
    let patience = match (changes, call.upload_turn.is_some()) {
        (false, _) => limits.request_time,
        (true, false) => limits.change_time,
        (true, true) => limits.upload_time,
    };
    // A resolver that panics leaves behind what a failed one does: everything that is shared is whole at every await.
    let executed = AssertUnwindSafe(gate.engine.execute(request, &prepared.passed, shape)).catch_unwind();
    let reply = match tokio::time::timeout(Duration::from_millis(patience), executed).await {
        Ok(Ok(response)) => Reply::executed(response, Arc::clone(&prepared.shape)),
        Ok(Err(_)) => {
            tracing::error!(request = %op.request, "an operation panicked");
            op.trace().reasons.push("panicked".into());
            Reply::refused(broken())
        }
        Err(_) => Reply::refused(late(op, changes)),
    };
    (asked, reply)
}

/// The refusal of what ended by a fault in the program.
pub(super) const fn broken() -> Refusal {
    Refusal {
        code: Code::Internal,
        message: Cow::Borrowed("Something failed on our side; the log has the cause under the request id."),
        resets_at: None,
    }
}

/// What ran out of time is given up. What it had committed is in the trace; a commit that was under way may yet happen, and
/// then the ledger hears of it by the outbox.
pub(super) fn late(op: &Op, changes: bool) -> Refusal {
    op.trace().reasons.push("out-of-time".into());
    if changes {
        tracing::error!(request = %op.request, "a change ran out of time");
        return Refusal::new(Code::Internal, "The change took too long and was given up; see what became of it before you repeat it.");
    }
    Refusal::new(Code::TooComplex, "The answer took too long; ask for less at once.")
}

/// Bounds and normalises a document. What it is stands in the record even if it is refused.
fn prepare(mut document: ExecutableDocument, asked_for: Option<String>, bounds: &Bounds, asked: &mut Asked) -> Result<Prepared, Refusal> {
    let name = asked_for.as_deref();
    asked.kind = normalise::selected(&document, name).map(|operation| match operation.node.ty {
        OperationType::Query => OperationKind::Query,
        OperationType::Mutation => OperationKind::Mutation,
        OperationType::Subscription => OperationKind::Subscription,
    });
    asked.name = recorded_name(&document, name);
    let shape = Arc::new(document::bound(&mut document, name, bounds)?);
    if asked.kind == Some(OperationKind::Subscription) && !normalise::has_one_field(&document, name) {
        return Err(Refusal::bad_input("A subscription has one field at its root, without a directive."));
    }
    let passed = Passed::none_of(&document, name);
    Ok(Prepared { asked_for, document, shape, kind: asked.kind, name: asked.name.clone(), passed })
}

/// The name of the operation that will run, as far as records keep it. One the document does not have is free text.
fn recorded_name(document: &ExecutableDocument, asked_for: Option<&str>) -> Option<String> {
    let mut names = document.operations.iter().filter_map(|(name, _)| name);
    let name = match asked_for {
        Some(asked_for) => names.find(|name| name.as_str() == asked_for)?,
        None => names.next().filter(|_| names.next().is_none())?,
    };
    // GraphQL names are ASCII, so that any byte is a boundary.
    Some(name.chars().take(NAME).collect())
}
