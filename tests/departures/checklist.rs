//! The checklist: what must not be demanded is refused, and a departure closes when all of it is done.

use serde_json::{Value, json};

use super::{BEGIN, CERTIFY, CLOSE, SETTLE, departure, leaving, send, show, tasks};
use crate::support::{
    World,
    company::{self, ADMIN, REP},
    on_both_backends,
};

const RULES: &str = "mutation($input: SetDepartureRulesInput!) { setDepartureRules(input: $input) { departureRules { checklist } } }";
const ADD: &str = "mutation($input: AddDepartureTaskInput!) { addDepartureTask(input: $input) { departure { ...D } } }";

const MISTAKES: [(&str, &str); 4] = [
    ("Hand over the password of your personal LinkedIn account", "belongs to the person"),
    ("Have them remove all connections with customers", "not the company's to remove"),
    ("Collect all personal business cards", "Personal business cards are personal"),
    ("They must not talk to any customer", "Nobody can be forbidden to talk to a customer"),
];

on_both_backends!(four_mistakes_are_refused, |world| async {
    let ada = world.caller(ADMIN).await;
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await);
    for (text, why) in MISTAKES {
        let template = ada.graphql(RULES, json!({ "input": { "checklist": ["Fetch the laptop", text] } })).await;
        assert_eq!(template.code(), Some("BAD_USER_INPUT"), "{text}");
        assert!(template.message().unwrap().contains(why), "{}", template.text);
        let task = send(&ada, ADD, json!({ "departureId": begun["id"], "text": text })).await;
        assert_eq!(task.code(), Some("BAD_USER_INPUT"), "{text}");
        assert!(task.message().unwrap().contains(why), "{}", task.text);
    }
    let kept = ada.graphql("{ departureRules { checklist executiveRoles } }", json!({})).await;
    assert!(!kept.text.contains("Fetch the laptop"), "nothing of a template that was refused: {}", kept.text);
    let own = ["Fetch the laptop", "Do not ask for their LinkedIn password."];
    ada.graphql(RULES, json!({ "input": { "checklist": own } })).await.data();
    let next = departure(&send(&ada, BEGIN, leaving(&world, company::MANAGER, "LIMIT")).await);
    let manual: Vec<&Value> = tasks(&next, "MANUAL").into_iter().map(|task| &task["text"]).collect();
    assert_eq!(manual, own);
    assert_eq!(show(&ada, &begun["id"]).await["tasks"], begun["tasks"], "a departure keeps the checklist it began with");
});

/// Settles everything that can be said, and waives the rest.
async fn settle_all(world: &World, begun: &Value) {
    let ada = world.caller(ADMIN).await;
    for task in show(&ada, &begun["id"]).await["tasks"].as_array().unwrap().iter().filter(|task| task["state"] == "OPEN") {
        let state = match task["kind"].as_str().unwrap() {
            "MANUAL" => json!({ "id": task["id"], "state": "DONE", "note": "seen" }),
            "ACCESS" | "CERTIFICATE" => continue,
            _ => json!({ "id": task["id"], "state": "WAIVED", "note": "somebody else sees to it" }),
        };
        departure(&send(&ada, SETTLE, state).await);
    }
}

on_both_backends!(it_closes_when_all_is_done, |world| async {
    let ada = world.caller(ADMIN).await;
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LOCK")).await);
    let close = json!({ "id": begun["id"] });
    let early = send(&ada, CLOSE, close.clone()).await;
    assert_eq!(early.code(), Some("CONFLICT"));
    let [access] = tasks(&begun, "ACCESS")[..] else { panic!("{begun}") };
    assert_eq!((&access["state"], &access["settledBy"]), (&json!("DONE"), &Value::Null), "seen from the account");
    let [handover] = tasks(&begun, "HANDOVER")[..] else { panic!("{begun}") };
    assert_eq!(handover["state"], "OPEN");
    let said = send(&ada, SETTLE, json!({ "id": handover["id"], "state": "DONE" })).await;
    assert_eq!(said.code(), Some("BAD_USER_INPUT"), "what is so is not said");
    let silent = send(&ada, SETTLE, json!({ "id": handover["id"], "state": "WAIVED" })).await;
    assert_eq!(silent.code(), Some("BAD_USER_INPUT"), "why?");
    let [certificate] = tasks(&begun, "CERTIFICATE")[..] else { panic!("{begun}") };
    let left_out = send(&ada, SETTLE, json!({ "id": certificate["id"], "state": "WAIVED", "note": "no time" })).await;
    assert_eq!(left_out.code(), Some("BAD_USER_INPUT"));
    settle_all(&world, &begun).await;
    let unasked = send(&ada, CLOSE, close.clone()).await;
    assert!(unasked.message().unwrap().contains("exit certificate"), "{}", unasked.text);
    for (outcome, note) in [("REFUSED", "Left the room"), ("ACCEPTED", "Came back and signed; the paper is in the file")] {
        let input = json!({ "departureId": begun["id"], "outcome": outcome, "note": note });
        let certified = departure(&send(&ada, CERTIFY, input).await);
        assert_eq!(certified["certificate"], json!({ "outcome": outcome, "note": note, "by": { "name": ADMIN.name } }));
    }
    let closed = departure(&send(&ada, CLOSE, close.clone()).await);
    assert_eq!(closed["state"], "CLOSED");
    assert_eq!(send(&ada, CLOSE, close).await.code(), Some("CONFLICT"));
    let grants = ada.graphql("{ grants(first: 100) { nodes { state subject { id } } } }", json!({})).await;
    let theirs = grants.data()["grants"]["nodes"].as_array().unwrap().iter().filter(|grant| grant["subject"]["id"] == REP.id.to_string());
    assert!(theirs.into_iter().all(|grant| grant["state"] == "REVOKED"), "{}", grants.text);
    // Both answers stand in the log.
    let log = "query($id: ID!) { accessLog(filter: { person: $id }, first: 100) { edges { node { changes { kind after } } } } }";
    let log = world.caller(company::AUDITOR).await.graphql(log, json!({ "id": ADMIN.id.to_string() })).await;
    assert!(log.text.contains("Left the room") && log.text.contains("Came back and signed"), "{}", log.text);
});

on_both_backends!(who_accepts_the_exit_certificate_settles_its_task, |world| async {
    let (ada, rita) = (world.caller(ADMIN).await, world.caller(REP).await);
    let shown = "{ agreementText(kind: EXIT_CERTIFICATE) { agreement { version } sha256 } }";
    let accept = "mutation($input: AcceptAgreementInput!) { acceptAgreement(input: $input) { acceptance { id } } }";
    let accepted = async || {
        let text = rita.graphql(shown, json!({})).await.data()["agreementText"].clone();
        let input =
            json!({ "kind": "EXIT_CERTIFICATE", "version": text["agreement"]["version"], "sha256": text["sha256"], "typedName": REP.name });
        rita.graphql(accept, json!({ "input": input })).await.data();
    };
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await);
    assert_eq!(tasks(&begun, "CERTIFICATE")[0]["state"], "OPEN");
    world.clock.advance_seconds(60);
    accepted().await;
    let now = show(&ada, &begun["id"]).await;
    assert_eq!(tasks(&now, "CERTIFICATE")[0]["state"], "DONE", "{now}");
    assert_eq!(tasks(&now, "ACCESS")[0]["state"], "OPEN", "and no other");
});
