//! What came of an operation, and the answer around it: marked, recorded, then sent.

use std::{sync::Arc, time::Duration};

use async_graphql::{Response, ServerError, Value};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{accept::Media, caller::Caller};
use crate::{
    app::{
        self, Op, quota,
        seal::{self, Outcome},
    },
    audit::record::{Decision, OperationKind},
    domain::{Digest, Id},
    graphql::order::Shape,
    http::{
        Gate,
        answer::{self, Answer},
    },
    policy::{Code, Refusal},
};

/// What was asked, as the record keeps it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Query, mutation or subscription, once known.
    pub(super) kind: Option<OperationKind>,
    /// The operation's name.
    pub(super) name: Option<String>,
    /// The document without secrets.
    pub(super) document: Option<String>,
    /// The variables as JSON without secrets.
    pub(super) variables: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    /// The status for callers who only know `application/json`.
    json_status: StatusCode,
    data: Option<(Value, Arc<Shape>)>,
    errors: Vec<ServerError>,
}

impl Reply {
    /// Refused before it was executed.
    pub(super) fn refused(refusal: Refusal) -> Self {
        let status = match refusal.code {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::DiskFull => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, json_status: status, data: None, errors: vec![error(refusal)] }
    }

    /// Nobody knows who asks.
    pub(super) fn unknown(error: &app::Error) -> Self {
        if error.code() == Code::Internal {
            tracing::error!(cause = %error, "could not authenticate");
        }
        Self::refused(Refusal::new(error.code(), error.outward()))
    }

    /// Refused with this status before it became an operation.
    pub(super) fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, json_status: status, ..Self::refused(refusal) }
    }

    /// A subscription was opened; there is nothing to tell yet.
    pub(super) const fn opened() -> Self {
        Self { status: StatusCode::OK, json_status: StatusCode::OK, data: None, errors: Vec::new() }
    }

    /// The document could not be parsed, or is not for this way.
    pub(super) fn unreadable(error: ServerError) -> Self {
        Self { status: StatusCode::BAD_REQUEST, json_status: StatusCode::OK, data: None, errors: vec![error] }
    }

    /// There was no turn for it.
    pub(super) fn busy() -> Self {
        let busy = Refusal::new(Code::QuotaExceeded, "The server has more to do than it can; try again in a moment.");
        Self::with_status(StatusCode::SERVICE_UNAVAILABLE, busy)
    }

    /// What the first error says.
    pub(super) fn message(&self) -> &str {
        self.errors.first().map_or("", |error| &error.message)
    }

    /// A mutation came by GET.
    pub(super) fn wrong_method() -> Self {
        Self::with_status(StatusCode::METHOD_NOT_ALLOWED, Refusal::bad_input("GET is for queries; send this by POST."))
    }

    /// The engine's answer. Errors without a path happened before anything was executed: then there is no data.
    pub(super) fn executed(response: Response, shape: Arc<Shape>) -> Self {
        let Response { data, errors, .. } = response;
        if data == Value::Null && !errors.is_empty() && errors.iter().all(|error| error.path.is_empty()) {
            return Self { status: StatusCode::BAD_REQUEST, json_status: StatusCode::OK, data: None, errors };
        }
        Self { status: StatusCode::OK, json_status: StatusCode::OK, data: Some((data, shape)), errors }
    }
}

impl Reply {
    /// The reply, unless all that came of the operation is that there was no room for it.
    pub(super) fn if_room(self, op: &Op) -> Self {
        let nothing = |data: &Value| match data {
            Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
            other => *other == Value::Null,
        };
        let busy = self.data.as_ref().is_some_and(|(data, _)| nothing(data)) && op.trace().reasons.iter().any(|reason| reason == "busy");
        if busy { Self::busy() } else { self }
    }

    /// The reply, if its leads are within the caller's quota; else why they are not.
    pub(super) async fn charged(self, op: &Op) -> Self {
        if self.data.is_none() {
            op.trace().withhold("nothing-sent");
            return self;
        }
        let Err(error) = quota::charge(op, false).await else {
            return self;
        };
        if let app::Error::Store(cause) = &error {
            tracing::error!(request = %op.request, %cause, "quotas could not be counted");
        }
        op.trace().code = Some(error.code());
        Self::refused(Refusal { resets_at: error.resets_at(), ..Refusal::new(error.code(), error.outward()) })
    }
}

/// What every answer says about itself.
#[derive(Serialize)]
struct Confidentiality<'a> {
    banner: &'a str,
    notice: &'a str,
    /// Only with the first answer about leads of a day and session.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<&'a str>,
    receipt: Receipted,
}

/// The receipt: hash and signature in base64.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipted {
    epoch: String,
    rseq: u64,
    leaf_hash: String,
    signature: String,
}

/// Renders, marks and records the answer. Without a record there is no answer.
pub(super) async fn seal(gate: &Gate, caller: &Caller, op: &Op, asked: Asked, mut reply: Reply) -> Answer {
    reply.errors.iter_mut().for_each(classify);
    let decision = decide(op, &reply.errors);
    if op.trace().code == Some(Code::DiskFull) {
        (reply.status, reply.json_status) = (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE);
    }
    let mut body = Vec::with_capacity(1_024);
    body.push(b'{');
    let mut response: Option<Digest> = None;
    if let Some((data, shape)) = &reply.data {
        body.extend_from_slice(b"\"data\":");
        let from = body.len();
        shape.write(data, &reply.errors, &mut body);
        response = Some(Sha256::digest(&body[from..]).into());
        body.push(b',');
    }
    if !reply.errors.is_empty() {
        body.extend_from_slice(b"\"errors\":");
        // Errors serialize without fail: texts, numbers and codes.
        body.extend_from_slice(&serde_json::to_vec(&reply.errors).unwrap_or_else(|_| b"[]".to_vec()));
        body.push(b',');
    }
    let (marking, throttled) = {
        let trace = op.trace();
        (trace.marking, trace.reasons.iter().any(|reason| reason == "throttled"))
    };
    if throttled {
        gate.metrics.throttled();
    }
    let kind = asked.kind.unwrap_or(OperationKind::Unknown);
    let reminder = gate.core.reminders.due(op).filter(|_| reply.data.is_some());
    op.trace().reminded = reminder.is_some();
    let notice = &op.snapshot.document.notice;
    let duration = gate.core.now().0.saturating_sub(caller.began.0).max(0) as u64;
    let outcome = Outcome {
        kind,
        name: asked.name,
        document: asked.document,
        variables: asked.variables,
        decision,
        response,
        notice: !notice.is_empty(),
        duration,
    };
    let receipt = match seal::seal(op, outcome).await {
        Ok(receipt) => receipt,
        Err(cause) => {
            tracing::error!(request = %op.request, %cause, "an answer was withheld");
            return withheld(gate, caller.media, Some(op.request));
        }
    };
    gate.core.reminders.sent(op);
    gate.metrics.ended(kind, decision, Duration::from_micros(duration));
    if decision != Decision::Allowed {
        tracing::info!(request = %op.request, ?kind, ?decision, duration, "operation refused");
    }
    let confidentiality = Confidentiality {
        banner: &marking.banner(&op.snapshot.document.compartments),
        notice,
        reminder,
        receipt: Receipted {
            epoch: receipt.epoch.to_string(),
            rseq: receipt.rseq,
            leaf_hash: STANDARD.encode(receipt.leaf),
            signature: STANDARD.encode(receipt.signature),
        },
    };
    body.extend_from_slice(b"\"extensions\":{\"confidentiality\":");
    // Texts and a number serialize without fail.
    body.extend_from_slice(&serde_json::to_vec(&confidentiality).unwrap_or_else(|_| b"null".to_vec()));
    body.extend_from_slice(b"}}");
    let status = if caller.media == Media::Json { reply.json_status } else { reply.status };
    Answer { status, media: caller.media.name(), body, marked: Some((marking, Arc::clone(&op.snapshot))), request: Some(op.request) }
}

/// The answer instead of one that could not be recorded.
pub(super) fn withheld(gate: &Gate, media: Media, request: Option<Id>) -> Answer {
    gate.metrics.unrecorded();
    answer::withheld(&gate.core.recorder, media.name(), request)
}

fn error(refusal: Refusal) -> ServerError {
    let mut error = ServerError::new(refusal.message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", refusal.code.name());
    if let Some(resets_at) = refusal.resets_at {
        extensions.set("resetsAt", resets_at.to_string());
    }
    error
}

/// Gives the engine's own errors a code. They are all about the request: the document, its variables, its cost.
fn classify(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        let code = match error.message.as_str() {
            "Query is too complex." | "Query is nested too deep." => Code::TooComplex,
            _ => Code::BadUserInput,
        };
        extensions.set("code", code.name());
    }
}

/// The decision the errors come to, the gravest first; notes the first code in the trace if no use case did.
fn decide(op: &Op, errors: &[ServerError]) -> Decision {
    let mut decision = Decision::Allowed;
    for error in errors {
        let code = error.extensions.as_ref().and_then(|extensions| match extensions.get("code") {
            Some(Value::String(name)) => Code::from_name(name),
            _ => None,
        });
        let code = code.unwrap_or(Code::Internal);
        op.trace().code.get_or_insert(code);
        decision = match (decision, code) {
            (Decision::Failed, _) | (_, Code::Internal | Code::AuditUnavailable | Code::DiskFull) => Decision::Failed,
            (Decision::Denied, _)
            | (
                _,
                Code::Unauthenticated
                | Code::Forbidden
                | Code::AgreementRequired
                | Code::PurposeRequired
                | Code::QuotaExceeded
                | Code::NotFound,
            ) => Decision::Denied,
            _ => Decision::Invalid,
        };
    }
    decision
}
