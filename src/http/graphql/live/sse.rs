//! Subscriptions as server-sent events, in the *distinct connections mode* of GraphQL over Server-Sent Events
//! (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): one request, one stream.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::subscription::{Found, Subscription, Wake};
use crate::http::{
    Gate,
    answer::Answer,
    graphql::{call::Call, caller::Caller, operation},
};

/// A comment, which tells whoever waits, and the proxies between, that the stream lives.
const ALIVE: &[u8] = b":\n\n";
/// The last event.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Opens a subscription and answers with its events. What is wrong with the operation itself is told in the stream, as the
/// protocol wants; that there is no place for it, by the status.
pub(in crate::http::graphql) async fn answer(gate: Arc<Gate>, caller: Caller, token: String, call: Call) -> Response<Body> {
    let place = match gate.places.take(&caller.subject) {
        Ok(place) => place,
        Err(reply) => return operation::refuse(&gate, &caller, reply).await.into_response(),
    };
    let heartbeat = Duration::from_secs(gate.subscriptions.heartbeat);
    match Subscription::open(gate, caller, token, call, place).await {
        Ok((subscription, opened)) => {
            let alive = stream::once(async { Ok(Bytes::from_static(ALIVE)) });
            events(Body::from_stream(alive.chain(told(subscription, heartbeat))), opened)
        }
        Err(busy) if busy.status == StatusCode::SERVICE_UNAVAILABLE => busy.into_response(),
        Err(refused) => events(Body::from(last(&refused)), refused),
    }
}

/// The events, each made when the connection has taken the one before: who reads slowly is behind, and loses nothing.
fn told(subscription: Subscription, heartbeat: Duration) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(Some(subscription), move |open| async move {
        let mut subscription = open?;
        let quiet_until = Instant::now() + heartbeat;
        loop {
            let wake = tokio::select! {
                wake = subscription.wait() => wake,
                () = tokio::time::sleep_until(quiet_until) => return Some((Ok(Bytes::from_static(ALIVE)), Some(subscription))),
            };
            if wake == Wake::Over {
                return Some((Ok(Bytes::from_static(COMPLETE)), None));
            }
            match subscription.look().await {
                Found::Nothing => {}
                Found::Event(result) => return Some((Ok(next(&result).into()), Some(subscription))),
                Found::Ended(answer) => return Some((Ok(last(&answer).into()), None)),
            }
        }
    })
}

/// A stream of events in place of the body of the answer to opening it.
fn events(body: Body, opening: Answer) -> Response<Body> {
    let mut response = opening.into_response();
    *response.body_mut() = body;
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.remove(header::WWW_AUTHENTICATE);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    // nginx would keep events back to fill its buffers.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// A `next` event. JSON as we write it has no line breaks.
fn next(result: &[u8]) -> Vec<u8> {
    [b"event: next\ndata: ", result, b"\n\n"].concat()
}

/// The errors that end a stream, and its end.
fn last(answer: &Answer) -> Vec<u8> {
    [&next(&answer.body), COMPLETE].concat()
}
