//! Alarms leave the house: signed, tried again, given up, sent again; by e-mail too; without a word about leads.

use std::sync::atomic::Ordering;

use leadkeep::app::deliveries::deliver;
use leadkeep::notify::Hidden;
use serde_json::{Value, json};

use crate::{
    company, look, refused,
    support::{Backend, World, hook::Receiver, name_tls, smtp::Smtp},
};

const DELIVERIES: &str =
    "query($filter: AlarmFilter) { alarms(filter: $filter) { nodes { id deliveries { channel state attempts nextAt lastError } } } }";
const RESEND: &str = "mutation($id: ID!) { resendAlarm(input: { id: $id }) { alarm { id } } }";

/// A world whose alarms go to the receiver.
async fn world(backend: Backend, receiver: &Receiver) -> World {
    name_tls();
    World::with(backend, |settings| {
        settings.alarms.webhook = receiver.settings();
        settings.alarms.link = Some("https://intern.example/alarms/{id}".into());
    })
    .await
}

async fn raise(world: &World) {
    refused(&world.caller(company::REP).await, 10).await;
    look(&world.core).await;
}

async fn deliveries(world: &World, filter: Value) -> Vec<Value> {
    let answer = world.caller(company::ADMIN).await.graphql(DELIVERIES, json!({ "filter": filter })).await;
    answer.data()["alarms"]["nodes"].as_array().unwrap().clone()
}

/// Delivers until the one delivery stands as wanted.
async fn until(world: &World, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        deliver(&world.core).await.unwrap();
        let found = deliveries(world, json!({})).await[0]["deliveries"][0].clone();
        if wanted(&found) {
            return found;
        }
    }
}

async fn signed_and_taken(backend: Backend) {
    let mut receiver = Receiver::start().await;
    let world = world(backend, &receiver).await;
    raise(&world).await;
    let delivered = until(&world, |found| found["state"] == "DELIVERED").await;
    assert_eq!((&delivered["channel"], &delivered["attempts"]), (&json!("webhook"), &json!(1)));
    let (id, body) = receiver.next().await;
    assert_eq!((id.as_str(), &body["type"]), ("alarm-0000000000001", &json!("alarm.raised")));
    let data = &body["data"];
    assert_eq!((&data["rule"], &data["subject"]), (&json!("DENIALS_IN_A_ROW"), &json!(company::REP.id.to_string())));
    assert_eq!(data["link"], "https://intern.example/alarms/0000000000001");
    let mut keys: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["id", "link", "record", "rule", "subject"], "no name, no lead");
    assert!(data["record"]["signature"].is_string() && data["record"]["rseq"].is_number(), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_signed_and_taken_sqlite() {
    signed_and_taken(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_signed_and_taken_postgres() {
    signed_and_taken(Backend::Postgres).await;
}

async fn tried_again_given_up_and_sent_again(backend: Backend) {
    let mut receiver = Receiver::start().await;
    // What answers by sending elsewhere has not taken it, and is not followed.
    receiver.answers.store(307, Ordering::SeqCst);
    let world = world(backend, &receiver).await;
    raise(&world).await;
    let mut ids = Vec::new();
    for attempt in 1..=10 {
        let tried = until(&world, |found| found["attempts"] == attempt && found["lastError"].is_string()).await;
        assert!(tried["lastError"].as_str().unwrap().contains("307"), "{tried}");
        assert_eq!(tried["state"], if attempt < 10 { "PENDING" } else { "GIVEN_UP" }, "{tried}");
        ids.push(receiver.next().await.0);
        world.clock.advance_seconds(86_401);
    }
    ids.dedup();
    assert_eq!(ids, ["alarm-0000000000001"], "the id stays, so that whoever takes it twice can tell");
    assert_eq!(deliver(&world.core).await.unwrap(), 0);
    assert!(receiver.got.try_recv().is_err());
    let given_up = deliveries(&world, json!({ "undelivered": true })).await;
    assert_eq!(given_up.len(), 1);
    receiver.answers.store(204, Ordering::SeqCst);
    let admin = world.caller(company::ADMIN).await;
    admin.graphql(RESEND, json!({ "id": given_up[0]["id"] })).await.data();
    until(&world, |found| found["state"] == "DELIVERED").await;
    assert_eq!(receiver.next().await.0, ids[0]);
    assert_eq!(admin.graphql(RESEND, json!({ "id": given_up[0]["id"] })).await.code(), Some("CONFLICT"));
    assert_eq!(deliveries(&world, json!({ "undelivered": true })).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_tried_again_given_up_and_sent_again_sqlite() {
    tried_again_given_up_and_sent_again(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_tried_again_given_up_and_sent_again_postgres() {
    tried_again_given_up_and_sent_again(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_mail_tells_the_rule_and_where_to_look() {
    let mut smtp = Smtp::start();
    let server = smtp.url.clone();
    let world = World::with(Backend::Sqlite, |settings| {
        settings.alarms.mail.server = Some(Hidden::new(server));
        settings.alarms.mail.from = Some("Leadkeep <keep@company.example>".into());
        settings.alarms.mail.to = vec!["security@company.example".into(), "Ada Admin <ada@company.example>".into()];
        settings.alarms.link = Some("https://intern.example/alarms/{id}".into());
    })
    .await;
    raise(&world).await;
    let delivered = until(&world, |found| found["state"] == "DELIVERED").await;
    assert_eq!(delivered["channel"], "mail");
    let message = smtp.message();
    assert_eq!(
        (&message["from"], &message["to"]),
        (&json!("keep@company.example"), &json!(["security@company.example", "ada@company.example"]))
    );
    let text = message["data"].as_str().unwrap();
    for told in ["Subject: Alarm: DENIALS_IN_A_ROW", "Account: ", "https://intern.example/alarms/0000000000001", "Message-ID: <alarm-"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("Rita"), "no name: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_gone_is_tried_again() {
    let gone = Smtp::start().url.clone();
    let world = World::with(Backend::Sqlite, |settings| {
        settings.alarms.mail.server = Some(Hidden::new(gone));
        settings.alarms.mail.from = Some("keep@company.example".into());
        settings.alarms.mail.to = vec!["security@company.example".into()];
    })
    .await;
    raise(&world).await;
    let tried = until(&world, |found| found["attempts"] == 1 && found["lastError"].is_string()).await;
    assert_eq!(tried["state"], "PENDING", "{tried}");
}
