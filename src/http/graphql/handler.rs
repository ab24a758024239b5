//! `/graphql`: from the request's bytes to the answer's.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts},
};

use super::{
    accept::{Media, negotiate},
    body::{self, Unreadable},
    call::{Call, Calls},
    multipart,
    operation::{self, Caller},
    reply::Reply,
};
use crate::{
    app::Limits,
    domain::{Subject, SubjectKind},
    http::{
        Gate,
        answer::{Answer, error_body},
        authenticate::authenticate,
        caller,
    },
    policy::{Code, Refusal},
};

/// Queries by GET; a mutation is refused with 405.
pub(in crate::http) async fn get(state: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    serve(state.0, peer.0, request).await
}

/// Operations by POST.
pub(in crate::http) async fn post(state: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    serve(state.0, peer.0, request).await
}

async fn serve(gate: Arc<Gate>, peer: SocketAddr, request: Request) -> Response<Body> {
    let _under_way = gate.metrics.begin();
    let (parts, body) = request.into_parts();
    let Some(media) = negotiate(&parts.headers) else {
        let wanted = error_body(Code::BadUserInput, "Accept application/graphql-response+json or application/json.");
        return Answer { status: StatusCode::NOT_ACCEPTABLE, media: Media::Json.name(), body: wanted, marked: None, request: None }
            .into_response();
    };
    let client = caller::client(&gate.settings, peer, &parts.headers);
    let mut caller = Caller {
        subject: Subject::ANONYMOUS,
        client,
        purpose: None,
        media,
        may_mutate: parts.method == Method::POST,
        began: gate.core.now(),
    };
    let calls = match open(&gate, &mut caller, &parts, body).await {
        Ok(calls) => calls,
        Err(reply) => return operation::refuse(&gate, &caller, reply).await.into_response(),
    };
    // A change is seen through although the caller may hang up meanwhile; a query is not worth that.
    let answer = if calls.iter().any(Call::may_change) {
        let work = tokio::spawn(async move { all(&gate, &caller, calls).await });
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an operation ended unexpectedly");
            let body = error_body(Code::Internal, "Something failed on our side.");
            Answer { status: StatusCode::INTERNAL_SERVER_ERROR, media: media.name(), body, marked: None, request: None }
        })
    } else {
        all(&gate, &caller, calls).await
    };
    let wrong_method = answer.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = answer.into_response();
    if wrong_method {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// Who asks, for what purpose, and what for: in this order, so that a stranger's body is hardly read.
async fn open(gate: &Gate, caller: &mut Caller, parts: &Parts, body: Body) -> Result<Calls, Reply> {
    caller.subject = match authenticate(gate, &parts.headers).await {
        Ok(subject) => subject,
        Err(error) => {
            if error.code() == Code::Internal {
                tracing::error!(cause = %error, "could not authenticate");
            }
            return Err(Reply::refused(Refusal::new(error.code(), error.outward())));
        }
    };
    caller.purpose = caller::purpose(&parts.headers).map_err(Reply::refused)?;
    let (limits, anonymous) = (&gate.core.limits, caller.subject.kind() == SubjectKind::Anonymous);
    let calls = if parts.method == Method::POST {
        posted(&parts.headers, body, anonymous, limits).await
    } else {
        body::from_query(&parts.uri, if anonymous { limits.anonymous_body_size } else { limits.body_size })
    };
    calls.map_err(|Unreadable(status, message)| Reply::with_status(status, Refusal::bad_input(message)))
}

/// What a post asks for. Only somebody who has signed in may upload.
async fn posted(headers: &HeaderMap, body: Body, anonymous: bool, limits: &Limits) -> Result<Calls, Unreadable> {
    if body::media_type(headers)? == "multipart/form-data" {
        if anonymous {
            return Err(Unreadable(StatusCode::UNAUTHORIZED, "Sign in first, and send the access token.".into()));
        }
        return multipart::read(headers, body, limits).await;
    }
    let limit = if anonymous { limits.anonymous_body_size } else { limits.body_size };
    let read = tokio::time::timeout(Duration::from_millis(limits.request_time), body::read(body, limit)).await;
    let bytes = read.map_err(|_| Unreadable(StatusCode::REQUEST_TIMEOUT, "The body took too long.".into()))??;
    body::from_json(&bytes, limits.batch)
}

/// Answers the calls, those of a batch one after the other: a later one may build on an earlier one.
async fn all(gate: &Gate, caller: &Caller, calls: Calls) -> Answer {
    // Closed never: the semaphore lives as long as the gate.
    let _turn = gate.turns.acquire().await;
    match calls {
        Calls::One(call) => operation::answer(gate, caller, *call).await,
        Calls::Batch(calls) => {
            let mut answers = Vec::with_capacity(calls.len());
            for call in calls {
                answers.push(operation::answer(gate, caller, call).await);
            }
            batch(caller.media, answers)
        }
    }
}

/// The answers of a batch as one: their status if they agree, else 200; each carries its own marking and receipt.
fn batch(media: Media, answers: Vec<Answer>) -> Answer {
    let status = match answers.first() {
        Some(first) if answers.iter().all(|answer| answer.status == first.status) => first.status,
        _ => StatusCode::OK,
    };
    let request = answers.first().and_then(|answer| answer.request);
    let marked = answers.iter().filter_map(|answer| answer.marked.clone());
    let marked = marked.reduce(|(sum, _), (marking, snapshot)| (sum.join(marking), snapshot));
    let bodies: Vec<&[u8]> = answers.iter().map(|answer| answer.body.as_slice()).collect();
    let mut body = vec![b'['];
    body.extend_from_slice(&bodies.join(&b','));
    body.push(b']');
    Answer { status, media: media.name(), body, marked, request }
}
