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
        // The same again are no others.
        for _ in 0..2 {
            see(&world.caller(company::REP).await, 5).await;
        }
        see(&world.caller(company::MANAGER).await, 8).await;
        assert_eq!(alarms_of(&world, json!({})).await.len(), 0, "four times 4/3, rounded up, is 6");
        see(&world.caller(company::REP).await, 7).await;
        let alarms = alarms_of(&world, json!({})).await;
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        let alarm = &alarms[0];
        assert_eq!((&alarm["rule"], &alarm["found"], &alarm["against"]), (&json!("MORE_THAN_USUAL"), &json!(7), &json!(6)));
        assert_eq!(alarm["summary"], "7 different leads in one day; the rule speaks at more than 6.");
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
    // Either may find its own watch, which began by itself, at the cursor first; that is over soon.
    let (mut raised, mut looked) = (0, None);
    for _ in 0..100 {
        let here = leadkeep::app::alarms::watch(&world.core).await;
        looked = Some((here, leadkeep::app::alarms::watch(&sibling.core).await));
        raised = world.core.store.alarm_cursor().await.unwrap().raised;
        if raised > 0 {
            break;
        }
    }
    assert_eq!(raised, 1, "{looked:?}");
    assert_eq!(alarms_of(&world, json!({})).await.len(), 1);
});

const BEGIN: &str = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) { departure { id } proposal { id } } }";

/// Begins somebody's departure, whose last day is in a week.
async fn begin_departure(world: &World, who: company::Member) -> serde_json::Value {
    let last_day = leadkeep::domain::Clock::now(&*world.clock).plus_seconds(7 * 86_400).to_string();
    let input = json!({ "personId": who.id.to_string(), "lastDay": last_day, "reason": "Gave notice", "access": "KEEP" });
    world.caller(company::ADMIN).await.graphql(BEGIN, json!({ "input": input })).await.data()["beginDeparture"].clone()
}

on_both_backends!(an_export_before_a_departure_raises_an_alarm, |world| async {
    let export = "mutation { exportLeads(input: { purpose: \"SALES\", fields: [\"company\", \"emails\"] }) { rows } }";
    let (rita, ralf) = (world.caller(company::REP).await, world.caller(company::OTHER_REP).await);
    ralf.graphql(export, json!({})).await.data();
    world.clock.advance_seconds(31 * 86_400);
    see(&world.caller(company::OTHER_REP).await, 3).await;
    let rows = world.caller(company::REP).await.graphql(export, json!({})).await.data()["exportLeads"]["rows"].as_u64().unwrap();
    drop((rita, ralf));
    let kind = json!({ "rule": "EXPORT_BEFORE_LEAVING" });
    assert_eq!(alarms_of(&world, kind.clone()).await.len(), 0, "nobody leaves");
    world.clock.advance_seconds(29 * 86_400);
    // Who only looked, and whose file left long before, is not told of.
    begin_departure(&world, company::OTHER_REP).await;
    begin_departure(&world, company::ANALYST).await;
    assert_eq!(alarms_of(&world, kind.clone()).await.len(), 0);
    let begun = begin_departure(&world, company::REP).await;
    let alarms = alarms_of(&world, kind.clone()).await;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let alarm = &alarms[0];
    assert_eq!((&alarm["subject"]["name"], &alarm["found"], &alarm["against"]), (&json!("Rita Rep"), &json!(rows), &json!(30)));
    assert_eq!(alarm["summary"], format!("{rows} leads in files or on unusual days, in the 30 days before the departure was begun."));
    // It names the file, and what becomes of the departure later is not told again.
    let named = "{ alarms(filter: { rule: EXPORT_BEFORE_LEAVING }) { nodes { exports { index leads fields purpose } } } }";
    let auditor = world.caller(company::AUDITOR).await;
    let exports = auditor.graphql(named, json!({})).await.data()["alarms"]["nodes"][0]["exports"].clone();
    assert_eq!(exports.as_array().unwrap().len(), 1, "{exports}");
    assert_eq!((&exports[0]["leads"], &exports[0]["fields"]), (&json!(rows), &json!(["company", "emails"])));
    world.clock.advance_seconds(86_400);
    let certify = "mutation($input: RecordExitCertificateInput!) { recordExitCertificate(input: $input) { departure { id } } }";
    let certificate = json!({ "departureId": begun["departure"]["id"], "outcome": "REFUSED", "note": "Did not come" });
    world.caller(company::ADMIN).await.graphql(certify, json!({ "input": certificate })).await.data();
    assert_eq!(alarms_of(&world, kind).await.len(), 1);
});

on_both_backends!(
    an_unusual_day_before_a_departure_is_told_too,
    settings | settings | {
        (settings.alarms.rules.least_leads, settings.alarms.rules.usual_days) = (3, 3);
    },
    |world| async {
        for leads in [1, 2, 1] {
            see(&world.caller(company::REP).await, leads).await;
            see(&world.caller(company::OTHER_REP).await, leads).await;
            world.clock.advance_seconds(86_400);
        }
        see(&world.caller(company::REP).await, 7).await;
        for _ in 0..3 {
            see(&world.caller(company::OTHER_REP).await, 3).await;
        }
        world.clock.advance_seconds(3 * 86_400);
        begin_departure(&world, company::REP).await;
        begin_departure(&world, company::OTHER_REP).await;
        let alarms = alarms_of(&world, json!({ "rule": "EXPORT_BEFORE_LEAVING" })).await;
        let found: Vec<_> =
            alarms.iter().map(|alarm| (alarm["subject"]["name"].as_str().unwrap(), alarm["found"].as_u64().unwrap())).collect();
        assert_eq!(found, [("Rita Rep", 7)]);
    }
);

// That somebody leaves is for those who may know it.
on_both_backends!(who_may_not_know_of_departures_does_not_see_that_alarm, |world| async {
    let export = "mutation { exportLeads(input: { purpose: \"SALES\" }) { rows } }";
    world.caller(company::REP).await.graphql(export, json!({})).await.data();
    begin_departure(&world, company::REP).await;
    refused(&world.caller(company::REP).await, 10).await;
    assert_eq!(alarms_of(&world, json!({})).await.len(), 2);
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let add = "mutation($input: AddRoleInput!) { addRole(input: $input) { role { id } } }";
    let input = json!({ "name": "watch", "description": "Sees to alarms.", "permissions": ["ALARM_HANDLE"], "windows": [] });
    let role = ada.graphql(add, json!({ "input": input })).await.data()["addRole"]["role"]["id"].clone();
    let request = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let grant = json!({ "input": { "subject": company::NEWCOMER.id.to_string(), "role": role, "reason": "The night shift" } });
    let grant = ada.graphql(request, grant).await.data()["requestGrant"]["grant"]["id"].clone();
    let approve = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { id } } }";
    abel.graphql(approve, json!({ "input": { "id": grant } })).await.data();
    let nils = world.caller(company::NEWCOMER).await;
    let seen = nils.graphql("{ alarms { totalCount nodes { id rule } } }", json!({})).await;
    assert_eq!((&seen.data()["alarms"]["totalCount"], seen.text.contains("LEAVING")), (&json!(1), false), "{}", seen.text);
    let mine = "{ alarms(filter: { rule: EXPORT_BEFORE_LEAVING }) { totalCount nodes { id } } }";
    let id = ada.graphql(mine, json!({})).await.data()["alarms"]["nodes"][0]["id"].clone();
    assert_eq!(nils.graphql(mine, json!({})).await.data()["alarms"]["totalCount"], 0);
    for act in ["acknowledgeAlarm(input: { id: $id })", "resendAlarm(input: { id: $id })"] {
        let act = format!("mutation($id: ID!) {{ {act} {{ alarm {{ id }} }} }}");
        assert_eq!(nils.graphql(&act, json!({ "id": id })).await.code(), Some("NOT_FOUND"));
    }
});
