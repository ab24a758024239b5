//! Access reviews: confirmed, withdrawn, lapsed; each by whom it is for, and on record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{app::reviews::lapse, domain::Clock};
use serde_json::{Value, json};
use support::{
    Answer, Caller, Table, World,
    company::{self, Member},
    on_both_backends,
};

const START: &str = "mutation($input: StartAccessReviewInput!) { startAccessReview(input: $input) { review { id } } }";
const ANSWER: &str = "mutation($input: AnswerAccessReviewInput!) { answerAccessReview(input: $input) {
    reviewed { answer answeredBy { name } grant { state } } } }";
const SHOW: &str =
    "{ accessReviews { nodes { id name closedAt startedBy { name } grants { grantId answer grant { state role subject { name } } } } } }";

/// Begins a review of all grants that is due in a day.
async fn start(world: &World, admin: &Caller) -> Value {
    let due = world.clock.now().plus_seconds(86_400).to_string();
    let answer = admin.graphql(START, json!({ "input": { "name": "Third quarter", "dueAt": due } })).await;
    answer.data()["startAccessReview"]["review"]["id"].clone()
}

/// The grants of the only review that the caller sees.
async fn grants(caller: &Caller) -> Vec<Value> {
    caller.graphql(SHOW, json!({})).await.data()["accessReviews"]["nodes"][0]["grants"].as_array().unwrap().clone()
}

fn of(grants: &[Value], member: Member) -> &Value {
    grants.iter().find(|item| item["grant"]["subject"]["name"] == member.name).unwrap()
}

async fn say(caller: &Caller, review: &Value, item: &Value, decision: &str) -> Answer {
    caller.graphql(ANSWER, json!({ "input": { "review": review, "grant": item["grantId"], "decision": decision } })).await
}

on_both_backends!(who_answers_for_a_grant_confirms_or_withdraws_it, |world| async {
    let (admin, manager, auditor) =
        (world.caller(company::ADMIN).await, world.caller(company::MANAGER).await, world.caller(company::AUDITOR).await);
    assert_eq!(
        manager.graphql(START, json!({ "input": { "name": "x", "dueAt": "2100-01-01T00:00:00Z" } })).await.code(),
        Some("FORBIDDEN")
    );
    let review = start(&world, &admin).await;
    let all = grants(&auditor).await;
    assert_eq!(all.len(), 8, "seven people and an app hold a grant: {all:?}");
    // The manager sees those of their teams, and of these not their own.
    let theirs = grants(&manager).await;
    let mut names: Vec<_> = theirs.iter().map(|item| item["grant"]["subject"]["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ralf Rep", "Rita Rep"]);
    let rep = world.caller(company::REP).await;
    assert_eq!(rep.graphql(SHOW, json!({})).await.code(), Some("FORBIDDEN"));
    assert_eq!(say(&rep, &review, of(&all, company::OTHER_REP), "CONFIRM").await.code(), Some("FORBIDDEN"));
    assert_eq!(say(&manager, &review, of(&all, company::MANAGER), "CONFIRM").await.code(), Some("FORBIDDEN"));
    assert_eq!(say(&manager, &review, of(&all, company::ANALYST), "CONFIRM").await.code(), Some("NOT_FOUND"));

    let confirmed = say(&manager, &review, of(&all, company::REP), "CONFIRM").await;
    let reviewed = &confirmed.data()["answerAccessReview"]["reviewed"];
    assert_eq!(
        (&reviewed["answer"], &reviewed["answeredBy"]["name"], &reviewed["grant"]["state"]),
        (&json!("CONFIRMED"), &json!("Mona Manager"), &json!("ACTIVE"))
    );
    assert_eq!(say(&manager, &review, of(&all, company::REP), "WITHDRAW").await.code(), Some("CONFLICT"), "once");

    let other = world.caller(company::OTHER_REP).await;
    let leads = "{ leads(first: 1) { nodes { id } } }";
    other.graphql(leads, json!({})).await.data();
    let withdrawn = say(&manager, &review, of(&all, company::OTHER_REP), "WITHDRAW").await;
    assert_eq!(withdrawn.data()["answerAccessReview"]["reviewed"]["grant"]["state"], "REVOKED");
    assert_eq!(other.graphql(leads, json!({})).await.code(), Some("FORBIDDEN"), "at once");
    // Admins answer for grants without a team, the auditor for none.
    say(&admin, &review, of(&all, company::ANALYST), "CONFIRM").await.data();
    assert_eq!(say(&auditor, &review, of(&all, company::SECOND_ADMIN), "CONFIRM").await.code(), Some("FORBIDDEN"));
    let log = "{ accessLog(first: 500) { edges { node { changes { kind after } } } } }";
    let log = auditor.graphql(log, json!({})).await;
    assert!(log.text.contains("accessReview") && log.text.contains("WITHDRAWN") && log.text.contains("Third quarter"), "{}", log.text);
});

on_both_backends!(what_nobody_answers_for_lapses, |world| async {
    let (admin, manager) = (world.caller(company::ADMIN).await, world.caller(company::MANAGER).await);
    let review = start(&world, &admin).await;
    let all = grants(&admin).await;
    say(&manager, &review, of(&all, company::REP), "CONFIRM").await.data();
    say(&admin, &review, of(&all, company::SECOND_ADMIN), "CONFIRM").await.data();
    say(&admin, &review, of(&all, company::AUDITOR), "CONFIRM").await.data();
    assert_eq!(lapse(&world.core).await.unwrap(), 0, "not before the date");
    world.clock.advance_seconds(86_401);
    let late = say(&world.caller(company::MANAGER).await, &review, of(&all, company::OTHER_REP), "CONFIRM").await;
    assert_eq!(late.code(), Some("CONFLICT"));
    lapse(&world.core).await.unwrap();
    let auditor = world.caller(company::AUDITOR).await;
    let shown = auditor.graphql(SHOW, json!({})).await;
    assert!(shown.data()["accessReviews"]["nodes"][0]["closedAt"].is_string(), "{}", shown.text);
    let after = grants(&auditor).await;
    for (member, answer, state) in [
        (company::REP, "CONFIRMED", "ACTIVE"),
        (company::SECOND_ADMIN, "CONFIRMED", "ACTIVE"),
        (company::ADMIN, "LAPSED", "REVOKED"),
        (company::MANAGER, "LAPSED", "REVOKED"),
        (company::OTHER_REP, "LAPSED", "REVOKED"),
        (company::ANALYST, "LAPSED", "REVOKED"),
    ] {
        let item = of(&after, member);
        assert_eq!((&item["answer"], &item["grant"]["state"]), (&json!(answer), &json!(state)), "{item}");
    }
    assert_eq!(
        world.caller(company::OTHER_REP).await.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.code(),
        Some("FORBIDDEN")
    );
    world.caller(company::REP).await.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.data();
    assert_eq!(lapse(&world.core).await.unwrap(), 0);
});

on_both_backends!(the_last_who_manages_is_kept, |world| async {
    let admin = world.caller(company::ADMIN).await;
    start(&world, &admin).await;
    world.clock.advance_seconds(86_401);
    lapse(&world.core).await.unwrap();
    let after = grants(&world.caller(company::SECOND_ADMIN).await).await;
    assert_eq!((&of(&after, company::ADMIN)["answer"], &of(&after, company::SECOND_ADMIN)["answer"]), (&json!("LAPSED"), &json!("KEPT")));
});

on_both_backends!(a_withdrawal_that_cannot_be_noted_ends_no_grant, |world| async {
    let (admin, manager) = (world.caller(company::ADMIN).await, world.caller(company::MANAGER).await);
    let review = start(&world, &admin).await;
    let item = of(&grants(&admin).await, company::REP).clone();
    // As if somebody had answered at the same moment: the answer meets no row.
    let sqlite = "CREATE TRIGGER refuse BEFORE UPDATE ON access_review_item BEGIN SELECT RAISE(IGNORE); END;";
    let postgres = "CREATE RULE refuse AS ON UPDATE TO access_review_item DO INSTEAD NOTHING;";
    let refuse = if world.home.database_url.is_some() { postgres } else { sqlite };
    world.home.tamper(Table::Main, refuse).await.unwrap();
    assert_eq!(say(&manager, &review, &item, "WITHDRAW").await.code(), Some("CONFLICT"));
    let after = grants(&admin).await;
    let after = of(&after, company::REP);
    assert_eq!((&after["answer"], &after["grant"]["state"]), (&Value::Null, &json!("ACTIVE")));
    world.caller(company::REP).await.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.data();
});
