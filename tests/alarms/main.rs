//! Alarms: raised by what is recorded, once, whichever server looks; seen and acknowledged by people; quiet otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../live/clients.rs"]
#[allow(dead_code, reason = "this binary uses one of both transports")]
mod clients;
mod delivered;
mod raised;
#[path = "../support/mod.rs"]
mod support;
mod told;

use leadkeep::app::{Core, alarms};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Caller, World, company};

const ALARMS: &str = "query($filter: AlarmFilter) { alarms(filter: $filter) { totalCount nodes {
    id rule summary found against record subject { name } acknowledgedAt note acknowledgedBy { name } } } }";

/// Lets this server look at what has been recorded up to now.
async fn look(core: &Arc<Core>) {
    alarms::watch(core).await.unwrap();
}

/// The alarms that are wanted, as the auditor sees them.
async fn alarms_of(world: &World, filter: Value) -> Vec<Value> {
    look(&world.core).await;
    let answer = world.caller(company::AUDITOR).await.graphql(ALARMS, json!({ "filter": filter })).await;
    answer.data()["alarms"]["nodes"].as_array().unwrap().clone()
}

/// Is refused so often.
async fn refused(caller: &Caller, times: usize) {
    for _ in 0..times {
        assert_eq!(caller.graphql("{ roles { id } }", json!({})).await.code(), Some("FORBIDDEN"));
    }
}

/// Sees so many leads.
async fn see(caller: &Caller, leads: usize) {
    caller.graphql("query($first: Int!) { leads(first: $first) { nodes { id } } }", json!({ "first": leads })).await.data();
}
