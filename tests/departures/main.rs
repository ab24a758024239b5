//! Departures: somebody leaves, and what is theirs ends on the next request everywhere, is handed over, reported and closed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod back;
mod checklist;
#[path = "../live/clients.rs"]
#[allow(dead_code, reason = "the tests of subscriptions use the rest")]
mod clients;
mod command;
mod handover;
mod report;

use serde_json::{Value, json};
use support::{Answer, Caller, World, company};

const BEGIN: &str = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) {
    departure { ...D } proposal { id act state about { name } } } }";
const RESTRICT: &str = "mutation($input: RestrictDepartureInput!) { restrictDeparture(input: $input) { departure { ...D } } }";
const CANCEL: &str =
    "mutation($input: DepartureReasonInput!) { cancelDeparture(input: $input) { departure { ...D } proposal { id act } } }";
const CLOSE: &str = "mutation($input: DepartureIdInput!) { closeDeparture(input: $input) { departure { ...D } } }";
const CERTIFY: &str = "mutation($input: RecordExitCertificateInput!) { recordExitCertificate(input: $input) { departure { ...D } } }";
const SETTLE: &str = "mutation($input: SettleDepartureTaskInput!) { settleDepartureTask(input: $input) { departure { ...D } } }";
const SHOW: &str = "query($id: ID!) { departure(id: $id) { ...D } }";
const APPROVE: &str = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state } } }";
const D: &str =
    " fragment D on Departure { id state access lastDay reason knownAt begunAt limitedAt accessEndedAt secondsToLimit secondsToEnd
    sessionsEnded delegationsEnded legalHoldId endedAt endReason rehiredAt person { id name } begunBy { name } approvedBy { name }
    certificate { outcome note by { name } } tasks { id kind itemId text state note settledBy { name } } }";

/// Sends an operation about departures.
async fn send(caller: &Caller, document: &str, input: Value) -> Answer {
    let used = if document.contains("...D") { D } else { "" };
    caller.graphql(&format!("{document}{used}"), json!({ "input": input })).await
}

/// The departure that a mutation answered.
#[track_caller]
fn departure(answer: &Answer) -> Value {
    let payload = answer.data().as_object().unwrap().values().next().unwrap();
    assert!(payload["departure"].is_object(), "{}", answer.text);
    payload["departure"].clone()
}

/// A moment so many seconds from now by the world's clock.
fn moment(world: &World, seconds: i64) -> String {
    leadkeep::domain::Clock::now(&*world.clock).plus_seconds(seconds).to_string()
}

/// What begins the departure of somebody whose last day is in a week.
fn leaving(world: &World, member: company::Member, access: &str) -> Value {
    json!({ "personId": member.id.to_string(), "lastDay": moment(world, 7 * 86_400), "reason": "Gave notice", "access": access })
}

async fn approve(caller: &Caller, proposal: &Value) -> Answer {
    caller.graphql(APPROVE, json!({ "input": { "id": proposal } })).await
}

async fn show(caller: &Caller, id: &Value) -> Value {
    caller.graphql(&format!("{SHOW}{D}"), json!({ "id": id })).await.data()["departure"].clone()
}

/// The tasks of this kind.
fn tasks<'d>(departure: &'d Value, kind: &str) -> Vec<&'d Value> {
    departure["tasks"].as_array().unwrap().iter().filter(|task| task["kind"] == kind).collect()
}

/// The id of a role that ships.
fn role(name: &str) -> String {
    leadkeep::policy::table::initial().role_named(name).unwrap().0.to_string()
}
