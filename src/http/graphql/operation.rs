//! One operation: open, execute, answer.

use std::sync::Arc;

use async_graphql::{Request, Value};
use axum::http::StatusCode;

use super::{accept::Media, call::Call};
use crate::{
    app::Op,
    domain::{Client, Subject},
    http::{
        Gate,
        answer::{Answer, error_body},
        caller::Purpose,
    },
    policy::Code,
};

/// Who sends the operations of a request.
#[derive(Debug)]
pub(super) struct Caller {
    /// Who.
    pub(super) subject: Subject,
    /// From where.
    pub(super) client: Client,
    /// For what.
    pub(super) purpose: Purpose,
    /// How to answer.
    pub(super) media: Media,
    /// Whether the method allows changes.
    pub(super) may_mutate: bool,
}

/// Answers one operation.
pub(super) async fn answer(gate: &Gate, caller: &Caller, mut call: Call) -> Answer {
    let media = caller.media.name();
    let opened = Op::open(Arc::clone(&gate.core), caller.subject, caller.client.clone(), caller.purpose.clone()).await;
    let op = match opened {
        Ok(op) => Arc::new(op),
        Err(cause) => {
            tracing::error!(%cause, "could not open an operation");
            let body = error_body(Code::Internal, "Something failed on our side.");
            return Answer { status: StatusCode::INTERNAL_SERVER_ERROR, media, body, banner: None, request: None };
        }
    };
    let Some(query) = call.query.take() else {
        let body = error_body(Code::BadUserInput, "The request has no `query`.");
        return Answer { status: StatusCode::BAD_REQUEST, media, body, banner: None, request: Some(op.request) };
    };
    let mut request = Request::new(query).variables(call.take_variables()).data(Arc::clone(&op));
    request.operation_name = call.operation_name.take();
    match request.parsed_query() {
        Ok(document)
            if !caller.may_mutate
                && document.operations.iter().any(|(_, one)| one.node.ty != async_graphql::parser::types::OperationType::Query) =>
        {
            let body = error_body(Code::BadUserInput, "GET is for queries; send this by POST.");
            return Answer { status: StatusCode::METHOD_NOT_ALLOWED, media, body, banner: None, request: Some(op.request) };
        }
        _ => {}
    }
    let response = gate.schema.execute(request).await;
    let understood = response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
    let status = if understood || caller.media == Media::Json { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let body = serde_json::to_vec(&response).unwrap_or_default();
    Answer { status, media, body, banner: Some(op.trace().marking.banner(&op.snapshot.document.compartments)), request: Some(op.request) }
}
