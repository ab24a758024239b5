//! Quotas: so many leads a day and not one more, under concurrency, after a restart, on every server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{audit::record::Decision, domain::clock::DAY};
use serde_json::json;
use support::{Answer, Caller, Table, World, company, ledger::LedgerCopy, on_both_backends};

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
    let standing = rep.graphql("{ viewer { leadsToday { used limit resetsAt } } }", json!({})).await;
    assert_eq!(standing.data()["viewer"]["leadsToday"]["used"], 6);
    assert_eq!(standing.data()["viewer"]["leadsToday"]["limit"], 7);
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
