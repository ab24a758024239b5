//! Canaries: who sees them and who does not, that nobody but the trap's keeper can tell them from leads, and that a list found
//! outside is traced by them and by what the access log says was shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bulletin;
#[path = "../live/clients.rs"]
#[allow(dead_code, reason = "this binary uses one of both transports")]
mod clients;
mod commands;
mod files;
mod left;
mod touched;
mod traced;
mod unseen;

use std::collections::BTreeSet;

use leadkeep::config::Settings;
use serde_json::{Value, json};
use support::{
    Answer, Caller, World,
    company::{self, Member},
};

const CANARIES: &str =
    "query($reader: ID, $first: Int! = 100, $after: String) { canaries(readerId: $reader, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { leadId reader { id } exportRequest name company email
    current { company firstName lastName emails phones } } } }";
/// Everything a lead shows that could tell it from others.
const LEADS: &str = "query($filter: LeadFilter) { leads(first: 100, filter: $filter) { totalCount nodes { id version name company website emails phones stage industry
    country city title reference notes tags dealValue score owner { id } team { id } origins { channel recordedBy { id } file { name record } }
    custody { strength } relationships { role } marking { banner } createdAt archived redactions { field disposition } } } }";

/// Settings under which the company of the tests, small as it is, gets canaries.
fn trapped(settings: &mut Settings) {
    settings.canaries.domains = vec!["post.trap.example".into(), "mail.trap.example".into()];
    settings.canaries.at_least = 2;
    settings.canaries.stock = 2;
}

/// Asks for a role for somebody, as an admin; what another answers who is asked to approve.
async fn granted(world: &World, member: Member, role: &str) -> Answer {
    let [ada, abel] = [world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await];
    let snapshot = world.core.current.fresh(&world.core.store, &*world.core.clock).await.unwrap();
    let (role, _) = snapshot.document.role_named(role).unwrap();
    let ask = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let input = json!({ "subject": member.id.to_string(), "role": role.to_string(), "reason": "a test" });
    let asked = ada.graphql(ask, json!({ "input": input })).await;
    if asked.code().is_some() {
        return asked;
    }
    let approve = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { state } } }";
    abel.graphql(approve, json!({ "input": { "id": asked.data()["requestGrant"]["grant"]["id"] } })).await
}

/// The trap's keeper, signed in.
async fn keeper(world: &World) -> Caller {
    granted(world, company::NEWCOMER, "trap-keeper").await.data();
    world.caller(company::NEWCOMER).await
}

async fn plant(keeper: &Caller) -> u64 {
    keeper.graphql("mutation { plantCanaries { planted } }", json!({})).await.data()["plantCanaries"]["planted"].as_u64().unwrap()
}

async fn canaries(keeper: &Caller, reader: Option<Member>) -> Vec<Value> {
    let answer = keeper.graphql(CANARIES, json!({ "reader": reader.map(|reader| reader.id.to_string()) })).await;
    answer.data()["canaries"]["nodes"].as_array().unwrap().clone()
}

async fn leads(caller: &Caller, filter: Value) -> Vec<Value> {
    let answer = caller.graphql(LEADS, json!({ "filter": filter })).await;
    let nodes = answer.data()["leads"]["nodes"].as_array().unwrap().clone();
    assert_eq!(answer.data()["leads"]["totalCount"], nodes.len(), "the count is that of the leads shown");
    nodes
}

fn ids(leads: &[Value], key: &str) -> BTreeSet<String> {
    leads.iter().map(|lead| lead[key].as_str().unwrap().to_owned()).collect()
}
