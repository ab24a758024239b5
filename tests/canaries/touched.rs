//! What the keeper is told of, and nobody else; quiet as long as people only work with leads.

use leadkeep::app::alarms;
use serde_json::{Value, json};

use crate::{
    canaries,
    files::{content, export},
    granted, ids, keeper, leads, plant,
    support::{Caller, World, company, on_both_backends, process},
    trapped,
};

const TOUCHES: &str = "{ canaryTouches { totalCount nodes { kind leadId record by { name } canary { leadId name reader { id } } } } }";
const ONE: &str = "query($id: ID!) { lead(id: $id) { id emails phones } }";

/// What the keeper is told of by now: what, by whom, with which lead.
async fn touches(world: &World, keeper: &Caller) -> Vec<(String, String, String)> {
    alarms::watch(&world.core).await.unwrap();
    let answer = keeper.graphql(TOUCHES, json!({})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = answer.data()["canaryTouches"]["nodes"].as_array().unwrap().clone();
    assert_eq!(answer.data()["canaryTouches"]["totalCount"], told.len());
    told.iter().map(|touch| (text(&touch["kind"]), text(&touch["by"]["name"]), text(&touch["leadId"]))).collect()
}

on_both_backends!(working_with_leads_is_not_touching_canaries, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    for member in [company::MANAGER, company::REP] {
        let caller = world.caller(member).await;
        leads(&caller, Value::Null).await;
        leads(&caller, json!({ "emails": { "isNull": false } })).await;
        for canary in canaries(&keeper, Some(member)).await {
            // Each is opened, found, changed, put away, exported.
            let id = &canary["leadId"];
            assert_eq!(caller.graphql(ONE, json!({ "id": id })).await.data()["lead"]["id"], *id);
            assert_eq!(leads(&caller, json!({ "emails": { "has": canary["email"] } })).await.len(), 1);
            assert_eq!(leads(&caller, json!({ "id": { "in": [id] } })).await.len(), 1);
            let update = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }";
            caller.graphql(update, json!({ "input": { "id": id, "values": { "stage": "Called" } } })).await.data();
        }
        let file = content(&export(&caller, json!({})).await);
        assert!(file.contains("trap.example"));
        // Ids of leads that are not there, and of leads that are another's.
        caller.graphql(ONE, json!({ "id": "0000000000zzz" })).await.data();
    }
    let of_manager = leads(&world.caller(company::MANAGER).await, Value::Null).await;
    for lead in of_manager.iter().filter(|lead| !lead["emails"].to_string().contains("trap.example")) {
        world.caller(company::OTHER_REP).await.graphql(ONE, json!({ "id": lead["id"] })).await.data();
    }
    assert_eq!(touches(&world, &keeper).await, []);
});

on_both_backends!(what_only_somebody_does_who_has_one_from_elsewhere, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let (rita, ralf) = (world.caller(company::REP).await, world.caller(company::OTHER_REP).await);
    let of_rita = canaries(&keeper, Some(company::REP)).await;
    let id = |canary: &Value| canary["leadId"].as_str().unwrap().to_owned();
    let told = |kind: &str, by: company::Member, canary: &Value| (kind.to_owned(), by.name.to_owned(), id(canary));
    // Ralf has ids of Rita's from somewhere: one he opens, one he lists, one he counts, one he changes; twice is once.
    let mut expected = Vec::new();
    for _ in 0..2 {
        assert_eq!(ralf.graphql(ONE, json!({ "id": of_rita[0]["leadId"] })).await.data()["lead"], Value::Null);
    }
    expected.push(told("LOOKED_FOR", company::OTHER_REP, &of_rita[0]));
    assert!(leads(&ralf, json!({ "id": { "in": [of_rita[1]["leadId"]] } })).await.is_empty());
    expected.push(told("LOOKED_FOR", company::OTHER_REP, &of_rita[1]));
    let count = "query($id: ID!) { leads(filter: { id: { in: [$id] } }) { totalCount } }";
    assert_eq!(ralf.graphql(count, json!({ "id": of_rita[2]["leadId"] })).await.data()["leads"]["totalCount"], 0);
    expected.push(told("LOOKED_FOR", company::OTHER_REP, &of_rita[2]));
    let update = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }";
    let stock = canaries(&keeper, None).await.into_iter().find(|canary| canary["reader"].is_null()).unwrap();
    let changed = ralf.graphql(update, json!({ "input": { "id": stock["leadId"], "values": { "stage": "Called" } } })).await;
    assert_eq!(changed.code(), Some("NOT_FOUND"));
    expected.push(told("LOOKED_FOR", company::OTHER_REP, &stock));
    assert_eq!(touches(&world, &keeper).await, expected);
    // He puts one of her contacts in as a lead of his own, and works with it.
    let create = "mutation($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }";
    let values = json!({ "company": "A name of his own", "emails": [of_rita[0]["email"]] });
    let copy = ralf.graphql(create, json!({ "input": { "values": values } })).await.data()["createLead"]["lead"].clone();
    expected.push(told("HANDED_ON", company::OTHER_REP, &of_rita[0]));
    assert_eq!(touches(&world, &keeper).await, expected);
    world.clock.advance_seconds(2 * 86_400);
    let keeper = world.caller(company::NEWCOMER).await;
    let ralf = world.caller(company::OTHER_REP).await;
    ralf.graphql(update, json!({ "input": { "id": copy["id"], "values": { "stage": "Called" } } })).await.data();
    assert_eq!(touches(&world, &keeper).await, expected);
    // Rita knows the domains, and looks for what has mail there.
    drop(rita);
    let rita = world.caller(company::REP).await;
    let domains = json!({ "or": of_rita.iter().map(|canary| json!({ "emails": { "has": canary["email"] } })).collect::<Vec<_>>() });
    assert_eq!(ids(&leads(&rita, domains).await, "id"), ids(&of_rita, "leadId"));
    let now = touches(&world, &keeper).await;
    let sought: Vec<_> = now.iter().filter(|touch| touch.0 == "SOUGHT_OUT").collect();
    assert_eq!((sought.len(), now.len()), (3, expected.len() + 3), "{now:?}");
    assert!(sought.iter().all(|touch| touch.1 == company::REP.name));
});

on_both_backends!(nobody_but_the_keeper_hears_of_it, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let of_rita = canaries(&keeper, Some(company::REP)).await;
    let ralf = world.caller(company::OTHER_REP).await;
    let size = world.core.recorder.fold_now().await.unwrap();
    ralf.graphql(ONE, json!({ "id": of_rita[0]["leadId"] })).await.data();
    alarms::watch(&world.core).await.unwrap();
    // Noticing leaves nothing in the log, raises no alarm, and asking for a real lead leaves the same record.
    assert_eq!(world.core.recorder.fold_now().await.unwrap(), size + 1);
    assert_eq!(world.core.store.alarm_cursor().await.unwrap().raised, 0);
    assert_eq!(touches(&world, &keeper).await.len(), 1);
    let (auditor, admin) = (world.caller(company::AUDITOR).await, world.caller(company::ADMIN).await);
    for caller in [&auditor, &admin, &world.caller(company::MANAGER).await, &ralf] {
        assert_eq!(caller.graphql(TOUCHES, json!({})).await.code(), Some("FORBIDDEN"));
    }
    let reasons = "query($id: ID!) { accessLog(first: 50, filter: { person: $id }) { edges { node { reasons decision code rows } } } }";
    let real = leads(&world.caller(company::MANAGER).await, Value::Null).await;
    let seen = ids(&leads(&ralf, Value::Null).await, "id");
    let hidden = real
        .iter()
        .find(|lead| !seen.contains(lead["id"].as_str().unwrap()) && !lead["emails"].to_string().contains("trap.example"))
        .unwrap();
    ralf.graphql(ONE, json!({ "id": hidden["id"] })).await.data();
    let log = auditor.graphql(reasons, json!({ "id": company::OTHER_REP.id.to_string() })).await;
    let named = |lead: &Value| {
        let reason = json!([format!("asked for lead {}", lead.as_str().unwrap())]);
        let edges = log.data()["accessLog"]["edges"].as_array().unwrap();
        let mut node = edges.iter().map(|edge| edge["node"].clone()).find(|node| node["reasons"] == reason).unwrap();
        node["reasons"].take();
        node
    };
    assert_eq!(named(&of_rita[0]["leadId"]), named(&hidden["id"]));
    // An auditor may keep the trap; the operator can on the command line.
    granted(&world, company::AUDITOR, "trap-keeper").await.data();
    assert_eq!(auditor.graphql(TOUCHES, json!({})).await.data()["canaryTouches"]["totalCount"], 1);
    let done = process::run(&world.home, &["canary", "touched"]);
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("LOOKED_FOR") && told.contains(company::OTHER_REP.name), "{told}");
});
