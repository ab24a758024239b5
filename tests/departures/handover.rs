//! Who looks after the leads of somebody who left.

use leadkeep::domain::Id;
use serde_json::{Value, json};

use super::{BEGIN, D, SHOW, departure, leaving, send};
use crate::support::{
    Caller, World,
    company::{self, ADMIN, AUDITOR, MANAGER, OTHER_REP, REP},
    on_both_backends,
};

const PLAN: &str = "query($id: ID!, $successor: ID, $choices: [SuccessorInput!]! = [], $first: Int, $after: Int) {
    handoverPlan(departureId: $id, successorId: $successor, choices: $choices, first: $first, after: $after) {
        total withoutSuccessor next successors { relationships successor { id } } nodes { leadId role reason successor { id } } } }";
const HAND: &str = "mutation($input: HandOverInput!) { handOver(input: $input) {
    left handover { id relationships undoneAt by { name } } } }";
const UNDO: &str = "mutation($input: UndoHandoverInput!) { undoHandover(input: $input) { left handover { undoneAt undoneBy { name } } } }";

async fn plan(caller: &Caller, variables: Value) -> Value {
    caller.graphql(PLAN, variables).await.data()["handoverPlan"].clone()
}

/// Every lead that the manager sees: its owner, and whom it knows.
async fn standing(world: &World) -> Value {
    let leads = "{ leads(first: 100) { nodes { id owner { id } relationships { role person { id } account { id } } } } }";
    world.caller(MANAGER).await.graphql(leads, json!({})).await.data()["leads"]["nodes"].clone()
}

async fn relate(caller: &Caller, lead: i64, person: company::Member) {
    let document = "mutation($input: RelationshipInput!) { addRelationship(input: $input) { lead { id } } }";
    let input = json!({ "leadId": Id(lead).to_string(), "personId": person.id.to_string() });
    caller.graphql(document, json!({ "input": input })).await.data();
}

on_both_backends!(leads_are_handed_over_and_taken_back, |world| async {
    let (ada, mona) = (world.caller(ADMIN).await, world.caller(MANAGER).await);
    // The rep is the second colleague of one of the manager's leads; the other rep of one of hers that he would not see anyway.
    relate(&mona, 1_003, REP).await;
    let before = standing(&world).await;
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LOCK")).await);
    let id = &begun["id"];
    let planned = plan(&mona, json!({ "id": id })).await;
    // Leads 1001, 1005, 1009, 1013 are the rep's, of EMEA; only the manager would see them.
    assert_eq!((&planned["total"], &planned["withoutSuccessor"]), (&json!(5), &json!(1)), "{planned}");
    let nodes = planned["nodes"].as_array().unwrap();
    let owned: Vec<_> = nodes.iter().filter(|node| node["role"] == "OWNER").collect();
    assert_eq!(owned.len(), 4);
    assert!(owned.iter().all(|node| node["reason"] == "MANAGER" && node["successor"]["id"] == MANAGER.id.to_string()), "{planned}");
    let [second] = nodes.iter().filter(|node| node["role"] == "SECOND").collect::<Vec<_>>()[..] else { panic!("{planned}") };
    assert_eq!((&second["leadId"], &second["reason"]), (&json!(Id(1_003).to_string()), &json!("NOBODY")), "the manager owns it already");
    let page = plan(&mona, json!({ "id": id, "first": 3 })).await;
    let rest = plan(&mona, json!({ "id": id, "first": 3, "after": page["next"] })).await;
    assert_eq!((page["nodes"].as_array().unwrap().len(), rest["nodes"].as_array().unwrap().len(), &rest["next"]), (3, 2, &Value::Null));
    assert_eq!(standing(&world).await, before, "a plan changes nothing");
    // Its record names the leads of the page, and whose they are.
    let answer = mona.graphql(PLAN, json!({ "id": id, "first": 3 })).await;
    let record = answer.record(&world.home).await.record;
    let mut recorded: Vec<String> = record.disclosures.iter().flat_map(|group| &group.leads).map(Id::to_string).collect();
    recorded.sort();
    let mut told: Vec<&str> =
        answer.data()["handoverPlan"]["nodes"].as_array().unwrap().iter().filter_map(|node| node["leadId"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(recorded, told);
    assert!(record.used.filter.contains(leadkeep::domain::Field::Owner));
    // Chosen for one lead, and a brand account for all.
    let brand = "mutation($input: AddContactAccountInput!) { addContactAccount(input: $input) { account { id } } }";
    let account = json!({ "platform": "LINKEDIN", "kind": "COMPANY_PAGE", "accountHandle": "acme", "custodianId": MANAGER.id.to_string(),
        "credentials": "COMPANY" });
    let account = ada.graphql(brand, json!({ "input": account })).await.data()["addContactAccount"]["account"]["id"].clone();
    let choice = json!([{ "leadId": Id(1_001).to_string(), "successorId": OTHER_REP.id.to_string() }]);
    let input = json!({ "departureId": id, "choices": choice, "brandAccountId": account });
    let handed = mona.graphql(HAND, json!({ "input": input })).await;
    let handed = handed.data()["handOver"].clone();
    assert_eq!((&handed["left"], &handed["handover"]["relationships"]), (&json!(0), &json!(5)));
    let after = standing(&world).await;
    for lead in after.as_array().unwrap() {
        let was = before.as_array().unwrap().iter().find(|was| was["id"] == lead["id"]).unwrap();
        let brands = lead["relationships"].as_array().unwrap().iter().filter(|one| one["account"]["id"] == account).count();
        let expected = match (was["owner"]["id"].as_str(), lead["id"].as_str().unwrap()) {
            (Some(owner), lead) if owner == REP.id.to_string() && lead == Id(1_001).to_string() => (Some(OTHER_REP.id.to_string()), 1),
            (Some(owner), _) if owner == REP.id.to_string() => (Some(MANAGER.id.to_string()), 1),
            (owner, lead) => (owner.map(str::to_owned), usize::from(lead == Id(1_003).to_string())),
        };
        assert_eq!((lead["owner"]["id"].as_str().map(str::to_owned), brands), expected, "{lead}");
    }
    assert!(!after.to_string().contains(&REP.id.to_string()), "nothing hangs on her any more");
    let shown = ada.graphql(&format!("{SHOW}{D}"), json!({ "id": id })).await;
    let task = shown.data()["departure"]["tasks"].as_array().unwrap().iter().find(|task| task["kind"] == "HANDOVER").unwrap().clone();
    assert_eq!(task["state"], "DONE");
    // The access log names every lead that was handed over.
    let log = "query($lead: ID!) { accessLog(filter: { lead: $lead, kind: MUTATION }, first: 5) { edges { node { subject { person { name } } } } } }";
    let log = world.caller(AUDITOR).await.graphql(log, json!({ "lead": Id(1_009).to_string() })).await;
    assert!(log.text.contains(MANAGER.name), "{}", log.text);
    // A lead that went on since stays where it is.
    let assign = "mutation($input: AssignLeadInput!) { assignLead(input: $input) { lead { id } } }";
    let on = json!({ "id": Id(1_005).to_string(), "owner": OTHER_REP.id.to_string() });
    mona.graphql(assign, json!({ "input": on })).await.data();
    let undone = mona.graphql(UNDO, json!({ "input": { "id": handed["handover"]["id"] } })).await;
    let undone = undone.data()["undoHandover"].clone();
    assert_eq!((&undone["left"], &undone["handover"]["undoneBy"]["name"]), (&json!(1), &json!(MANAGER.name)));
    let restored = standing(&world).await;
    for (lead, was) in restored.as_array().unwrap().iter().zip(before.as_array().unwrap()) {
        if lead["id"] != Id(1_005).to_string() {
            assert_eq!(lead, was);
        }
    }
    let again = mona.graphql(UNDO, json!({ "input": { "id": handed["handover"]["id"] } })).await;
    assert!(again.code().is_some());
});

on_both_backends!(handing_over_needs_windows, |world| async {
    let ada = world.caller(ADMIN).await;
    let begun = departure(&send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await);
    let id = &begun["id"];
    let input = json!({ "input": { "departureId": id, "successorId": OTHER_REP.id.to_string() } });
    for member in [ADMIN, AUDITOR, OTHER_REP, REP] {
        let caller = world.caller(member).await;
        assert_eq!(caller.graphql(PLAN, json!({ "id": id })).await.code(), Some("FORBIDDEN"), "{}", member.name);
        assert_eq!(caller.graphql(HAND, input.clone()).await.code(), Some("FORBIDDEN"), "{}", member.name);
    }
    let mona = world.caller(MANAGER).await;
    for (successor, why) in [(REP, "who leaves"), (company::NEWCOMER, "")] {
        let answer = mona.graphql(PLAN, json!({ "id": id, "successor": successor.id.to_string() })).await;
        assert_eq!(answer.code().is_some(), !why.is_empty(), "{}", answer.text);
    }
    // A manager does not learn that somebody leaves of whose leads they see none.
    let other = departure(&send(&ada, BEGIN, leaving(&world, company::ANALYST, "LIMIT")).await);
    let nothing = mona.graphql(PLAN, json!({ "id": other["id"] })).await;
    let unknown = mona.graphql(PLAN, json!({ "id": Id(4_711).to_string() })).await;
    assert_eq!((nothing.code(), &nothing.json["errors"][0]["message"]), (Some("NOT_FOUND"), &unknown.json["errors"][0]["message"]));
    assert_eq!(mona.graphql(&format!("{SHOW}{D}"), json!({ "id": id })).await.code(), Some("FORBIDDEN"));
    // Whom the lead knows comes first.
    relate(&mona, 1_001, MANAGER).await;
    let planned = plan(&mona, json!({ "id": id })).await;
    let first = &planned["nodes"][0];
    assert_eq!((&first["leadId"], &first["reason"]), (&json!(Id(1_001).to_string()), &json!("KNOWS_LEAD")));
});
