//! Quotas: so many leads a day and not one more, under concurrency, after a restart, on every server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{
    audit::record::Decision,
    domain::{
        Timestamp,
        clock::{DAY, HOUR},
    },
};
use serde_json::{Value, json};
use support::{
    Answer, Caller, Table, World,
    company::{self, Member},
    ledger::LedgerCopy,
    on_both_backends,
};

/// Gives the role `rep` this many leads a day.
async fn allow(world: &World, leads: u32) {
    let sql = format!(
        "UPDATE policy_item SET value = replace(value, '\"leadsPerDay\":2000', '\"leadsPerDay\":{leads}')
            WHERE kind = 'role' AND value LIKE '%\"name\":\"rep\"%';
         UPDATE generation SET value = value + 1;"
    );
    world.home.tamper(Table::Main, &sql).await.unwrap();
    world.core.current.check(&world.core.store, &*world.core.clock).await.unwrap();
}

/// What `viewer` says of one quota.
async fn standing(caller: &Caller, quota: &str) -> Value {
    let answer = caller.graphql("{ viewer { quotaUse { quota used limit lifted resetsAt } } }", json!({})).await;
    let standings = answer.data()["viewer"]["quotaUse"].as_array().unwrap().clone();
    standings.into_iter().find(|standing| standing["quota"] == quota).unwrap_or_default()
}

/// Limits a member beside their roles; one admin may, as it only narrows.
async fn limit(world: &World, member: Member, quotas: Value) {
    let input = json!({ "subject": member.id.to_string(), "quotas": quotas });
    let document =
        "mutation($input: SetPersonalQuotasInput!) { setPersonalQuotas(input: $input) { quotas { leadsPerDay } proposal { id } } }";
    let answer = world.caller(company::ADMIN).await.graphql(document, json!({ "input": input })).await;
    assert!(answer.data()["setPersonalQuotas"]["proposal"].is_null(), "{}", answer.text);
}

const LIFT: &str = "mutation($input: LiftQuotaInput!) { liftQuota(input: $input) { limit until subject { name } } }";

fn lifting(member: Member, quota: &str) -> Value {
    json!({ "input": { "subject": member.id.to_string(), "quota": quota, "reason": "the trade fair" } })
}

async fn ask(caller: &Caller, leads: usize) -> Answer {
    caller.graphql("query($first: Int!) { leads(first: $first) { nodes { id company } } }", json!({ "first": leads })).await
}

on_both_backends!(not_one_more_than_the_quota, |world| async {
    allow(&world, 7).await;
    let rep = world.caller(company::REP).await;
    let asked: Vec<_> = (0..12)
        .map(|_| {
            tokio::spawn({
                let rep = rep.clone();
                async move { ask(&rep, 2).await }
            })
        })
        .collect();
    let (mut answered, mut refused) = (0, 0);
    for one in asked {
        let answer = one.await.unwrap();
        if answer.code() == Some("QUOTA_EXCEEDED") {
            assert!(answer.json["data"]["leads"].is_null(), "{}", answer.text);
            let record = answer.record(&world.home).await.record;
            assert_eq!((record.decision, record.disclosures.len(), record.rows), (Decision::Denied, 0, 0));
            assert!(record.reasons.iter().any(|reason| reason.starts_with("quota: 2 more than ")), "{:?}", record.reasons);
            refused += 1;
        } else {
            assert_eq!(answer.data()["leads"]["nodes"].as_array().unwrap().len(), 2);
            answered += 1;
        }
    }
    assert_eq!((answered, refused), (3, 9));
    let day = standing(&rep, "LEADS_PER_DAY").await;
    assert_eq!((&day["used"], &day["limit"], &day["lifted"]), (&json!(6), &json!(7), &json!(false)));
    ask(&rep, 1).await.data();
    assert_eq!(ask(&rep, 1).await.code(), Some("QUOTA_EXCEEDED"));
    // Answers without leads still come, and others are not concerned.
    rep.graphql("{ leadStats(groupBy: STAGE) { key count } }", json!({})).await.data();
    ask(&world.caller(company::MANAGER).await, 5).await.data();
});

on_both_backends!(a_server_started_later_counts_on, |world| async {
    allow(&world, 7).await;
    ask(&world.caller(company::REP).await, 5).await.data();
    let sibling = world.sibling().await;
    let rep = Caller::anonymous(&sibling.url).sign_in(company::REP.email, company::PASSWORD).await;
    assert_eq!(ask(&rep, 3).await.code(), Some("QUOTA_EXCEEDED"));
    ask(&rep, 2).await.data();
});

on_both_backends!(
    servers_hear_of_each_other,
    settings | settings | {
        settings.quotas.refresh = 0;
    },
    |world| async {
        allow(&world, 7).await;
        let sibling = world.sibling().await;
        let here = world.caller(company::REP).await;
        let there = Caller::anonymous(&sibling.url).with_token(here.token.as_ref().unwrap());
        ask(&here, 3).await.data();
        ask(&there, 3).await.data();
        assert_eq!(ask(&here, 2).await.code(), Some("QUOTA_EXCEEDED"));
        ask(&here, 1).await.data();
        assert_eq!(ask(&there, 1).await.code(), Some("QUOTA_EXCEEDED"));
    }
);

on_both_backends!(the_next_day_begins_anew, |world| async {
    allow(&world, 2).await;
    let rep = world.caller(company::REP).await;
    ask(&rep, 2).await.data();
    assert_eq!(ask(&rep, 1).await.code(), Some("QUOTA_EXCEEDED"));
    world.clock.advance_seconds(DAY / 1_000_000);
    ask(&world.caller(company::REP).await, 2).await.data();
});

on_both_backends!(a_change_beyond_the_quota_is_made_and_not_shown, |world| async {
    allow(&world, 1).await;
    let rep = world.caller(company::REP).await;
    ask(&rep, 1).await.data();
    let document = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id score } } }";
    let lead = leadkeep::domain::Id(1_001).to_string();
    let answer = rep.graphql(document, json!({ "input": { "id": lead, "values": { "score": 42 } } })).await;
    assert_eq!(answer.code(), Some("QUOTA_EXCEEDED"));
    assert!(answer.message().unwrap().contains("The change was made"), "{}", answer.text);
    let record = answer.record(&world.home).await.record;
    assert_eq!((record.disclosures.len(), record.changed.len()), (0, 1));
    assert!(LedgerCopy::read(&world.home).await.len() > 2);
    let manager = world.caller(company::MANAGER).await;
    let after = manager.graphql("query($id: ID!) { lead(id: $id) { score } }", json!({ "id": lead })).await;
    assert_eq!(after.data()["lead"]["score"], 42);
});

/// Moves the clock to the beginning of the next hour or day, and a little further.
fn next(world: &World, period: i64) -> Timestamp {
    let now = leadkeep::domain::Clock::now(&*world.clock).0;
    let start = (now / period + 1) * period;
    world.clock.advance_seconds((start - now) / 1_000_000 + 60);
    Timestamp(start)
}

on_both_backends!(an_hour_has_a_limit_of_its_own_and_says_when_it_ends, |world| async {
    limit(&world, company::REP, json!({ "leadsPerHour": 3 })).await;
    // Not in the last seconds of one.
    next(&world, DAY);
    let rep = world.caller(company::REP).await;
    ask(&rep, 3).await.data();
    let refused = ask(&rep, 1).await;
    assert_eq!(refused.code(), Some("QUOTA_EXCEEDED"));
    let resets_at = refused.json["errors"][0]["extensions"]["resetsAt"].as_str().unwrap().to_owned();
    assert_eq!(resets_at, standing(&rep, "LEADS_PER_HOUR").await["resetsAt"]);
    assert!(refused.message().unwrap().contains(&resets_at), "{}", refused.text);
    assert_eq!(next(&world, HOUR).to_string(), resets_at);
    ask(&world.caller(company::REP).await, 3).await.data();
    assert_eq!(standing(&world.caller(company::REP).await, "LEADS_PER_DAY").await["used"], 6, "the day goes on");
});

on_both_backends!(new_leads_are_those_never_shown_before, |world| async {
    let rep = world.caller(company::REP).await;
    ask(&rep, 4).await.data();
    next(&world, DAY);
    limit(&world, company::REP, json!({ "newLeadsPerDay": 2 })).await;
    let rep = world.caller(company::REP).await;
    // Those of yesterday are not new, however often they are shown.
    ask(&rep, 4).await.data();
    ask(&rep, 4).await.data();
    assert_eq!(ask(&rep, 7).await.code(), Some("QUOTA_EXCEEDED"));
    ask(&rep, 6).await.data();
    assert_eq!(standing(&rep, "NEW_LEADS_PER_DAY").await["used"], 2);
    ask(&rep, 6).await.data();
    assert_eq!(ask(&rep, 7).await.code(), Some("QUOTA_EXCEEDED"));
    // A server that has never seen them asks the ledger.
    let sibling = world.sibling().await;
    let there = Caller::anonymous(&sibling.url).sign_in(company::REP.email, company::PASSWORD).await;
    ask(&there, 6).await.data();
    assert_eq!(ask(&there, 7).await.code(), Some("QUOTA_EXCEEDED"));
    next(&world, DAY);
    ask(&world.caller(company::REP).await, 7).await.data();
});

on_both_backends!(new_leads_are_counted_once_under_concurrency, |world| async {
    limit(&world, company::REP, json!({ "newLeadsPerDay": 3 })).await;
    let rep = world.caller(company::REP).await;
    let asked: Vec<_> = (1..=7)
        .map(|leads| {
            let rep = rep.clone();
            tokio::spawn(async move { (leads, ask(&rep, leads).await) })
        })
        .collect();
    for one in asked {
        let (leads, answer) = one.await.unwrap();
        assert_eq!(answer.code() == Some("QUOTA_EXCEEDED"), leads > 3, "{leads}: {}", answer.text);
    }
});

on_both_backends!(exported_rows_add_up_over_a_day, |world| async {
    limit(&world, company::REP, json!({ "exportRowsPerDay": 10, "rowsPerExport": 4 })).await;
    let (rep, manager) = (world.caller(company::REP).await, world.caller(company::MANAGER).await);
    let export = "mutation { exportLeads(input: { purpose: \"SALES\", fields: [\"company\"] }) { rows } }";
    let refused = rep.graphql(export, json!({})).await;
    assert_eq!(refused.code(), Some("QUOTA_EXCEEDED"));
    assert!(refused.json["errors"][0]["extensions"]["resetsAt"].is_string(), "{}", refused.text);
    // The limit of each file is lifted for the day; the limit of the day stands.
    manager.graphql(LIFT, lifting(company::REP, "ROWS_PER_EXPORT")).await.data();
    assert_eq!(rep.graphql(export, json!({})).await.data()["exportLeads"]["rows"], 7);
    assert_eq!(rep.graphql(export, json!({})).await.code(), Some("QUOTA_EXCEEDED"));
    let used = standing(&rep, "EXPORT_ROWS_PER_DAY").await["used"].clone();
    assert_eq!((&used, &standing(&rep, "LEADS_PER_DAY").await["used"]), (&json!(7), &json!(7)));
    let sibling = world.sibling().await;
    let there = Caller::anonymous(&sibling.url).with_token(rep.token.as_ref().unwrap());
    assert_eq!((&standing(&there, "EXPORT_ROWS_PER_DAY").await["used"], &standing(&there, "LEADS_PER_DAY").await["used"]), (&used, &used));
});

on_both_backends!(a_manager_lifts_a_quota_once, |world| async {
    allow(&world, 2).await;
    let (rep, manager) = (world.caller(company::REP).await, world.caller(company::MANAGER).await);
    ask(&rep, 2).await.data();
    assert_eq!(ask(&rep, 1).await.code(), Some("QUOTA_EXCEEDED"));
    // Neither they themselves, nor who does not stand over them, nor a quota they do not have.
    assert_eq!(rep.graphql(LIFT, lifting(company::REP, "LEADS_PER_DAY")).await.code(), Some("FORBIDDEN"));
    assert_eq!(manager.graphql(LIFT, lifting(company::MANAGER, "LEADS_PER_DAY")).await.code(), Some("FORBIDDEN"));
    assert_eq!(manager.graphql(LIFT, lifting(company::ANALYST, "LEADS_PER_DAY")).await.code(), Some("NOT_FOUND"));
    assert_eq!(manager.graphql(LIFT, lifting(company::REP, "NEW_LEADS_PER_DAY")).await.code(), Some("BAD_USER_INPUT"));
    let lifted = manager.graphql(LIFT, lifting(company::REP, "LEADS_PER_DAY")).await;
    assert_eq!((&lifted.data()["liftQuota"]["limit"], &lifted.data()["liftQuota"]["subject"]["name"]), (&json!(4), &json!("Rita Rep")));
    assert_eq!(manager.graphql(LIFT, lifting(company::REP, "LEADS_PER_DAY")).await.code(), Some("CONFLICT"));
    // On every server, at once, and no further than twice.
    let sibling = world.sibling().await;
    let there = Caller::anonymous(&sibling.url).with_token(rep.token.as_ref().unwrap());
    ask(&there, 1).await.data();
    ask(&rep, 1).await.data();
    let day = standing(&rep, "LEADS_PER_DAY").await;
    assert_eq!((&day["limit"], &day["lifted"]), (&json!(4), &json!(true)));
    assert_eq!(ask(&rep, 2).await.code(), Some("QUOTA_EXCEEDED"));
    // The auditor reads who did it and why.
    let log = "{ accessLog(first: 500) { edges { node { changes { kind item after } } } } }";
    let log = world.caller(company::AUDITOR).await.graphql(log, json!({})).await;
    assert!(log.text.contains("quotaLift") && log.text.contains("the trade fair"), "{}", log.text);
    next(&world, DAY);
    let rep = world.caller(company::REP).await;
    ask(&rep, 2).await.data();
    assert_eq!(ask(&rep, 1).await.code(), Some("QUOTA_EXCEEDED"), "it was lifted for a day");
});

on_both_backends!(to_limit_somebody_less_takes_two, |world| async {
    limit(&world, company::REP, json!({ "leadsPerDay": 2 })).await;
    let (admin, other) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let rep = world.caller(company::REP).await;
    assert_eq!(ask(&rep, 3).await.code(), Some("QUOTA_EXCEEDED"));
    let document =
        "mutation($input: SetPersonalQuotasInput!) { setPersonalQuotas(input: $input) { quotas { leadsPerDay } proposal { id } } }";
    let input = json!({ "input": { "subject": company::REP.id.to_string(), "quotas": {} } });
    let asked = admin.graphql(document, input).await;
    assert_eq!(asked.data()["setPersonalQuotas"]["quotas"]["leadsPerDay"], 2);
    let approve = "mutation($id: ID!) { approveProposal(input: { id: $id }) { proposal { state } } }";
    assert_eq!(ask(&rep, 3).await.code(), Some("QUOTA_EXCEEDED"));
    other.graphql(approve, json!({ "id": asked.data()["setPersonalQuotas"]["proposal"]["id"] })).await.data();
    ask(&rep, 3).await.data();
    let own = "query($id: ID!) { personalQuotas(subject: $id) { leadsPerDay } }";
    let own = admin.graphql(own, json!({ "id": company::REP.id.to_string() })).await;
    assert_eq!(own.data()["personalQuotas"]["leadsPerDay"], Value::Null);
    assert_eq!(rep.graphql("{ personalQuotas(subject: \"x\") { leadsPerDay } }", json!({})).await.code(), Some("NOT_FOUND"));
});
