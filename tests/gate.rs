//! The gate itself: whatever a request comes to, its answer is marked and recorded; nobody can hold the gate by being slow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::time::Duration;

use leadkeep::{audit::record::Decision, domain::Id, policy::Code};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    Answer, Backend, Caller, PATIENCE, Table, World, company,
    ledger::{self, LedgerCopy},
    on_both_backends,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// The answer is marked, and the record of its request says this.
async fn recorded(world: &World, answer: &Answer, decision: Decision, code: Option<Code>) {
    assert!(answer.header("x-confidentiality").is_some_and(|banner| !banner.is_empty()), "{} {}", answer.status, answer.text);
    let request: Id = answer.header("x-request-id").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text)).parse().unwrap();
    let records = LedgerCopy::read(&world.home).await.of_request(request);
    let found: Vec<_> = records.iter().map(|entry| (entry.record.decision, entry.record.code)).collect();
    assert_eq!(found, [(decision, code)], "{} {}", answer.status, answer.text);
}

on_both_backends!(every_answer_is_marked_and_recorded, |world| async {
    let (rep, stranger) = (world.caller(company::REP).await, world.anonymous());
    let query = |caller: &Caller| caller.request(Method::POST, "/graphql").json(&json!({ "query": "{__typename}" }));
    let text = |body: &str, media: &str| rep.request(Method::POST, "/graphql").header("content-type", media).body(body.to_owned());
    let form = |pairs: &[(&str, &str)]| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        stranger.request(Method::POST, "/auth/token").header("content-type", "application/x-www-form-urlencoded").body(body.finish())
    };
    let app = [("grant_type", "client_credentials"), ("client_id", company::CLIENT_ID), ("client_secret", world.client_secret.as_str())];
    let unknown = [("grant_type", "client_credentials"), ("client_id", "nobody"), ("client_secret", "x")];
    let (bad, unauthenticated) = (Some(Code::BadUserInput), Some(Code::Unauthenticated));
    let cases = [
        (200, Decision::Allowed, None, query(&rep)),
        (406, Decision::Invalid, bad, query(&rep).header("accept", "text/html")),
        (406, Decision::Invalid, bad, query(&stranger).header("accept", "text/html")),
        (405, Decision::Invalid, bad, rep.request(Method::PUT, "/graphql")),
        (405, Decision::Invalid, bad, rep.request(Method::GET, "/graphql?query=mutation%7BsignOut%7B__typename%7D%7D")),
        (415, Decision::Invalid, bad, text("{}", "text/plain")),
        (413, Decision::Invalid, bad, text(&" ".repeat(300_000), "application/json")),
        (400, Decision::Invalid, bad, text("{", "application/json")),
        (401, Decision::Denied, unauthenticated, query(&stranger.with_token("x.y.z"))),
        (401, Decision::Denied, unauthenticated, stranger.request(Method::POST, "/graphql").json(&json!({ "query": "{viewer{id}}" }))),
        (200, Decision::Allowed, None, form(&app)),
        (400, Decision::Invalid, bad, form(&[("grant_type", "password"), app[1], app[2]])),
        (401, Decision::Denied, unauthenticated, form(&unknown)),
        (405, Decision::Invalid, bad, stranger.request(Method::GET, "/auth/token")),
        (405, Decision::Invalid, bad, stranger.request(Method::GET, "/auth/revoke")),
    ];
    for (status, decision, code, request) in cases {
        let answer = stranger.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        recorded(&world, &answer, decision, code).await;
    }
    let head = stranger.send(rep.request(Method::HEAD, "/graphql?query=%7B__typename%7D")).await;
    assert_eq!((head.status, head.text.as_str(), head.header("x-confidentiality")), (200, "", Some("PUBLIC")));
    recorded(&world, &head, Decision::Allowed, None).await;

    // Of somebody whose token nobody has looked at yet.
    let manager = world.caller(company::MANAGER).await;
    world.home.tamper(Table::Main, "ALTER TABLE session RENAME TO elsewhere").await.unwrap();
    let failed = stranger.send(query(&manager)).await;
    assert_eq!((failed.status, failed.code()), (500, Some("INTERNAL")), "{}", failed.text);
    recorded(&world, &failed, Decision::Failed, Some(Code::Internal)).await;
    world.core.recorder.kill();
    for answer in [stranger.send(query(&rep)).await, stranger.send(form(&app)).await] {
        assert_eq!((answer.status, answer.header("x-confidentiality")), (503, Some("PUBLIC")), "{}", answer.text);
    }
});

const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { created } }";

/// The beginning of an upload, with as much of the file as is given; the connection stays open.
async fn begin_upload(caller: &Caller, file: &str) -> TcpStream {
    let operations = json!({ "query": IMPORT, "variables": { "input": { "file": null } } });
    let part = |name: &str, body: &str| format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{body}");
    let body = [
        part("operations", &format!("\r\n\r\n{operations}\r\n")),
        part("map", "\r\n\r\n{\"0\":[\"variables.input.file\"]}\r\n"),
        part("0", &format!("; filename=\"leads.csv\"\r\n\r\n{file}")),
    ];
    let host = caller.url.trim_start_matches("http://");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nGraphQL-Require-Preflight: 1\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000000\r\n\r\n",
        caller.token.as_deref().unwrap()
    );
    let mut connection = TcpStream::connect(host).await.unwrap();
    connection.write_all((head + &body.concat()).as_bytes()).await.unwrap();
    connection
}

/// What the server answers before it closes the connection.
async fn answer(mut connection: TcpStream) -> String {
    let mut text = Vec::new();
    // It closes without having read everything, which may look like an error from here.
    let _ = tokio::time::timeout(Duration::from_secs(20), connection.read_to_end(&mut text)).await.expect("the server answers");
    String::from_utf8(text).unwrap()
}

on_both_backends!(a_file_of_somebody_who_may_not_import_is_not_waited_for, |world| async {
    let refused = answer(begin_upload(&world.caller(company::REP).await, "first name\r\n").await).await;
    assert!(refused.starts_with("HTTP/1.1 200 ") && refused.contains("LEAD_IMPORT") && refused.contains("\"FORBIDDEN\""), "{refused}");
});

on_both_backends!(an_upload_that_stalls_is_cut_off, settings | settings | { settings.limits.upload_stall = 200 }, |world| async {
    let cut = answer(begin_upload(&world.caller(company::MANAGER).await, "first name\r\n").await).await;
    assert!(cut.starts_with("HTTP/1.1 408 ") && cut.contains("x-confidentiality: PUBLIC"), "{cut}");
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_uploads_at_once() {
    let world = World::with(Backend::Sqlite, |settings| {
        settings.limits.uploads = 1;
        settings.limits.request_time = 300;
    })
    .await;
    let manager = world.caller(company::MANAGER).await;
    let held = begin_upload(&manager, "first name\r\n").await;
    let upload = async || manager.upload(IMPORT, json!({}), b"name,email\nZoe Zed,zoe@zed.example\n").await;
    // Until the other one holds the only place, there is room.
    let mut turned_away = upload().await;
    for _ in 0..100 {
        if turned_away.status != 200 {
            break;
        }
        turned_away = upload().await;
    }
    assert_eq!((turned_away.status, turned_away.code()), (503, Some("QUOTA_EXCEEDED")), "{}", turned_away.text);
    recorded(&world, &turned_away, Decision::Denied, Some(Code::QuotaExceeded)).await;
    assert_eq!(manager.graphql("{__typename}", Value::Null).await.status, 200, "others are answered meanwhile");
    drop(held);
    let mut again = upload().await;
    for _ in 0..100 {
        if again.status == 200 {
            break;
        }
        again = upload().await;
    }
    assert_eq!(again.status, 200, "the place is free once its holder is gone: {}", again.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_taken_ends_the_connection() {
    let world = World::with(Backend::Sqlite, |settings| settings.http.answer_time = 1).await;
    let rep = world.caller(company::REP).await;
    let body = json!({ "query": "{__schema{types{name description fields{name description args{name description}}}}}" }).to_string();
    let host = rep.url.trim_start_matches("http://").to_owned();
    let token = rep.token.unwrap();
    let head = format!("POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n");
    let request = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut connection = socket.connect(host.parse().unwrap()).await.unwrap();
    // Asks on and on and never reads: writing fails once the server has given the connection up.
    let asking = async { while connection.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, asking).await.expect("the server gives it up");
}

const FIND: &str = "query($id: ID!, $search: String, $first: Int!, $order: LeadOrder, $filter: LeadFilter, $company: String) {
    lead(id: $id) { id company lastName }
    leads(first: $first, search: $search, orderBy: $order, filter: $filter) { totalCount nodes { id company score } }
    other: leads(first: 2, filter: { company: { eq: $company } }) { nodes { id company } }
}";

on_both_backends!(what_passed_before_is_answered_like_what_is_new, |world| async {
    let manager = world.caller(company::MANAGER).await;
    let (one, two) = (Id(*company::LEADS.start()).to_string(), Id(*company::LEADS.start() + 1).to_string());
    let order = |field: &str| json!({ "field": field, "direction": "ASC" });
    let good = json!({ "id": one, "first": 3, "order": order("COMPANY"), "filter": { "stage": { "in": ["NEW", "WON"] } }, "company": "x" });
    let mut asked = vec![good.clone(); 3];
    let others = json!({
        "id": [two, "no id", "", null, 7, 1.5, ["x"], {}, true],
        "first": [4, 0, -1, 501, 1_000_000, "3", null, 2.5],
        "order": [order("CITY"), order("NOTHING"), [order("COMPANY")], {}, "COMPANY", null],
        "filter": [{ "stage": { "in": ["LOST"] } }, { "stage": { "in": ["no stage"] } }, { "nothing": 1 }, { "company": { "eq": "x" } }, null, []],
        "search": ["GmbH", "", null, 5, ["x"]],
        "company": ["", null, "y".repeat(3_000), 5, { "eq": "x" }],
        "undeclared": [1, "text"],
    });
    for (name, values) in others.as_object().unwrap() {
        for value in values.as_array().unwrap() {
            let mut variables = good.clone();
            variables[name] = value.clone();
            // Refused or answered, the next has nothing of it.
            asked.extend([variables.clone(), variables, good.clone()]);
        }
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(name);
        asked.extend([without.clone(), without]);
    }
    let (mut answered, mut refused) = (0, 0);
    for (number, variables) in asked.into_iter().enumerate() {
        // Nobody sent this text before.
        let new = manager.graphql(&format!("{FIND} # {number}"), variables.clone()).await;
        let known = manager.graphql(FIND, variables.clone()).await;
        let said = |answer: &Answer| (answer.status, answer.json["data"].clone(), answer.json["errors"].clone());
        assert_eq!(said(&known), said(&new), "{variables}");
        *(if new.json["errors"].is_null() { &mut answered } else { &mut refused }) += 1;
    }
    assert!(answered > 60 && refused > 30, "{answered} answered, {refused} refused");
});

on_both_backends!(
    a_change_that_runs_out_of_time_is_recorded_all_the_same,
    settings | settings | {
        settings.limits.change_time = 400;
        settings.ledger.sweep_after = 60;
        settings.ledger.fold_every = 10;
    },
    |world| async {
        let manager = world.caller(company::MANAGER).await;
        let lead = Id(*company::LEADS.start()).to_string();
        let update = "mutation($id: ID!) { updateLead(input: { id: $id, values: { score: 77 } }) { lead { score } } }";
        let held = world.home.hold_writes().await;
        let late = manager.graphql(update, json!({ "id": lead })).await;
        assert_eq!((late.status, late.code()), (500, Some("INTERNAL")), "{}", late.text);
        assert!(late.json["data"].is_null());
        held.release().await;
        // Behind what still waits there; afterwards it is settled whether the change was made.
        manager.graphql("mutation($id: ID!) { archiveLead(input: { id: $id }) { lead { id } } }", json!({ "id": lead })).await.data();
        let score = manager.graphql("query($id: ID!) { lead(id: $id) { score } }", json!({ "id": lead })).await;
        let made = score.data()["lead"]["score"] == 77;
        assert_eq!(made, world.home.backend == Backend::Sqlite, "{}", score.text);
        world.clock.advance_seconds(61);
        ledger::outbox_empties(&world.home).await;
        let request = late.header("x-request-id").unwrap().parse().unwrap();
        let records = LedgerCopy::read(&world.home).await.of_request(request);
        assert_eq!(records[0].record.reasons, ["out-of-time"]);
        assert!(records.iter().all(|entry| entry.record.decision == Decision::Failed));
        let named = records.iter().flat_map(|entry| &entry.record.changed).filter(|changed| changed.item == lead).count();
        assert_eq!((records.len(), named), if made { (2, 1) } else { (1, 0) }, "recorded once if it was made, and else not");
    }
);
