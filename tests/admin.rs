//! Managing people, apps, teams, roles, grants and markings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{Answer, Caller, company, on_both_backends};

const REQUEST: &str = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id state } } }";
const APPROVE: &str = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { id state approvedBy { name } } } }";
const REVOKE: &str = "mutation($input: GrantIdInput!) { revokeGrant(input: $input) { grant { state } } }";

async fn role(caller: &Caller, name: &str) -> Value {
    let answer = caller.graphql("{ roles { id name } }", json!({})).await;
    answer.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == name).unwrap()["id"].clone()
}

async fn request(caller: &Caller, subject: company::Member, role_name: &str, more: Value) -> Answer {
    let mut input = json!({ "subject": subject.id.to_string(), "role": role(caller, role_name).await, "reason": "a test" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.graphql(REQUEST, json!({ "input": input })).await
}

async fn on_grant(caller: &Caller, document: &str, grant: &Value) -> Answer {
    caller.graphql(document, json!({ "input": { "id": grant } })).await
}

on_both_backends!(a_grant_takes_two, |world| async {
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let newcomer = world.caller(company::NEWCOMER).await;
    assert_eq!(newcomer.graphql("{ roles { id } }", json!({})).await.code(), Some("FORBIDDEN"));

    let asked = request(&ada, company::NEWCOMER, "analyst", json!({})).await;
    let grant = asked.data()["requestGrant"]["grant"]["id"].clone();
    assert_eq!(asked.data()["requestGrant"]["grant"]["state"], "PENDING");
    let permissions = newcomer.graphql("{ viewer { permissions } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"]["permissions"], json!([]), "a grant that waits gives nothing");

    assert_eq!(on_grant(&ada, APPROVE, &grant).await.code(), Some("FORBIDDEN"), "who asked cannot approve");
    let approved = on_grant(&abel, APPROVE, &grant).await;
    assert_eq!(approved.data()["approveGrant"]["grant"]["approvedBy"]["name"], company::SECOND_ADMIN.name);
    let permissions = newcomer.graphql("{ viewer { permissions roles { name } } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"], json!({ "permissions": ["LEAD_READ"], "roles": [{ "name": "analyst" }] }));

    let own = request(&abel, company::ADMIN, "rep", json!({ "team": company::EMEA.to_string() })).await;
    let own = &own.data()["requestGrant"]["grant"]["id"];
    assert_eq!(on_grant(&ada, APPROVE, own).await.code(), Some("FORBIDDEN"), "nobody approves their own grant");

    on_grant(&ada, REVOKE, &grant).await.data();
    let permissions = newcomer.graphql("{ viewer { permissions } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"]["permissions"], json!([]), "revoked on the next request");
    assert_eq!(on_grant(&abel, APPROVE, &grant).await.code(), Some("CONFLICT"));
});

#[test]
fn the_schema_is_whole() {
    let sdl = leadkeep::graphql::sdl();
    for name in ["requestGrant", "policyRevision", "setFieldMarking", "addAppSecret", "soleAdminPeriods"] {
        assert!(sdl.contains(name), "{name}");
    }
}
