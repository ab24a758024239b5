//! `/graphql`: from the request's bytes to the answer's.

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts},
};
use futures_util::FutureExt;

use super::{
    accept::{Media, negotiate},
    body::{self, Unreadable},
    call::{Call, Calls},
    caller::Caller,
    entry, live, multipart, operation,
    reply::Reply,
};
use crate::{
    domain::{Subject, SubjectKind},
    http::{
        Gate,
        answer::Answer,
        authenticate::{authenticate, bearer},
        caller,
    },
    policy::{Code, Refusal},
};

/// Queries by GET, operations by POST; everything else is refused, and recorded like them.
pub(in crate::http) async fn serve(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let _under_way = gate.metrics.begin();
    let (parts, body) = request.into_parts();
    let media = negotiate(&parts.headers);
    if let Some(withheld) = operation::unrecordable(&gate, media.unwrap_or(Media::Json)) {
        body::discard(body, gate.core.limits.body_size).await;
        return withheld.into_response();
    }
    let mut caller = Caller {
        subject: Subject::ANONYMOUS,
        client: caller::client(&gate.settings, peer, &parts.headers),
        purpose: None,
        media: media.unwrap_or(Media::Json),
        may_mutate: parts.method == Method::POST,
        began: gate.core.now(),
    };
    if live::is_upgrade(&parts) {
        return live::upgrade(gate, caller, parts).await;
    }
    let opened = AssertUnwindSafe(open(&gate, &mut caller, &parts, media, body)).catch_unwind().await;
    let answer = match opened.unwrap_or_else(|_| Err(Reply::refused(operation::broken()))) {
        Ok(calls) if caller.media == Media::Events => match subscriber(&parts.headers, calls) {
            Ok((token, call)) => return live::answer(gate, caller, token, call).await,
            Err(reply) => operation::refuse(&gate, &caller, reply).await,
        },
        Ok(calls) => answer(gate, caller, calls).await,
        Err(reply) => operation::refuse(&gate, &caller, reply).await,
    };
    let wrong_method = answer.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = answer.into_response();
    if wrong_method {
        // By GET only a mutation is refused so.
        let allowed = if is_get(&parts.method) { "POST" } else { "GET, HEAD, POST" };
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

fn is_get(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The token and the one call of somebody who wants events.
fn subscriber(headers: &HeaderMap, calls: Calls) -> Result<(String, Call), Reply> {
    let token = bearer(headers).map_err(Reply::refused)?.ok_or_else(|| Reply::refused(entry::closed()))?;
    match calls {
        Calls::One(call) => Ok((token.to_owned(), *call)),
        Calls::Batch(_) => Err(Reply::refused(Refusal::bad_input("Subscribe to one thing in one request."))),
    }
}

/// A change is seen through although the caller may hang up meanwhile; a query is not worth that.
async fn answer(gate: Arc<Gate>, caller: Caller, calls: Calls) -> Answer {
    let (may_change, caller) = (calls.iter().any(Call::may_change), Arc::new(caller));
    let (its_gate, its_caller) = (Arc::clone(&gate), Arc::clone(&caller));
    let all = async move { all(&its_gate, &its_caller, calls).await };
    let answered = if may_change {
        tokio::spawn(all).await.map_err(|error| error.to_string())
    } else {
        AssertUnwindSafe(all).catch_unwind().await.map_err(|_| "panicked".to_owned())
    };
    match answered {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "an operation ended unexpectedly");
            operation::refuse(&gate, &caller, Reply::refused(operation::broken())).await
        }
    }
}

/// Who asks, for what purpose, and what for: in this order, so that a stranger's body is hardly read.
async fn open(gate: &Gate, caller: &mut Caller, parts: &Parts, media: Option<Media>, body: Body) -> Result<Calls, Reply> {
    caller.subject = authenticate(gate, &parts.headers).await.map_err(|error| Reply::unknown(&error))?;
    caller.purpose = caller::purpose(&parts.headers).map_err(Reply::refused)?;
    let cannot = |status, message| Err(Reply::with_status(status, Refusal::bad_input(message)));
    if media.is_none() {
        return cannot(
            StatusCode::NOT_ACCEPTABLE,
            "Accept application/graphql-response+json or application/json, or text/event-stream to subscribe.",
        );
    }
    let (limits, anonymous) = (&gate.core.limits, caller.subject.kind() == SubjectKind::Anonymous);
    let calls = if parts.method == Method::POST {
        posted(gate, caller, &parts.headers, body).await
    } else if is_get(&parts.method) {
        body::from_query(&parts.uri, if anonymous { limits.anonymous_body_size } else { limits.body_size })
    } else {
        return cannot(StatusCode::METHOD_NOT_ALLOWED, "Ask by GET or POST.");
    };
    calls.map_err(|Unreadable(status, message)| match status {
        StatusCode::SERVICE_UNAVAILABLE => Reply::busy(),
        StatusCode::UNAUTHORIZED => Reply::refused(Refusal::new(Code::Unauthenticated, message)),
        StatusCode::INSUFFICIENT_STORAGE => Reply::with_status(status, Refusal::new(Code::Internal, message)),
        _ => Reply::with_status(status, Refusal::bad_input(message)),
    })
}

/// What a post asks for. Only somebody who has signed in may upload.
async fn posted(gate: &Gate, caller: &Caller, headers: &HeaderMap, body: Body) -> Result<Calls, Unreadable> {
    let (limits, anonymous) = (&gate.core.limits, caller.subject.kind() == SubjectKind::Anonymous);
    if body::media_type(headers)? == "multipart/form-data" {
        if anonymous {
            return Err(Unreadable(StatusCode::UNAUTHORIZED, "Sign in first, and send the access token.".into()));
        }
        return body::within(limits.upload_time, multipart::read(gate, caller, headers, body)).await;
    }
    let limit = if anonymous { limits.anonymous_body_size } else { limits.body_size };
    let bytes = body::within(limits.request_time, body::read(body, limit)).await?;
    body::from_json(&bytes, limits.batch)
}

/// Answers the calls, those of a batch one after the other: a later one may build on an earlier one.
async fn all(gate: &Gate, caller: &Caller, calls: Calls) -> Answer {
    let patience = Duration::from_millis(gate.core.limits.request_time);
    // Closed never: the semaphore lives as long as the gate.
    let Ok(_turn) = tokio::time::timeout(patience, gate.turns.acquire()).await else {
        return operation::refuse(gate, caller, Reply::busy()).await;
    };
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
