//! `/graphql`: from the request's bytes to the answer's.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};

use super::{
    accept::{Media, negotiate},
    body::{self, Unreadable},
    call::Calls,
    multipart,
    operation::{self, Caller},
};
use crate::{
    app::Limits,
    domain::SubjectKind,
    http::{
        Gate,
        answer::{Answer, error_body},
        authenticate::authenticate,
        caller,
    },
    policy::Code,
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
    let (parts, body) = request.into_parts();
    let Some(media) = negotiate(&parts.headers) else {
        let wanted = Unreadable(StatusCode::NOT_ACCEPTABLE, "Accept application/graphql-response+json or application/json.".into());
        return unreadable(Media::Json, wanted);
    };
    let subject = match authenticate(&gate, &parts.headers).await {
        Ok(subject) => subject,
        Err(error) => {
            let body = error_body(error.code(), &error.outward());
            return Answer { status: StatusCode::UNAUTHORIZED, media: media.name(), body, banner: None, request: None }.into_response();
        }
    };
    let limits = &gate.core.limits;
    let anonymous = subject.kind() == SubjectKind::Anonymous;
    let calls =
        if parts.method == Method::POST { posted(&parts.headers, body, anonymous, limits).await } else { body::from_query(&parts.uri) };
    let calls = match calls {
        Ok(calls) => calls,
        Err(error) => return unreadable(media, error),
    };
    let purpose = match caller::purpose(&parts.headers) {
        Ok(purpose) => purpose,
        Err(refusal) => return unreadable(media, Unreadable(StatusCode::BAD_REQUEST, refusal.message.into_owned())),
    };
    let client = caller::client(&gate.settings, peer, &parts.headers);
    let caller = Caller { subject, client, purpose, media, may_mutate: parts.method == Method::POST };
    let answer = match calls {
        Calls::One(call) => operation::answer(&gate, &caller, *call).await,
        Calls::Batch(calls) => {
            let mut answers = Vec::with_capacity(calls.len());
            for call in calls {
                answers.push(operation::answer(&gate, &caller, call).await);
            }
            batch(media, answers)
        }
    };
    let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = answer.into_response();
    if refused {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// What a post asks for. Only somebody who has signed in, and so has the larger limit, may upload.
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

/// The answers of a batch as one: 200 unless none of them could be recorded.
fn batch(media: Media, answers: Vec<Answer>) -> Answer {
    let mut body = vec![b'['];
    let status = match answers.first() {
        Some(first) if answers.iter().all(|answer| answer.status == first.status) => first.status,
        _ => StatusCode::OK,
    };
    let request = answers.first().and_then(|answer| answer.request);
    for (number, answer) in answers.into_iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&answer.body);
    }
    body.push(b']');
    Answer { status, media: media.name(), body, banner: None, request }
}

fn unreadable(media: Media, Unreadable(status, message): Unreadable) -> Response<Body> {
    Answer { status, media: media.name(), body: error_body(Code::BadUserInput, &message), banner: None, request: None }.into_response()
}
