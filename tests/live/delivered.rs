//! What comes, and the record of it.

use serde_json::json;

use crate::{
    WATCH, ask,
    clients::{Events, Socket},
    names, nodes, only, opened, subscriptions,
    support::{
        Backend, World, company,
        ledger::{self, LedgerCopy},
        on_both_backends,
    },
};

on_both_backends!(every_event_has_its_record, |world| async {
    let (auditor, rep) = (world.caller(company::AUDITOR).await, world.caller(company::REP).await);
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    assert!(events.headers["cache-control"] == "no-store" && events.headers["x-confidentiality"] == "PUBLIC");
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("1", WATCH, only(company::REP)).await;
    opened(&world, 2).await;
    let mut receipts = Vec::new();
    for name in ["One", "Two", "Three"] {
        ask(&world.caller(company::MANAGER).await, "Other").await;
        ask(&rep, name).await;
        let event = events.event().await;
        assert_eq!(names(&event), [name], "{event}");
        assert_eq!(nodes(&event)[0]["subject"]["person"]["name"], "Rita Rep");
        assert!(event["extensions"]["confidentiality"]["banner"].is_string(), "{event}");
        receipts.push(ledger::receipt(&event).expect("a receipt with every event"));
    }
    for name in ["One", "Two", "Three"] {
        let event = socket.event("1").await;
        assert_eq!(names(&event), [name], "{event}");
        receipts.push(ledger::receipt(&event).expect("a receipt with every event"));
    }
    let (copy, key) = (LedgerCopy::read(&world.home).await, ledger::public_key(&world.home));
    for receipt in &receipts {
        let record = copy.promised(receipt, &key).record;
        assert_eq!((record.subject.person, record.rows), (Some(company::AUDITOR.id), 1));
        assert_eq!((record.operation.kind.name(), record.reasons.as_slice()), ("SUBSCRIPTION", &["delivered".to_owned()][..]));
        assert!(record.detail.is_some(), "what was answered is committed to");
    }
    let logged = subscriptions(&world).await;
    let delivered = logged.iter().filter(|record| record["reasons"] == json!(["delivered"])).count();
    assert_eq!((logged.len(), delivered), (receipts.len() + 2, receipts.len()), "{logged:?}");
    assert!(logged.iter().all(|record| record["operationName"] == "Watch" && record["decision"] == "ALLOWED"));
});

on_both_backends!(deliveries_are_not_told_of, |world| async {
    let (auditor, rep) = (world.caller(company::AUDITOR).await, world.caller(company::REP).await);
    let mut first = Events::open(&auditor, WATCH, json!({})).await;
    let mut second = Events::open(&auditor, WATCH, json!({})).await;
    for name in ["One", "Two", "Last"] {
        ask(&rep, name).await;
        for events in [&mut first, &mut second] {
            let mut told = Vec::new();
            while told.last().is_none_or(|told| told != name) {
                let event = events.event().await;
                for node in nodes(&event) {
                    assert_eq!(node["reasons"], json!([]), "{node}");
                    told.push(node["operationName"].as_str().unwrap_or_default().to_owned());
                }
            }
            // The first of them also hears that the second was opened.
            told.retain(|told| told != "Watch");
            assert_eq!(told, [name]);
        }
    }
});

on_both_backends!(whoever_comes_back_goes_on, |world| async {
    let (auditor, rep) = (world.caller(company::AUDITOR).await, world.caller(company::REP).await);
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    ask(&rep, "Zero").await;
    let cursor = events.event().await["data"]["newAccessRecords"]["pageInfo"]["endCursor"].clone();
    drop(events);
    for number in 1..=5 {
        ask(&rep, &format!("Q{number}")).await;
    }
    let mut variables = only(company::REP);
    variables["after"] = cursor;
    variables["first"] = json!(2);
    let mut events = Events::open(&auditor, WATCH, variables.clone()).await;
    let mut told = Vec::new();
    while told.len() < 5 {
        let event = events.event().await;
        assert!(nodes(&event).len() <= 2);
        variables["after"] = event["data"]["newAccessRecords"]["pageInfo"]["endCursor"].clone();
        told.extend(names(&event).into_iter().map(str::to_owned));
    }
    assert_eq!(told, ["Q1", "Q2", "Q3", "Q4", "Q5"]);
    let mut socket = Socket::open(&auditor).await;
    socket.subscribe("again", WATCH, variables).await;
    opened(&world, 3).await;
    ask(&rep, "Q6").await;
    assert_eq!(names(&socket.event("again").await), ["Q6"]);
    assert_eq!(names(&events.event().await), ["Q6"]);
});

on_both_backends!(what_another_server_records_comes_too, |world| async {
    let sibling = world.sibling().await;
    let mut auditor = world.caller(company::AUDITOR).await;
    auditor.url = sibling.url.clone();
    let mut events = Events::open(&auditor, WATCH, only(company::REP)).await;
    ask(&world.caller(company::REP).await, "Elsewhere").await;
    let mut told = Vec::new();
    while !told.iter().any(|name| name == "Elsewhere") {
        told.extend(names(&events.event().await).into_iter().map(str::to_owned));
    }
});

on_both_backends!(who_may_not_read_the_log_may_not_watch_it, |world| async {
    for member in [company::REP, company::ADMIN, company::NEWCOMER] {
        let caller = world.caller(member).await;
        let mut events = Events::open(&caller, WATCH, json!({})).await;
        let refused = events.event().await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
        assert!(refused["data"]["newAccessRecords"].is_null());
        events.completes().await;
        let mut socket = Socket::open(&caller).await;
        socket.subscribe("1", WATCH, json!({})).await;
        assert_eq!(socket.error("1").await, "FORBIDDEN");
    }
    let denied = subscriptions(&world).await;
    assert_eq!(denied.len(), 6, "{denied:?}");
    assert!(denied.iter().all(|record| record["decision"] == "DENIED" && record["code"] == "FORBIDDEN"));
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_not_opened() {
    let world = World::start(Backend::Sqlite).await;
    let auditor = world.caller(company::AUDITOR).await;
    let mut socket = Socket::open(&auditor).await;
    world.core.recorder.kill();
    let body = json!({ "query": WATCH, "variables": {} });
    let request = auditor.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
    let answer = auditor.send(request.json(&body)).await;
    assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")), "{}", answer.text);
    socket.subscribe("1", WATCH, json!({})).await;
    assert_eq!(socket.error("1").await, "AUDIT_UNAVAILABLE");
}
