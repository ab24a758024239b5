//! How streams end: by what no longer holds, by their time, by the server's end; and how many there may be.

use serde_json::{Value, json};

use crate::{
    WATCH, ask,
    clients::{Events, Socket},
    names, only, opened, subscriptions,
    support::{Backend, Caller, World, company, on_both_backends},
};

/// An event comes, so that the subscription is known to be open.
async fn event(world: &World, events: &mut Events) {
    ask(&world.caller(company::REP).await, "Open").await;
    assert_eq!(names(&events.event().await), ["Open"]);
}

async fn ends_with(events: &mut Events, code: &str) {
    let last = events.event().await;
    assert_eq!(last["errors"][0]["extensions"]["code"], code, "{last}");
    assert!(last["data"]["newAccessRecords"].is_null(), "{last}");
    events.completes().await;
}

async fn do_as_admin(world: &World, document: &str, variables: Value) {
    world.caller(company::ADMIN).await.graphql(document, variables).await.data();
}

on_both_backends!(what_no_longer_holds_ends_a_stream, |world| async {
    // The session.
    let auditor = world.caller(company::AUDITOR).await;
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    opened(&world, 2).await;
    event(&world, &mut events).await;
    assert_eq!(names(&socket.event("1").await), ["Open"]);
    auditor.graphql("mutation { signOut { ended } }", json!({})).await.data();
    ask(&world.caller(company::REP).await, "Unseen").await;
    ends_with(&mut events, "UNAUTHENTICATED").await;
    assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
    assert_eq!(socket.closed().await, Some(4403));
    let denied = subscriptions(&world).await;
    let denied: Vec<_> = denied.iter().filter(|record| record["decision"] == "DENIED").collect();
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert!(denied.iter().all(|record| record["code"] == "UNAUTHENTICATED" && record["rows"] == 0), "{denied:?}");

    // The account.
    let mut events = Events::open(&world.caller(company::AUDITOR).await, WATCH, only(company::REP)).await;
    event(&world, &mut events).await;
    let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
    do_as_admin(&world, lock, json!({ "input": { "id": company::AUDITOR.id.to_string() } })).await;
    ends_with(&mut events, "UNAUTHENTICATED").await;
});

on_both_backends!(a_revoked_grant_ends_a_stream, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    opened(&world, 2).await;
    event(&world, &mut events).await;
    assert_eq!(names(&socket.event("1").await), ["Open"]);
    let held = "{ grants(first: 100) { nodes { id role } } }";
    let held = world.caller(company::ADMIN).await.graphql(held, json!({})).await;
    let grants = held.data()["grants"]["nodes"].as_array().unwrap();
    let held = grants.iter().find(|grant| grant["role"] == company::AUDITOR.role).unwrap();
    let revoke = "mutation($input: GrantIdInput!) { revokeGrant(input: $input) { grant { state } } }";
    do_as_admin(&world, revoke, json!({ "input": { "id": held["id"] } })).await;
    ask(&world.caller(company::REP).await, "Unseen").await;
    ends_with(&mut events, "FORBIDDEN").await;
    assert_eq!(socket.error("1").await, "FORBIDDEN");
    // Who they are still holds, so the connection does.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
});

on_both_backends!(an_expired_token_ends_a_stream, |world| async {
    let mut events = Events::open(&world.caller(company::AUDITOR).await, WATCH, only(company::REP)).await;
    event(&world, &mut events).await;
    world.clock.advance_seconds(world.settings.auth.access_token_seconds + 1);
    ends_with(&mut events, "UNAUTHENTICATED").await;
});

on_both_backends!(the_end_of_the_server_completes_them, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    opened(&world, 2).await;
    event(&world, &mut events).await;
    assert_eq!(names(&socket.event("1").await), ["Open"]);
    let reading = tokio::spawn(async move {
        events.completes().await;
        assert_eq!(socket.message().await, json!({ "id": "1", "type": "complete" }));
        assert_eq!(socket.closed().await, Some(1001));
    });
    let began = std::time::Instant::now();
    let _home = world.shutdown().await;
    assert!(began.elapsed().as_secs() < 25, "nothing should have to be given up");
    reading.await.unwrap();
});

on_both_backends!(
    a_life_has_an_end,
    settings | settings | {
        settings.subscriptions.lifetime = 1;
    },
    |world| async {
        Events::open(&world.caller(company::AUDITOR).await, WATCH, only(company::REP)).await.completes().await;
    }
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_of_life() {
    let quick = |settings: &mut leadkeep::config::Settings| {
        settings.subscriptions.heartbeat = 1;
        // Long enough for three even where the machine is busy with other things.
        settings.subscriptions.lifetime = 8;
    };
    let world = World::with(Backend::Sqlite, quick).await;
    let auditor = world.caller(company::AUDITOR).await;
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    assert_eq!(socket.got().await, crate::clients::Got::Ping);
    events.completes().await;
    assert!(events.comments >= 3, "{}", events.comments);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_may_be_so_many() {
    let few = |settings: &mut leadkeep::config::Settings| {
        settings.subscriptions.each = 2;
        settings.subscriptions.total = 2;
        settings.subscriptions.heartbeat = 1;
    };
    let world = World::with(Backend::Sqlite, few).await;
    let auditor = world.caller(company::AUDITOR).await;
    let refused = async |caller: &Caller| {
        let request = caller.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
        let answer = caller.send(request.json(&json!({ "query": WATCH }))).await;
        (answer.status, answer.code().map(str::to_owned))
    };
    let quota = |status: u16| (status, Some("QUOTA_EXCEEDED".to_owned()));
    let one = Events::open(&auditor, WATCH, json!({})).await;
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    opened(&world, 2).await;
    ask(&world.caller(company::REP).await, "Open").await;
    socket.event("1").await;
    // The server has no more places.
    assert_eq!(refused(&auditor).await, quota(503));
    socket.subscribe("2", WATCH, json!({})).await;
    assert_eq!(socket.error("2").await, "QUOTA_EXCEEDED");
    drop(one);
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    // Both places come back as soon as the server has noticed.
    for id in ["3", "4"] {
        loop {
            socket.subscribe(id, WATCH, json!({ "filter": { "operationName": "None" } })).await;
            socket.say(json!({ "type": "ping" })).await;
            if socket.message().await["type"] == "pong" {
                break;
            }
            socket.message().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_subject_may_have_so_many() {
    let world = World::with(Backend::Sqlite, |settings| settings.subscriptions.each = 1).await;
    let auditor = world.caller(company::AUDITOR).await;
    let _one = Events::open(&auditor, WATCH, json!({})).await;
    let request = auditor.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
    let answer = auditor.send(request.json(&json!({ "query": WATCH }))).await;
    assert_eq!((answer.status, answer.code()), (429, Some("QUOTA_EXCEEDED")), "{}", answer.text);
}
