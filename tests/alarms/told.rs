//! Who sees alarms, and what they do about them.

use serde_json::{Value, json};

use crate::{ALARMS, alarms_of, clients::Events, company, refused, support::on_both_backends};

const ACKNOWLEDGE: &str = "mutation($id: ID!, $note: String) { acknowledgeAlarm(input: { id: $id, note: $note }) {
    alarm { note acknowledgedBy { name } } } }";
const WATCH: &str = "subscription($after: String, $filter: AlarmFilter) { newAlarms(after: $after, filter: $filter) {
    nodes { rule subject { name } } pageInfo { endCursor } } }";

on_both_backends!(an_alarm_is_acknowledged_by_somebody_else, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    for _ in 0..10 {
        assert_eq!(
            auditor.graphql("mutation { addTeam(input: { name: \"x\" }) { team { id } } }", json!({})).await.code(),
            Some("FORBIDDEN")
        );
    }
    let id = alarms_of(&world, json!({ "acknowledged": false })).await[0]["id"].clone();
    let variables = json!({ "id": id, "note": "I tried what I may not." });
    assert_eq!(auditor.graphql(ACKNOWLEDGE, variables).await.code(), Some("FORBIDDEN"), "it is about them");
    let rep = world.caller(company::REP).await;
    assert_eq!(rep.graphql(ACKNOWLEDGE, json!({ "id": id })).await.code(), Some("FORBIDDEN"));
    assert_eq!(rep.graphql(ALARMS, json!({})).await.code(), Some("FORBIDDEN"));
    let admin = world.caller(company::ADMIN).await;
    assert_eq!(admin.graphql(ACKNOWLEDGE, json!({ "id": "0000000000009" })).await.code(), Some("NOT_FOUND"));
    let done = admin.graphql(ACKNOWLEDGE, json!({ "id": id, "note": "Asked them; a mistake." })).await;
    assert_eq!(done.data()["acknowledgeAlarm"]["alarm"]["acknowledgedBy"]["name"], "Ada Admin");
    assert_eq!(admin.graphql(ACKNOWLEDGE, json!({ "id": id })).await.code(), Some("CONFLICT"));
    assert_eq!(alarms_of(&world, json!({ "acknowledged": false })).await, Vec::<Value>::new());
    assert_eq!(alarms_of(&world, json!({ "subject": company::AUDITOR.id.to_string() })).await[0]["note"], "Asked them; a mistake.");
});

on_both_backends!(alarms_come_as_events, |world| async {
    let (rep, other) = (world.caller(company::REP).await, world.caller(company::OTHER_REP).await);
    let auditor = world.caller(company::AUDITOR).await;
    // From the beginning, for what is there already, and what comes.
    let mut events = Events::open(&auditor, WATCH, json!({ "after": "0000000000000" })).await;
    refused(&rep, 10).await;
    let first = events.event().await;
    assert_eq!(first["data"]["newAlarms"]["nodes"], json!([{ "rule": "DENIALS_IN_A_ROW", "subject": { "name": "Rita Rep" } }]), "{first}");
    assert!(first["extensions"]["confidentiality"]["receipt"]["rseq"].is_number(), "{first}");
    refused(&other, 10).await;
    let second = events.event().await;
    assert_eq!(second["data"]["newAlarms"]["nodes"][0]["subject"]["name"], "Ralf Rep");
    // Whoever comes back goes on where they were.
    let after = first["data"]["newAlarms"]["pageInfo"]["endCursor"].clone();
    let mut again = Events::open(&auditor, WATCH, json!({ "after": after })).await;
    assert_eq!(again.event().await["data"], second["data"]);
    // Rights are read anew for each event.
    let session = auditor.graphql("{ viewer { sessionId } }", json!({})).await.data()["viewer"]["sessionId"].clone();
    let admin = world.caller(company::ADMIN).await;
    admin.graphql("mutation($id: ID!) { endSession(input: { sessionId: $id }) { sessionId } }", json!({ "id": session })).await.data();
    let over = events.event().await;
    assert_eq!(over["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{over}");
    let mut refused = Events::open(&rep, WATCH, json!({})).await;
    assert_eq!(refused.event().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
});
