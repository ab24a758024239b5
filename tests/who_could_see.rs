//! Need-to-know at past moments: what the policy and the lead were then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::domain::{Clock, Id};
use serde_json::{Value, json};
use support::{
    Answer, Caller, World,
    company::{self, Member},
    on_both_backends,
};

const ASK: &str = "query($input: WhoCouldSeeInput!, $at: DateTime) { whoCouldSee(input: $input, at: $at) {
    policyRevision exact subjects { subject { name } grants rows clear masked unrestricted } unrestricted { name } } }";

fn names(answer: &Answer) -> Vec<String> {
    let subjects = answer.data()["whoCouldSee"]["subjects"].as_array().unwrap();
    subjects.iter().map(|could| could["subject"]["name"].as_str().unwrap().to_owned()).collect()
}

/// This moment, and the next one.
fn moment(world: &World) -> String {
    let now = world.clock.now();
    world.clock.advance_seconds(10);
    now.to_string()
}

async fn ask(caller: &Caller, input: Value, at: Option<&str>) -> Answer {
    caller.graphql(ASK, json!({ "input": input, "at": at })).await
}

async fn assign(caller: &Caller, lead: Id, owner: Option<Member>, team: Option<Id>) {
    let input =
        json!({ "id": lead.to_string(), "owner": owner.map(|owner| owner.id.to_string()), "team": team.map(|team| team.to_string()) });
    let answer =
        caller.graphql("mutation($input: AssignLeadInput!) { assignLead(input: $input) { lead { id } } }", json!({ "input": input })).await;
    assert_eq!(answer.code(), None, "{}", answer.text);
}

on_both_backends!(a_lead_is_answered_as_it_was_then, |world| async {
    let (auditor, manager) = (world.caller(company::AUDITOR).await, world.caller(company::MANAGER).await);
    // Of Rita, in EMEA, INTERNAL.
    let lead = Id(1_001);
    let input = json!({ "lead": lead.to_string() });
    let first = moment(&world);
    let everybody = ["Mona Manager", "Rita Rep", "Anna Analyst", "Warehouse"];
    assert_eq!(names(&ask(&auditor, input.clone(), None).await), everybody);
    assign(&manager, lead, Some(company::OTHER_REP), Some(company::AMER)).await;
    let second = moment(&world);
    assert_eq!(names(&ask(&auditor, input.clone(), None).await), ["Mona Manager", "Ralf Rep", "Anna Analyst", "Warehouse"]);
    manager
        .graphql(
            "mutation($id: ID!) { markLead(input: { id: $id, marking: { level: TRADE_SECRET, compartments: [] } }) { lead { id } } }",
            json!({ "id": lead.to_string() }),
        )
        .await
        .data();
    // What is TRADE_SECRET only its owner and the manager see.
    let now = ask(&auditor, input.clone(), None).await;
    assert_eq!(names(&now), ["Mona Manager", "Ralf Rep"]);
    let third = moment(&world);
    for (at, then) in [
        (&first, &everybody[..]),
        (&second, &["Mona Manager", "Ralf Rep", "Anna Analyst", "Warehouse"]),
        (&third, &["Mona Manager", "Ralf Rep"]),
    ] {
        let answer = ask(&auditor, input.clone(), Some(at)).await;
        assert_eq!(
            (names(&answer), &answer.data()["whoCouldSee"]["exact"]),
            (then.iter().map(|name| (*name).to_owned()).collect(), &json!(true))
        );
    }
    // With a field: the analyst and the app see notes of none, the rep those of their own.
    let notes = ask(&auditor, json!({ "lead": lead.to_string(), "field": "notes" }), Some(&first)).await;
    assert_eq!(names(&notes), ["Mona Manager", "Rita Rep"]);
    let rita = &notes.data()["whoCouldSee"]["subjects"][1];
    assert!(rita["clear"].as_array().unwrap().contains(&json!("emails")), "{rita}");
    assert_eq!(rita["rows"], json!(["OWN"]));
    // No value of the lead is told, and the question is on record.
    assert!(!notes.text.contains("Customer"), "{}", notes.text);
    assert_eq!(ask(&auditor, json!({ "lead": "0000000000001" }), None).await.code(), Some("NOT_FOUND"));
    assert_eq!(ask(&manager, input.clone(), None).await.code(), Some("FORBIDDEN"));
    for wrong in [ask(&auditor, json!({}), None).await, ask(&auditor, input.clone(), Some("2100-01-01T00:00:00Z")).await] {
        assert_eq!(wrong.code(), Some("BAD_USER_INPUT"));
    }
    assert_eq!(ask(&auditor, input, Some("2019-01-01T00:00:00Z")).await.code(), Some("BAD_USER_INPUT"), "there was no policy yet");
});

on_both_backends!(grants_count_for_as_long_as_they_were_active, |world| async {
    let (admin, other) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let input = json!({ "marking": { "level": "TRADE_SECRET", "compartments": ["EMEA"] } });
    let before = moment(&world);
    assert_eq!(names(&ask(&admin, input.clone(), None).await), ["Mona Manager", "Rita Rep"]);
    let grants = admin
        .graphql("query($id: ID!) { grants(filter: { subject: $id }) { nodes { id } } }", json!({ "id": company::REP.id.to_string() }))
        .await;
    let grant = grants.data()["grants"]["nodes"][0]["id"].clone();
    other.graphql("mutation($id: ID!) { revokeGrant(input: { id: $id }) { grant { id } } }", json!({ "id": grant })).await.data();
    assert_eq!(names(&ask(&admin, input.clone(), None).await), ["Mona Manager"]);
    let then = ask(&admin, input, Some(&before)).await;
    assert_eq!((names(&then), &then.data()["whoCouldSee"]["policyRevision"]), (vec!["Mona Manager".into(), "Rita Rep".into()], &json!(1)));
});

on_both_backends!(unrestricted_access_is_named_whatever_is_asked, |world| async {
    let (admin, other) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let asked = ask(&admin, json!({ "field": "company" }), None).await;
    assert_eq!(asked.data()["whoCouldSee"]["unrestricted"], json!([]), "nobody by accident");
    let before = moment(&world);
    let role = json!({ "input": { "name": "everything", "description": "Sees all of it.", "permissions": ["LEAD_READ"],
        "windows": [{ "scope": "ALL", "level": "TRADE_SECRET", "allCompartments": true }] } });
    let role = admin.graphql("mutation($input: AddRoleInput!) { addRole(input: $input) { role { id } } }", role).await;
    let grant = json!({ "input": { "subject": company::NEWCOMER.id.to_string(), "role": role.data()["addRole"]["role"]["id"], "reason": "a mistake" } });
    let grant = admin.graphql("mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }", grant).await;
    let id = grant.data()["requestGrant"]["grant"]["id"].clone();
    other.graphql("mutation($id: ID!) { approveGrant(input: { id: $id }) { grant { id } } }", json!({ "id": id })).await.data();
    let asked = ask(&admin, json!({ "field": "notes" }), None).await;
    assert_eq!(asked.data()["whoCouldSee"]["unrestricted"], json!([{ "name": "Nils Newcomer" }]));
    let flagged: Vec<_> =
        asked.data()["whoCouldSee"]["subjects"].as_array().unwrap().iter().filter(|could| could["unrestricted"] == true).collect();
    assert_eq!((flagged.len(), &flagged[0]["subject"]["name"]), (1, &json!("Nils Newcomer")));
    assert_eq!(ask(&admin, json!({ "field": "notes" }), Some(&before)).await.data()["whoCouldSee"]["unrestricted"], json!([]));
});
