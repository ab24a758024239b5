//! Each rule against a real ledger.

use reqwest::Method;
use serde_json::json;

use crate::{
    alarms_of, company, look, refused, see,
    support::{Caller, World, on_both_backends},
};

on_both_backends!(refusals_in_a_row_raise_one_alarm, |world| async {
    let rep = world.caller(company::REP).await;
    refused(&rep, 9).await;
    assert_eq!(alarms_of(&world, json!({})).await, Vec::<serde_json::Value>::new());
    refused(&rep, 25).await;
    let alarms = alarms_of(&world, json!({ "rule": "DENIALS_IN_A_ROW" })).await;
    assert_eq!(alarms.len(), 1, "once for each account and day: {alarms:?}");
    assert_eq!((&alarms[0]["subject"]["name"], &alarms[0]["found"]), (&json!("Rita Rep"), &json!(10)));
    // The record that it names is the tenth refusal, and raising it is in the log too.
    let auditor = world.caller(company::AUDITOR).await;
    let record = "query($index: Int!) { accessRecord(index: $index) { decision code subject { person { name } } } }";
    let record = auditor.graphql(record, json!({ "index": alarms[0]["record"] })).await;
    let record = &record.data()["accessRecord"];
    assert_eq!((&record["code"], &record["subject"]["person"]["name"]), (&json!("FORBIDDEN"), &json!("Rita Rep")));
    let log = auditor.graphql("{ accessLog(first: 500) { edges { node { operationName changes { kind after } } } } }", json!({})).await;
    assert_eq!(log.text.matches(r#""operationName":"alarm""#).count(), 1, "{}", log.text);
});

on_both_backends!(
    far_more_leads_than_usual_raise_an_alarm,
    settings | settings | {
        (settings.alarms.rules.least_leads, settings.alarms.rules.usual_days) = (3, 3);
    },
    |world| async {
        for leads in [1, 2, 1] {
            see(&world.caller(company::REP).await, leads).await;
            see(&world.caller(company::MANAGER).await, 6).await;
            world.clock.advance_seconds(86_400);
        }
        see(&world.caller(company::REP).await, 5).await;
        see(&world.caller(company::MANAGER).await, 8).await;
        assert_eq!(alarms_of(&world, json!({})).await.len(), 0, "four times 4/3, rounded up, is 6");
        see(&world.caller(company::REP).await, 2).await;
        let alarms = alarms_of(&world, json!({})).await;
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        let alarm = &alarms[0];
        assert_eq!((&alarm["rule"], &alarm["found"], &alarm["against"]), (&json!("MORE_THAN_USUAL"), &json!(7), &json!(6)));
        assert_eq!(alarm["summary"], "7 leads in one day; the rule speaks at more than 6.");
    }
);

on_both_backends!(a_dormant_account_raises_an_alarm, |world| async {
    see(&world.caller(company::REP).await, 1).await;
    see(&world.caller(company::OTHER_REP).await, 1).await;
    world.clock.advance_seconds(40 * 86_400);
    see(&world.caller(company::OTHER_REP).await, 1).await;
    world.clock.advance_seconds(25 * 86_400);
    see(&world.caller(company::OTHER_REP).await, 1).await;
    see(&world.caller(company::REP).await, 1).await;
    // Of the auditor who asks, too: nobody had used that account since it was made.
    let alarms = alarms_of(&world, json!({ "rule": "DORMANT_ACCOUNT" })).await;
    let found: Vec<_> = alarms.iter().map(|alarm| (alarm["subject"]["name"].as_str().unwrap(), alarm["found"].as_u64().unwrap())).collect();
    assert_eq!(found, [("Rita Rep", 65)], "{alarms:?}");
});

/// Asks as from this address.
async fn ask_from(caller: &Caller, ip: &str) {
    let body = json!({ "query": "{ viewer { kind } }" });
    caller.send(caller.request(Method::POST, "/graphql").header("x-forwarded-for", ip).json(&body)).await.data();
}

on_both_backends!(
    two_networks_in_turn_raise_an_alarm,
    settings | settings | {
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.alarms.rules.own_networks = vec!["192.0.2.0/24".parse().unwrap()];
    },
    |world| async {
        let (rep, other, app) = (world.caller(company::REP).await, world.caller(company::OTHER_REP).await, world.app().await);
        for _ in 0..2 {
            for ip in ["198.51.100.7", "203.0.113.9"] {
                ask_from(&rep, ip).await;
                ask_from(&app, ip).await;
            }
            for ip in ["192.0.2.7", "203.0.113.9"] {
                ask_from(&other, ip).await;
            }
        }
        let alarms = alarms_of(&world, json!({})).await;
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        assert_eq!((&alarms[0]["rule"], &alarms[0]["subject"]["name"]), (&json!("TWO_PLACES"), &json!("Rita Rep")));
    }
);

on_both_backends!(what_comes_while_no_server_runs_is_not_missed_and_nothing_is_told_twice, |world| async {
    let rep = world.caller(company::REP).await;
    refused(&rep, 5).await;
    look(&world.core).await;
    let (settings, clock, random) = (world.settings.clone(), world.clock.clone(), world.random.clone());
    refused(&rep, 3).await;
    let home = world.shutdown().await;
    // The next server does not know what the last one had counted, and reads it.
    clock.advance_seconds(60);
    let core = leadkeep::server::build_core(&settings, clock.clone(), random.clone()).await.unwrap();
    let server = leadkeep::server::start(core.clone(), &settings).await.unwrap();
    let url = format!("http://{}", server.address);
    let rep = Caller::anonymous(&url).sign_in(company::REP.email, company::PASSWORD).await;
    refused(&rep, 10).await;
    look(&core).await;
    assert_eq!(core.store.alarm_cursor().await.unwrap().raised, 1);
    server.shutdown().await;
    // And one after that starts where it ended.
    let core = leadkeep::server::build_core(&settings, clock, random).await.unwrap();
    look(&core).await;
    assert_eq!(core.store.alarm_cursor().await.unwrap().raised, 1);
    core.recorder.stop().await;
    drop(home);
});

on_both_backends!(several_servers_raise_it_once, |world| async {
    let sibling = world.sibling().await;
    let here = world.caller(company::REP).await;
    let there = Caller::anonymous(&sibling.url).with_token(here.token.as_ref().unwrap());
    for _ in 0..6 {
        tokio::join!(refused(&here, 1), refused(&there, 1));
        let looked = tokio::join!(leadkeep::app::alarms::watch(&world.core), leadkeep::app::alarms::watch(&sibling.core));
        // Whoever comes second finds the other at it, or that it has moved on.
        drop(looked);
    }
    let raised = async |world: &World| {
        drop(leadkeep::app::alarms::watch(&world.core).await);
        drop(leadkeep::app::alarms::watch(&sibling.core).await);
        world.core.store.alarm_cursor().await.unwrap()
    };
    let size = world.core.recorder.fold_now().await.unwrap();
    let mut cursor = raised(&world).await;
    while cursor.raised == 0 && cursor.place < size {
        cursor = raised(&world).await;
    }
    assert_eq!(cursor.raised, 1);
    assert_eq!(alarms_of(&world, json!({})).await.len(), 1);
});
