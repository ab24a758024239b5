//! Purposes: registered, required, narrowing, recorded, counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{
    Answer, Caller, World,
    company::{self, Member},
    on_both_backends,
};

const LEADS: &str = "{ leads(first: 50) { nodes { reference company emails notes redactions { field disposition } } } }";
const REQUIRE: &str = "mutation($input: SetRoleRequirementInput!) { setRoleRequirement(input: $input) { \
    requirement { agreements purposeRequired purposes } proposal { id } } }";
const ADD: &str = "mutation($input: AddPurposeInput!) { addPurpose(input: $input) { purpose { code hidden masked } proposal { id } } }";
const CHANGE: &str =
    "mutation($input: ChangePurposeInput!) { changePurpose(input: $input) { purpose { code retired hidden } proposal { id } } }";
const APPROVE: &str = "mutation($id: ID!) { approveProposal(input: { id: $id }) { proposal { state } } }";

async fn role(admin: &Caller, name: &str) -> Value {
    let roles = admin.graphql("{ roles { id name } }", json!({})).await;
    roles.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == name).unwrap()["id"].clone()
}

async fn declaring(world: &World, member: Member, purpose: &str) -> Caller {
    world.caller(member).await.declaring(Some(purpose))
}

fn rows(answer: &Answer) -> usize {
    answer.data()["leads"]["nodes"].as_array().unwrap().len()
}

on_both_backends!(a_role_may_need_a_declared_purpose, |world| async {
    let (admin, rep) = (world.caller(company::ADMIN).await, world.caller(company::REP).await);
    let before = rows(&rep.graphql(LEADS, json!({})).await);
    assert!(before > 0);
    let input = json!({ "role": role(&admin, "rep").await, "purposeRequired": true, "purposes": ["SALES", "RENEWAL"] });
    let set = admin.graphql(REQUIRE, json!({ "input": input })).await;
    assert_eq!(set.data()["setRoleRequirement"]["proposal"], Value::Null, "to ask for more takes one admin");
    assert_eq!(set.data()["setRoleRequirement"]["requirement"]["purposes"], json!(["RENEWAL", "SALES"]));

    for (purpose, why) in [(None, "declared"), (Some("SUPPORT"), "this purpose"), (Some("CURIOSITY"), "no such purpose")] {
        let caller = rep.declaring(purpose);
        for document in [LEADS, "{ leads { totalCount } }", "{ leadStats(groupBy: STAGE) { key count } }"] {
            let refused = caller.graphql(document, json!({})).await;
            assert_eq!(refused.code(), Some("PURPOSE_REQUIRED"), "{purpose:?} {}", refused.text);
            assert!(refused.message().unwrap().contains(why) && refused.message().unwrap().contains("RENEWAL, SALES"), "{}", refused.text);
        }
    }
    let sales = declaring(&world, company::REP, "SALES; the spring round").await;
    assert_eq!(rows(&sales.graphql(LEADS, json!({})).await), before);
    // By the variable, which no document has to declare.
    assert_eq!(rows(&rep.graphql(LEADS, json!({ "accessPurpose": "RENEWAL; a call" })).await), before);
    assert_eq!(sales.graphql(LEADS, json!({ "accessPurpose": "RENEWAL" })).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(rep.graphql(LEADS, json!({ "accessPurpose": "no code" })).await.code(), Some("BAD_USER_INPUT"));

    // Refusals and purposes are in the log and in the numbers.
    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($f: AccessLogFilter) { accessLog(filter: $f) { edges { node { purpose purposeText code decision } } } }";
    let denied = auditor.graphql(log, json!({ "f": { "code": "PURPOSE_REQUIRED" } })).await;
    assert_eq!(denied.data()["accessLog"]["edges"].as_array().unwrap().len(), 9);
    assert!(denied.data()["accessLog"]["edges"].as_array().unwrap().iter().all(|record| record["node"]["decision"] == "DENIED"));
    let told = auditor.graphql(log, json!({ "f": { "purpose": "RENEWAL" } })).await;
    assert_eq!(told.data()["accessLog"]["edges"][0]["node"]["purposeText"], "a call");
    let stats = "{ accessStats(groupBy: PURPOSE, interval: ALL, since: \"2020-01-01T00:00:00Z\", until: \"2029-01-01T00:00:00Z\") { key records } }";
    let stats = auditor.graphql(stats, json!({})).await;
    let counted = stats.data()["accessStats"].as_array().unwrap();
    assert!(counted.iter().any(|stat| stat["key"] == "RENEWAL" && stat["records"] == 1), "{}", stats.text);

    // To ask for less takes two.
    let input = json!({ "role": role(&admin, "rep").await, "purposeRequired": false });
    let asked = admin.graphql(REQUIRE, json!({ "input": input })).await;
    let proposal = asked.data()["setRoleRequirement"]["proposal"]["id"].clone();
    assert_eq!(rep.graphql(LEADS, json!({})).await.code(), Some("PURPOSE_REQUIRED"));
    let other = world.caller(company::SECOND_ADMIN).await;
    assert_eq!(other.graphql(APPROVE, json!({ "id": proposal })).await.data()["approveProposal"]["proposal"]["state"], "APPROVED");
    assert_eq!(rows(&rep.graphql(LEADS, json!({})).await), before);
});

on_both_backends!(a_purpose_narrows_fields_and_quota, |world| async {
    let admin = world.caller(company::ADMIN).await;
    let input = json!({ "code": "GLANCE", "description": "A short look.", "hidden": ["notes", "company"], "masked": ["emails", "score"],
        "quotas": { "leadsPerDay": 5, "rowsPerExport": 1 } });
    let added = admin.graphql(ADD, json!({ "input": input.clone() })).await;
    assert_eq!(added.data()["addPurpose"]["proposal"], Value::Null, "where no role needs a purpose, a new one opens nothing");
    assert_eq!(admin.graphql(ADD, json!({ "input": input })).await.code(), Some("CONFLICT"));

    let glance = declaring(&world, company::REP, "GLANCE").await;
    let answer =
        glance.graphql("{ leads(first: 4) { nodes { company emails notes score redactions { field disposition } } } }", json!({})).await;
    for lead in answer.data()["leads"]["nodes"].as_array().unwrap() {
        assert_eq!((&lead["company"], &lead["notes"], &lead["score"]), (&Value::Null, &Value::Null, &Value::Null));
        assert!(lead["emails"][0].as_str().unwrap().contains("•••@"), "{lead}");
    }
    // What is hidden cannot be asked by, and the message says so by the field's name, as without a purpose.
    let asked = glance.graphql("{ leads(filter: { company: { eq: \"x\" } }) { totalCount } }", json!({})).await;
    assert_eq!(asked.code(), Some("FORBIDDEN"), "{}", asked.text);
    let export = "mutation { exportLeads(input: {}) { rows } }";
    assert_eq!(glance.graphql(export, json!({})).await.code(), Some("QUOTA_EXCEEDED"));
    let named = "mutation { exportLeads(input: { purpose: \"GLANCE\", fields: [\"notes\"] }) { rows } }";
    assert_eq!(world.caller(company::REP).await.graphql(named, json!({})).await.code(), Some("FORBIDDEN"));
    assert_eq!(glance.graphql("{ leads(first: 4) { nodes { city } } }", json!({})).await.code(), Some("QUOTA_EXCEEDED"));
    assert!(rows(&world.caller(company::REP).await.graphql(LEADS, json!({})).await) > 0, "the role's quota is larger");

    // Narrower at once, wider by two, retired for good but for two.
    let wider = admin.graphql(CHANGE, json!({ "input": { "code": "GLANCE", "hidden": ["notes"] } })).await;
    assert_ne!(wider.data()["changePurpose"]["proposal"], Value::Null);
    assert_eq!(wider.data()["changePurpose"]["purpose"]["hidden"], json!(["company", "notes"]));
    let retired = admin.graphql(CHANGE, json!({ "input": { "code": "GLANCE", "retired": true } })).await;
    assert_eq!(retired.data()["changePurpose"]["purpose"]["retired"], true);
    assert_eq!(glance.graphql("{ leads(first: 1) { nodes { city } } }", json!({})).await.code(), Some("PURPOSE_REQUIRED"));
    let back = admin.graphql(CHANGE, json!({ "input": { "code": "GLANCE", "retired": false } })).await;
    assert_ne!(back.data()["changePurpose"]["proposal"], Value::Null);
});

on_both_backends!(everybody_sees_what_they_may_declare, |world| async {
    let rep = world.caller(company::REP).await;
    let listed = rep.graphql("{ purposes { code yours retired } }", json!({})).await;
    assert!(
        listed.data()["purposes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|purpose| *purpose == json!({ "code": "SALES", "yours": true, "retired": false }))
    );
    let auditor = world.caller(company::AUDITOR).await.graphql("{ purposes(retired: true) { code yours } }", json!({})).await;
    assert!(auditor.data()["purposes"].as_array().unwrap().iter().all(|purpose| purpose["yours"] == false));
    assert_eq!(rep.graphql("{ purposes(retired: true) { code } }", json!({})).await.code(), Some("FORBIDDEN"));
    assert!(world.anonymous().graphql("{ purposes { code } }", json!({})).await.code().is_some());
    let change = rep.graphql(CHANGE, json!({ "input": { "code": "SALES", "retired": true } })).await;
    assert_eq!(change.code(), Some("FORBIDDEN"));
});
