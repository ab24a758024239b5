//! Exported files have a canary of their own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    canaries, ids, keeper, leads, plant,
    support::{Answer, Caller, company, on_both_backends},
    trapped,
};

const EXPORT: &str = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { rows content } }";

pub(crate) async fn export(caller: &Caller, input: Value) -> Answer {
    let mut input = input;
    input["purpose"] = json!("MIGRATION");
    caller.graphql(EXPORT, json!({ "input": input })).await
}

pub(crate) fn content(answer: &Answer) -> String {
    answer.data()["exportLeads"]["content"].as_str().unwrap().to_owned()
}

/// The lead ids of a file.
fn in_file(content: &str) -> BTreeSet<String> {
    content.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

on_both_backends!(each_file_has_one_that_passes_for_a_lead, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let manager = world.caller(company::MANAGER).await;
    let before = ids(&leads(&manager, Value::Null).await, "id");
    let answer = export(&manager, json!({})).await;
    let (rows, file) = (answer.data()["exportLeads"]["rows"].as_u64().unwrap(), in_file(&content(&answer)));
    assert_eq!((rows, file.len()), (before.len() as u64 + 1, before.len() + 1));
    assert!(content(&answer).contains(&format!("# Leads: {rows}\r\n")));
    let of_manager = canaries(&keeper, Some(company::MANAGER)).await;
    let placed: Vec<&Value> = of_manager.iter().filter(|canary| !canary["exportRequest"].is_null()).collect();
    let first = placed[0]["leadId"].as_str().unwrap().to_owned();
    let fresh: Vec<&String> = file.difference(&before).collect();
    assert_eq!((placed.len(), fresh), (1, vec![&first]));
    assert!(content(&answer).contains(&format!("# Request: {}", placed[0]["exportRequest"].as_str().unwrap())));
    assert!(content(&answer).contains(placed[0]["email"].as_str().unwrap()));
    // It is there afterwards, for whoever took the file and nobody else.
    let one = "query($id: ID!) { lead(id: $id) { id archived } }";
    assert_eq!(manager.graphql(one, json!({ "id": first })).await.data()["lead"]["archived"], false);
    assert_eq!(world.caller(company::REP).await.graphql(one, json!({ "id": first })).await.data()["lead"], Value::Null);
    // The next file has another one; the first is put away, as leads are.
    let second = in_file(&content(&export(&manager, json!({})).await));
    assert!(!second.contains(&first) && second.len() == file.len());
    assert_eq!(manager.graphql(one, json!({ "id": first })).await.data()["lead"]["archived"], true);
    // The stock is used up; a round fills it again.
    assert_eq!(in_file(&content(&export(&manager, json!({})).await)), second, "nothing came, and nothing went");
    assert_eq!(plant(&keeper).await, 2);
});

on_both_backends!(files_about_somebody_and_files_of_operators_have_none, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let manager = world.caller(company::MANAGER).await;
    let all = leads(&manager, Value::Null).await.len() as u64;
    let alike = export(&manager, json!({ "filter": { "stage": { "isNull": false } } })).await;
    assert_eq!(alike.data()["exportLeads"]["rows"], all + 1, "{}", alike.text);
    let named = export(&manager, json!({ "filter": { "lastName": { "isNull": false } } })).await;
    assert_eq!(named.data()["exportLeads"]["rows"], all + 1, "the canary of the file before is there still, and no other came");
    let of_nobody = export(&manager, json!({ "fields": ["company", "stage"] })).await;
    assert_eq!(of_nobody.data()["exportLeads"]["rows"], all + 1);
    assert_eq!(canaries(&keeper, Some(company::MANAGER)).await.len(), 4);
    // The auditor reads that the request placed one, not which.
    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($filter: AccessLogFilter) { accessLog(first: 50, filter: $filter) { edges { node { operationName changed { kind item } changes { kind item before after } } } } }";
    let told = auditor.graphql(log, json!({ "filter": { "person": company::MANAGER.id.to_string() } })).await;
    let placed = canaries(&keeper, Some(company::MANAGER)).await.into_iter().find(|canary| !canary["exportRequest"].is_null()).unwrap();
    assert!(
        told.text.contains(&format!("{{\"kind\":\"canary\",\"item\":{},\"before\":null,\"after\":null}}", placed["exportRequest"])),
        "{}",
        told.text
    );
    assert!(!told.data().to_string().contains(placed["leadId"].as_str().unwrap()));
});
