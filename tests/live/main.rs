//! Subscriptions as clients see them: over server-sent events and over WebSockets, authorised and recorded event by event.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod declared;
mod delivered;
mod ends;
mod socket;

use serde_json::{Value, json};
use support::{Caller, World, company};

/// Everything a test looks at.
const WATCH: &str = "subscription Watch($filter: AccessLogFilter, $after: String, $first: Int! = 50) {
    newAccessRecords(filter: $filter, after: $after, first: $first) {
        edges { cursor node { index kind operationName decision code reasons rows leafHash subject { person { id name } } } }
        pageInfo { hasNextPage endCursor } } }";

/// Asks for leads under this name.
async fn ask(caller: &Caller, name: &str) {
    caller.graphql(&format!("query {name} {{ leads(first: 1) {{ nodes {{ id }} }} }}"), json!({})).await.data();
}

/// Only what this member did.
fn only(member: company::Member) -> Value {
    json!({ "filter": { "person": member.id.to_string() } })
}

/// The records of an event.
fn nodes(event: &Value) -> Vec<&Value> {
    let edges = event["data"]["newAccessRecords"]["edges"].as_array();
    edges.unwrap_or_else(|| panic!("no records: {event}")).iter().map(|edge| &edge["node"]).collect()
}

/// The names of the operations in an event.
fn names(event: &Value) -> Vec<&str> {
    nodes(event).into_iter().map(|node| node["operationName"].as_str().unwrap_or_default()).collect()
}

/// Returns when so many subscriptions have been opened since the world began: their records stand.
async fn opened(world: &World, count: usize) {
    while subscriptions(world).await.iter().filter(|record| record["decision"] == "ALLOWED" && record["reasons"] == json!([])).count()
        < count
    {}
}

/// The records of subscriptions, the oldest first, as the auditor finds them in the log.
async fn subscriptions(world: &World) -> Vec<Value> {
    let document = "{ accessLog(filter: { kind: SUBSCRIPTION }, order: OLDEST_FIRST, first: 500) { edges { node {
        index operationName decision code reasons rows leafHash subject { person { id } } } } } }";
    let answer = world.caller(company::AUDITOR).await.graphql(document, json!({})).await;
    answer.data()["accessLog"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}
