//! The exposure report, before the exit interview.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BEGIN, departure, leaving, send};
use crate::support::{
    Caller,
    company::{ADMIN, AUDITOR, MANAGER, OTHER_REP, REP},
    on_both_backends,
};

const REPORT: &str = "query($id: ID!, $days: Int) { departureReport(departureId: $id, days: $days) {
    departure { person { name } secondsToEnd } distinctLeads searchedBackTo
    exposure { total { views leads downloads downloadedLeads denied offHours } purposes { key records } peerCount
        baseline { days leads offHours } peers { days leads } }
    shown { day distinctLeads fields { field clear masked } }
    agreements { kind version paper } exports { leads fields purpose address offHours } devices { name records new } } }";

/// Asks as if with another device.
async fn with_device(caller: &Caller, device: &str, document: &str) {
    let request = caller.request(Method::POST, "/graphql").header("user-agent", device).json(&json!({ "query": document }));
    caller.send(request).await.data();
}

on_both_backends!(all_that_was_shown_is_on_it, |world| async {
    let leads = "{ leads(first: 100) { nodes { company emails } } }";
    // A month ago, with the usual device; then today, with another one, too.
    let rita = world.caller(REP).await;
    with_device(&rita, "Laptop", leads).await;
    world.clock.advance_seconds(40 * 86_400);
    let rita = world.caller(REP).await;
    with_device(&rita, "Laptop", leads).await;
    with_device(&rita, "Telephone", "{ leads(first: 1) { nodes { company } } }").await;
    let other = world.caller(OTHER_REP).await;
    with_device(&other, "Laptop", leads).await;
    let export = "mutation { exportLeads(input: { purpose: \"SALES\", fields: [\"company\", \"emails\"] }) { rows } }";
    let rows = rita.graphql(export, json!({})).await.data()["exportLeads"]["rows"].as_u64().unwrap();
    assert_eq!(rita.graphql("{ people { nodes { id } } }", json!({})).await.code(), Some("FORBIDDEN"));
    let shown = rita.graphql(leads, json!({})).await.data()["leads"]["nodes"].as_array().unwrap().len() as u64;
    let ada = world.caller(ADMIN).await;
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LOCK")).await);
    let answer = ada.graphql(REPORT, json!({ "id": begun["id"], "days": 7 })).await;
    let report = &answer.data()["departureReport"];
    assert_eq!((&report["departure"]["person"]["name"], &report["searchedBackTo"]), (&json!(REP.name), &Value::Null));
    assert!(report["departure"]["secondsToEnd"].is_number());
    assert_eq!(report["distinctLeads"], shown);
    let total = &report["exposure"]["total"];
    assert_eq!((&total["views"], &total["leads"]), (&json!(3), &json!(2 * shown + 1)));
    assert_eq!((&total["downloads"], &total["downloadedLeads"], &total["denied"]), (&json!(1), &json!(rows), &json!(1)));
    assert_eq!(report["exposure"]["baseline"]["days"], 0, "the month before is longer ago than what is compared with");
    let [day] = &report["shown"].as_array().unwrap()[..] else { panic!("one day: {report}") };
    let field = |name: &str| day["fields"].as_array().unwrap().iter().find(|field| field["field"] == name).cloned().unwrap_or_default();
    let times = |name: &str| field(name)["clear"].as_u64().unwrap_or(0) + field(name)["masked"].as_u64().unwrap_or(0);
    assert_eq!((times("company"), times("emails"), times("notes")), (2 * shown + 1 + rows, 2 * shown + rows, 0));
    assert_eq!(day["distinctLeads"], shown);
    let [file] = &report["exports"].as_array().unwrap()[..] else { panic!("one file: {report}") };
    assert_eq!((&file["leads"], &file["purpose"], &file["fields"]), (&json!(rows), &json!("SALES"), &json!(["company", "emails"])));
    assert_eq!(report["agreements"][0], json!({ "kind": "CONFIDENTIALITY", "version": 1, "paper": true }));
    let device = |name: &str| report["devices"].as_array().unwrap().iter().find(|device| device["name"] == name).cloned().unwrap();
    assert_eq!((&device("Telephone")["records"], &device("Telephone")["new"]), (&json!(1), &json!(true)));
    // Forty-five days back, the laptop was there before, and the month before is the baseline.
    let longer = ada.graphql(REPORT, json!({ "id": begun["id"], "days": 39 })).await;
    let longer = &longer.data()["departureReport"];
    let laptop = longer["devices"].as_array().unwrap().iter().find(|device| device["name"] == "Laptop").unwrap();
    assert_eq!((&laptop["new"], &longer["exposure"]["baseline"]["days"]), (&json!(false), &json!(1)));
    assert_eq!(longer["exposure"]["baseline"]["leads"].as_f64(), Some(f64::from(u32::try_from(shown).unwrap())));
    // Whoever reads the log makes it too, and finds that it was made; others do not.
    let otto = world.caller(AUDITOR).await;
    otto.graphql(REPORT, json!({ "id": begun["id"] })).await.data();
    let made = "query($id: ID!) { accessLog(filter: { person: $id }, first: 5) { edges { node { reasons } } } }";
    let made = otto.graphql(made, json!({ "id": ADMIN.id.to_string() })).await;
    assert!(made.text.contains(&format!("exposure report {}", REP.id)), "{}", made.text);
    for member in [MANAGER, OTHER_REP] {
        assert_eq!(world.caller(member).await.graphql(REPORT, json!({ "id": begun["id"] })).await.code(), Some("FORBIDDEN"));
    }
    // The leads one by one are for the auditor.
    let one_by_one = "query($id: ID!) { departureReport(departureId: $id) { exposure { leads(first: 5) { nodes { lead } } } } }";
    assert_eq!(ada.graphql(one_by_one, json!({ "id": begun["id"] })).await.code(), Some("FORBIDDEN"));
    otto.graphql(one_by_one, json!({ "id": begun["id"] })).await.data();
});
