//! The WebSocket protocol at its edges.

use serde_json::json;

use crate::{
    WATCH, ask,
    clients::{Events, Socket},
    names, only, opened,
    support::{Backend, World, company},
};

async fn close_code(world: &World, messages: &[serde_json::Value]) -> Option<u16> {
    let mut socket = Socket::silent(&world.url).await;
    for message in messages {
        socket.say(message.clone()).await;
    }
    socket.closed().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_codes() {
    let world = World::with(Backend::Sqlite, |settings| settings.http.header_time = 2).await;
    let auditor = world.caller(company::AUDITOR).await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", auditor.token.clone().unwrap()) } });
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": WATCH } });
    let forged = json!({ "type": "connection_init", "payload": { "Authorization": "Bearer nonsense" } });
    for (messages, code) in [
        (vec![], 4408),
        (vec![json!({ "type": "start" })], 4400),
        (vec![json!({ "type": "ping" }), json!([])], 4400),
        (vec![subscribe.clone()], 4401),
        (vec![json!({ "type": "connection_init" })], 4403),
        (vec![forged], 4403),
        (vec![init.clone(), init.clone()], 4429),
        (vec![init.clone(), subscribe.clone(), subscribe.clone()], 4409),
        (vec![init.clone()], 1000),
        (vec![init.clone(), subscribe.clone(), json!({ "type": "complete", "id": "1" })], 1000),
    ] {
        assert_eq!(close_code(&world, &messages).await, Some(code), "{messages:?}");
    }
    let mut socket = Socket::silent(&world.url).await;
    socket.say_bytes().await;
    assert_eq!(socket.closed().await, Some(4400));
    let token = bearer(&auditor);
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", token.as_str())];
    let mut twice = Socket::connect(&world.url, &headers).await.unwrap();
    twice.say(init).await;
    assert_eq!(twice.closed().await, Some(4403), "the token stands there twice");
}

fn bearer(caller: &crate::support::Caller) -> String {
    format!("Bearer {}", caller.token.as_deref().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_connect() {
    let world = World::with(Backend::Sqlite, |settings| settings.subscriptions.origins = vec!["https://apps.example.com".into()]).await;
    let auditor = world.caller(company::AUDITOR).await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (headers, refused) in [
        (vec![protocol], None),
        (vec![protocol, ("origin", world.url.as_str())], None),
        (vec![protocol, ("origin", "https://apps.example.com")], None),
        (vec![protocol, ("origin", "https://evil.example")], Some(403)),
        (vec![protocol, ("origin", "null")], Some(403)),
        (vec![], Some(400)),
        (vec![("sec-websocket-protocol", "graphql-ws")], Some(400)),
        (vec![protocol, ("authorization", "Bearer nonsense")], Some(401)),
        (vec![protocol, ("authorization", &bearer(&auditor))], None),
    ] {
        assert_eq!(Socket::connect(&world.url, &headers).await.err(), refused, "{headers:?}");
    }
    let mut socket = Socket::connect(&world.url, &[protocol, ("authorization", &bearer(&auditor))]).await.unwrap();
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
    let refused = "{ accessLog(first: 5, filter: { decision: DENIED, code: \"FORBIDDEN\" }) { edges { node { code } } } }";
    let logged = auditor.graphql(refused, json!({})).await;
    assert_eq!(logged.data()["accessLog"]["edges"].as_array().unwrap().len(), 2, "refusals of pages are recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_subscriptions_and_only_here() {
    let world = World::start(Backend::Sqlite).await;
    let auditor = world.caller(company::AUDITOR).await;
    let mut socket = Socket::open(&auditor).await;
    let two = "subscription { a: newAccessRecords { pageInfo { endCursor } } b: newAccessRecords { pageInfo { endCursor } } }";
    let maybe = "subscription { newAccessRecords @include(if: true) { pageInfo { endCursor } } }";
    let many = "subscription { newAccessRecords(first: 501) { pageInfo { endCursor } } }";
    let wrong = [
        "{ viewer { kind } }",
        "mutation { signOut { ended } }",
        "subscription { nonsense }",
        "subscription { __typename }",
        "subscription {",
        two,
        maybe,
        many,
    ];
    for (number, document) in wrong.into_iter().enumerate() {
        let id = number.to_string();
        socket.subscribe(&id, document, json!({})).await;
        assert_eq!(socket.error(&id).await, "BAD_USER_INPUT", "{document}");
        let mut events = Events::open(&auditor, document, json!({})).await;
        assert_eq!(events.event().await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{document}");
        events.completes().await;
    }
    assert_eq!(auditor.graphql("{ viewer { kind } }", json!({})).await.status, 200, "nobody was signed out");
    let posted = auditor.graphql(WATCH, json!({})).await;
    assert_eq!((posted.status, posted.code()), (200, Some("BAD_USER_INPUT")), "as whatever cannot be executed here");
    let stranger = world.anonymous();
    let request = stranger.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
    assert_eq!(stranger.send(request.json(&json!({ "query": WATCH }))).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_can_be_used_again() {
    let world = World::start(Backend::Sqlite).await;
    let (auditor, rep) = (world.caller(company::AUDITOR).await, world.caller(company::REP).await);
    let mut socket = Socket::open(&auditor).await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.say(json!({ "type": "pong" })).await;
    let fragment = "subscription S($filter: AccessLogFilter) { ...Root } fragment Root on Subscription {
        newAccessRecords(filter: $filter) { edges { node { operationName } } } }";
    for name in ["One", "Two"] {
        socket.subscribe("same", fragment, only(company::REP)).await;
        opened(&world, if name == "One" { 1 } else { 2 }).await;
        ask(&rep, name).await;
        assert_eq!(names(&socket.event("same").await), [name]);
        socket.say(json!({ "type": "complete", "id": "same" })).await;
    }
}
