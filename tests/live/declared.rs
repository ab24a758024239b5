//! Purposes and agreements: a subscription is asked for them as every other operation is.

use serde_json::{Value, json};

use crate::{
    WATCH, ask,
    clients::{Events, Socket},
    names, only, opened,
    support::{
        Caller, Table, World,
        company::{self, Member},
        on_both_backends,
    },
};

const LOG: &str = "{ accessLog(first: 5) { edges { node { index } } } }";
const REQUIRE: &str = "mutation($input: SetRoleRequirementInput!) { setRoleRequirement(input: $input) { proposal { id } } }";

/// What the log says of subscriptions, the oldest first.
async fn logged(world: &World) -> Vec<Value> {
    let document = "{ accessLog(filter: { kind: SUBSCRIPTION }, order: OLDEST_FIRST, first: 500) { edges { node {
        purpose purposeText decision code reasons } } } }";
    let answer = world.caller(company::AUDITOR).await.graphql(document, json!({})).await;
    answer.data()["accessLog"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

/// The code that a query of the log is refused with, which is the one that subscriptions over both transports are refused with.
async fn refused(caller: &Caller) -> Option<String> {
    let query = caller.graphql(LOG, json!({})).await;
    let Some(code) = query.code().map(str::to_owned) else {
        drop(Events::open(caller, WATCH, json!({})).await);
        return None;
    };
    let request = caller.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
    let answer = caller.send(request.json(&json!({ "query": WATCH }))).await;
    assert!(answer.text.contains(&format!("\"code\":\"{code}\"")) && !answer.text.contains("endCursor"), "{code}: {}", answer.text);
    let mut socket = Socket::open(caller).await;
    // Over a WebSocket the purpose comes as the variable.
    socket.subscribe("1", WATCH, json!({ "accessPurpose": caller.purpose })).await;
    assert_eq!(socket.error("1").await, code);
    Some(code)
}

async fn role(admin: &Caller, member: Member) -> Value {
    let roles = admin.graphql("{ roles { id name } }", json!({})).await;
    roles.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == member.role).unwrap()["id"].clone()
}

on_both_backends!(every_event_is_recorded_with_the_purpose, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    let mut events = Events::open(&auditor.declaring(Some("SALES; the Acme case")), WATCH, only(company::REP)).await;
    let mut socket = Socket::open(&auditor).await;
    let mut variables = only(company::REP);
    variables["accessPurpose"] = json!("RENEWAL");
    socket.subscribe("1", WATCH, variables).await;
    opened(&world, 2).await;
    ask(&world.caller(company::REP).await, "One").await;
    assert_eq!(names(&events.event().await), ["One"]);
    assert_eq!(names(&socket.event("1").await), ["One"]);
    let logged = logged(&world).await;
    for (purpose, text) in [("SALES", json!("the Acme case")), ("RENEWAL", Value::Null)] {
        let with: Vec<_> =
            logged.iter().filter(|record| (&record["purpose"], &record["purposeText"]) == (&json!(purpose), &text)).collect();
        let reasons: Vec<_> = with.iter().map(|record| &record["reasons"]).collect();
        assert_eq!(reasons, [&json!([]), &json!(["delivered"])], "opened and delivered, {purpose}: {logged:?}");
    }
});

on_both_backends!(a_purpose_is_asked_for_as_elsewhere, |world| async {
    let (admin, auditor) = (world.caller(company::ADMIN).await, world.caller(company::AUDITOR).await);
    assert_eq!(refused(&auditor.declaring(Some("no code"))).await.as_deref(), Some("BAD_USER_INPUT"));
    let input = json!({ "role": role(&admin, company::AUDITOR).await, "purposeRequired": true, "purposes": ["RENEWAL"] });
    admin.graphql(REQUIRE, json!({ "input": input })).await.data();
    // Purposes open leads, and the log shows none: a query of it and a subscription to it agree.
    for purpose in [None, Some("SALES"), Some("CURIOSITY"), Some("RENEWAL; a check")] {
        assert_eq!(refused(&auditor.declaring(purpose)).await, None, "{purpose:?}");
    }
});

on_both_backends!(an_agreement_is_asked_for_as_elsewhere, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    world.home.tamper(Table::Main, "DELETE FROM acceptance; UPDATE generation SET value = value + 1;").await.unwrap();
    world.core.current.check(&world.core.store, &*world.core.clock).await.unwrap();
    assert_eq!(refused(&auditor).await, None, "agreements open leads, and the log shows none");
    let rep = world.caller(company::REP).await;
    assert_eq!(rep.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.code(), Some("AGREEMENT_REQUIRED"));
    assert_eq!(refused(&rep).await.as_deref(), Some("FORBIDDEN"));
});
