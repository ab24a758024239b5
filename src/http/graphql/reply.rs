//! What came of an operation, and the answer around it: marked, recorded, then sent.

use async_graphql::{ErrorExtensions, Response, ServerError, Value};
use axum::http::StatusCode;
use serde_json::{json, value::to_raw_value};
use sha2::{Digest as _, Sha256};

use super::accept::Media;
use crate::{
    app::Op,
    audit::record::{Decision, OperationKind},
    domain::Digest,
    graphql::order::Shape,
    http::{
        Gate,
        answer::{Answer, error_body},
    },
    policy::{Code, Refusal},
};

/// What was asked, as the record keeps it.
#[derive(Debug)]
pub(super) struct Asked {
    /// Query or mutation.
    pub(super) kind: OperationKind,
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
    data: Option<(Value, Shape)>,
    errors: Vec<ServerError>,
}

impl Reply {
    /// Refused before it was executed.
    pub(super) fn refused(refusal: Refusal) -> Self {
        let status = match refusal.code {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, json_status: status, data: None, errors: vec![error(refusal.code, refusal.message.into_owned())] }
    }

    /// The document could not be parsed.
    pub(super) fn unreadable(error: ServerError) -> Self {
        Self { status: StatusCode::BAD_REQUEST, json_status: StatusCode::OK, data: None, errors: vec![error] }
    }

    /// A mutation came by GET.
    pub(super) fn wrong_method() -> Self {
        let refusal = Refusal::bad_input("GET is for queries; send this by POST.");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { status, json_status: status, ..Self::refused(refusal) }
    }

    /// The engine's answer. Errors without a path happened before anything was executed: then there is no data.
    pub(super) fn executed(response: Response, shape: Shape) -> Self {
        let Response { data, errors, .. } = response;
        if data == Value::Null && !errors.is_empty() && errors.iter().all(|error| error.path.is_empty()) {
            return Self { status: StatusCode::BAD_REQUEST, json_status: StatusCode::OK, data: None, errors };
        }
        Self { status: StatusCode::OK, json_status: StatusCode::OK, data: Some((data, shape)), errors }
    }
}

/// Marks, records and renders the answer.
pub(super) async fn seal(gate: &Gate, media: Media, op: &Op, asked: Asked, mut reply: Reply) -> Answer {
    for error in &mut reply.errors {
        classify(error);
    }
    let decision = decide(op, &reply.errors);
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
    let banner = op.trace().marking.banner(&op.snapshot.document.compartments);
    let _ = (gate, asked, decision, response);
    body.extend_from_slice(b"\"extensions\":");
    let confidentiality = json!({ "confidentiality": { "banner": banner, "notice": op.snapshot.document.notice } });
    body.extend_from_slice(to_raw_value(&confidentiality).map_or("{}".to_owned(), |raw| raw.get().to_owned()).as_bytes());
    body.push(b'}');
    let status = if media == Media::Json { reply.json_status } else { reply.status };
    Answer { status, media: media.name(), body, banner: Some(banner), request: Some(op.request) }
}

/// The database could not even tell who may do what.
pub(super) fn unopened(media: Media) -> Answer {
    let body = error_body(Code::AuditUnavailable, "The server cannot record what it would answer, so it does not answer; try again.");
    Answer { status: StatusCode::SERVICE_UNAVAILABLE, media: media.name(), body, banner: None, request: None }
}

fn error(code: Code, message: String) -> ServerError {
    async_graphql::Error::new(message)
        .extend_with(|_, extensions| extensions.set("code", code.name()))
        .into_server_error(Default::default())
        .without_place()
}

/// Takes away the position an error of ours does not have.
trait WithoutPlace {
    fn without_place(self) -> Self;
}

impl WithoutPlace for ServerError {
    fn without_place(mut self) -> Self {
        self.locations.clear();
        self
    }
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
            (Decision::Failed, _) | (_, Code::Internal | Code::AuditUnavailable) => Decision::Failed,
            (Decision::Denied, _) | (_, Code::Unauthenticated | Code::Forbidden | Code::QuotaExceeded | Code::NotFound) => Decision::Denied,
            _ => Decision::Invalid,
        };
    }
    decision
}
