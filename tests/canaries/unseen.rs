//! Nobody but the keeper can tell.

use std::collections::BTreeSet;

use leadkeep::{
    app::{Op, custody},
    domain::{Client, Subject},
};
use serde_json::{Value, json};

use crate::{
    canaries, granted, ids, keeper, leads, plant,
    support::{Caller, company, on_both_backends},
    trapped,
};

const READERS: [company::Member; 3] = [company::MANAGER, company::REP, company::OTHER_REP];

on_both_backends!(every_reader_has_their_own_and_meets_nobody_elses, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    let mut before = Vec::new();
    for member in READERS {
        before.push(ids(&leads(&world.caller(member).await, Value::Null).await, "id"));
    }
    assert_eq!(plant(&keeper).await, 3 * 3 + 2);
    assert_eq!(plant(&keeper).await, 0, "nothing is lacking any more");
    let mut all = BTreeSet::new();
    for (member, before) in READERS.into_iter().zip(before) {
        let caller = world.caller(member).await;
        let now = leads(&caller, Value::Null).await;
        let own = ids(&canaries(&keeper, Some(member)).await, "leadId");
        let fresh: BTreeSet<String> = ids(&now, "id").difference(&before).cloned().collect();
        assert_eq!((&fresh, fresh.len()), (&own, 3), "{}", member.name);
        assert!(own.iter().all(|id| all.insert(id.clone())), "a canary is one reader's alone");
        for lead in now.iter().filter(|lead| own.contains(lead["id"].as_str().unwrap())) {
            looks_real(&caller, lead, &now).await;
        }
    }
    // By id, by address, by a word: nobody meets another's.
    for member in READERS {
        let caller = world.caller(member).await;
        for canary in canaries(&keeper, None).await.iter().filter(|canary| canary["reader"]["id"] != json!(member.id.to_string())) {
            let one = caller.graphql("query($id: ID!) { lead(id: $id) { id } }", json!({ "id": canary["leadId"] })).await;
            assert_eq!(one.data()["lead"], Value::Null);
            assert!(leads(&caller, json!({ "emails": { "has": canary["email"] } })).await.is_empty());
            assert!(leads(&caller, json!({ "id": { "in": [canary["leadId"]] } })).await.is_empty());
        }
    }
});

/// What is done with a lead is done with a canary, and comes to the same.
async fn looks_real(caller: &Caller, canary: &Value, among: &[Value]) {
    let id = &canary["id"];
    let found = leads(caller, json!({ "emails": { "has": canary["emails"][0] } })).await;
    assert_eq!(ids(&found, "id"), [id.as_str().unwrap().to_owned()].into(), "{canary}");
    let like = |field: &str| among.iter().any(|lead| lead["id"] != *id && lead[field] == canary[field]);
    for field in [
        "stage",
        "industry",
        "country",
        "city",
        "title",
        "owner",
        "team",
        "marking",
        "tags",
        "redactions",
        "archived",
        "version",
        "relationships",
    ] {
        assert!(like(field), "{field} of {canary} is nobody else's");
    }
    let kinds = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, cell)| cell.is_null() || **cell == json!([]))
            .map(|(key, _)| key.clone())
            .collect::<Vec<_>>()
    };
    assert!(among.iter().any(|lead| lead["id"] != *id && kinds(lead) == kinds(canary)), "{canary} lacks what others have");
    let words = "query($text: String!) { leads(search: $text, first: 50) { nodes { id } } }";
    let found = caller.graphql(words, json!({ "text": canary["name"] })).await;
    assert!(ids(found.data()["leads"]["nodes"].as_array().unwrap(), "id").contains(id.as_str().unwrap()));
    let update = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id version stage } } }";
    let changed = caller.graphql(update, json!({ "input": { "id": id, "expectedVersion": 1, "values": { "stage": "Called" } } })).await;
    assert_eq!(changed.data()["updateLead"]["lead"], json!({ "id": id, "version": 2, "stage": "Called" }));
    let stats = caller.graphql("{ leadStats(groupBy: STAGE) { count } leads(first: 1) { totalCount } }", json!({})).await;
    let sum: i64 = stats.data()["leadStats"].as_array().unwrap().iter().map(|group| group["count"].as_i64().unwrap()).sum();
    assert_eq!(stats.data()["leads"]["totalCount"], sum);
}

on_both_backends!(nobody_else_counts_them, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    let figures = async || {
        let document = "{ leads(first: 100) { totalCount nodes { id } } leadStats(groupBy: STAGE) { key count } }";
        let analyst = world.caller(company::ANALYST).await.graphql(document, json!({})).await.data().clone();
        let app = world.app().await.graphql(document, json!({})).await.data().clone();
        let op = Op::open(world.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
        let report = custody::report(&op, custody::Request { with_value: true, ..custody::Request::default() }).await.unwrap();
        (analyst, app, report.all, report.by_strength, report.leads)
    };
    let before = figures().await;
    assert_eq!(before.2.leads, 16);
    assert_eq!(plant(&keeper).await, 11);
    assert_eq!(figures().await, before);
    // A team in which nothing but canaries is left can go.
    let admin = world.caller(company::ADMIN).await;
    let add = admin.graphql("mutation { addTeam(input: { name: \"New\" }) { team { id } } }", json!({})).await;
    let team = &add.data()["addTeam"]["team"]["id"];
    let move_there = format!(
        "UPDATE lead SET team_id = {} WHERE reader_id IS NOT NULL",
        team.as_str().unwrap().parse::<leadkeep::domain::Id>().unwrap().0
    );
    world.home.tamper(crate::support::Table::Main, &move_there).await.unwrap();
    admin.graphql("mutation($id: ID!) { removeTeam(input: { id: $id }) { id } }", json!({ "id": team })).await.data();
});

on_both_backends!(an_auditor_cannot_tell, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let list = canaries(&keeper, None).await;
    let page = keeper.graphql(crate::CANARIES, json!({ "first": 4 })).await;
    let after = &page.data()["canaries"]["pageInfo"]["endCursor"];
    assert_eq!(ids(page.data()["canaries"]["nodes"].as_array().unwrap(), "leadId").len(), 4);
    let rest = keeper.graphql(crate::CANARIES, json!({ "first": 100, "after": after })).await;
    assert_eq!(rest.data()["canaries"]["nodes"].as_array().unwrap().len(), list.len() - 4);
    let rep = world.caller(company::REP).await;
    let shown = leads(&rep, Value::Null).await;

    for member in [company::AUDITOR, company::ADMIN, company::MANAGER, company::REP, company::ANALYST] {
        let caller = world.caller(member).await;
        assert_eq!(caller.graphql(crate::CANARIES, json!({})).await.code(), Some("FORBIDDEN"), "{}", member.role);
        assert_eq!(caller.graphql("mutation { plantCanaries { planted } }", json!({})).await.code(), Some("FORBIDDEN"));
    }
    let auditor = world.caller(company::AUDITOR).await;
    // What the log says of a canary that was shown is what it says of a lead.
    let own = ids(&canaries(&keeper, Some(company::REP)).await, "leadId");
    let real = shown.iter().find(|lead| !own.contains(lead["id"].as_str().unwrap()) && lead["owner"]["id"] == company::REP.id.to_string());
    let who = "query($lead: ID!) { whoSaw(lead: $lead) { totalCount nodes { subject { person { id } } times downloads clear masked roles purposes } } }";
    let saw = async |lead: &str| auditor.graphql(who, json!({ "lead": lead })).await.data()["whoSaw"].clone();
    let of_real = saw(real.unwrap()["id"].as_str().unwrap()).await;
    for canary in &own {
        assert_eq!(saw(canary).await, of_real);
    }
    // It came in by what looks like an import, in one record with the others.
    let log = "query($filter: AccessLogFilter) { accessLog(first: 200, filter: $filter) { edges { node { kind operationName subject { kind person { id } }
        changed { kind item } changes { kind item fields before after } disclosures { leads } variables document reasons rows } } } }";
    let lead = own.first().unwrap();
    let of_canary = auditor.graphql(log, json!({ "filter": { "lead": lead, "kind": "COMMAND" } })).await;
    let node = &of_canary.data()["accessLog"]["edges"][0]["node"];
    assert_eq!((&node["operationName"], &node["rows"]), (&json!("import"), &json!(11)), "{node}");
    let kinds: Vec<&str> = node["changed"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds.len(), kinds[1..].iter().all(|kind| *kind == "lead")), ("import", 12, true), "{node}");
    // Nothing that the keeper did names one.
    let of_keeper = auditor.graphql(log, json!({ "filter": { "person": company::NEWCOMER.id.to_string() } })).await;
    let told = of_keeper.data()["accessLog"].to_string();
    assert!(of_keeper.data()["accessLog"]["edges"].as_array().unwrap().len() >= 4, "{told}");
    for canary in ids(&list, "leadId") {
        assert!(!told.contains(&canary), "{canary} in {told}");
    }
});

on_both_backends!(the_keeper_neither_manages_nor_sees_leads, settings | settings | { trapped(settings) }, |world| async {
    for member in [company::ADMIN, company::REP, company::ANALYST] {
        assert_eq!(granted(&world, member, "trap-keeper").await.code(), Some("CONFLICT"), "{}", member.role);
    }
    granted(&world, company::AUDITOR, "trap-keeper").await.data();
    let keeper = keeper(&world).await;
    assert_eq!(keeper.graphql("{ leads { totalCount } }", json!({})).await.code(), Some("FORBIDDEN"));
    assert_eq!(keeper.graphql("{ accessLog { edges { cursor } } }", json!({})).await.code(), Some("FORBIDDEN"));
    for role in ["admin", "analyst"] {
        assert_eq!(granted(&world, company::NEWCOMER, role).await.code(), Some("CONFLICT"), "{role}");
    }
    let admin = world.caller(company::ADMIN).await;
    let add = "mutation($input: AddRoleInput!) { addRole(input: $input) { role { id } } }";
    for (permissions, windows) in
        [(json!(["TRAP_KEEP", "POLICY_MANAGE"]), json!([])), (json!(["TRAP_KEEP"]), json!([{ "scope": "ALL", "level": "INTERNAL" }]))]
    {
        let input = json!({ "name": "both", "description": "x", "permissions": permissions, "windows": windows });
        assert_eq!(admin.graphql(add, json!({ "input": input })).await.code(), Some("BAD_USER_INPUT"));
    }
});

on_both_backends!(importing_reveals_none, settings | settings | { trapped(settings) }, |world| async {
    const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { created merged unchanged rejected matches { verdict leads } } }";
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let manager = world.caller(company::MANAGER).await;
    let row = |canary: &Value| {
        let now = &canary["current"];
        format!(
            "First Name,Last Name,Company,Email\n{},{},{},{}\n",
            now["firstName"].as_str().unwrap(),
            now["lastName"].as_str().unwrap(),
            now["company"].as_str().unwrap(),
            now["emails"][0].as_str().unwrap()
        )
    };
    let own = row(&canaries(&keeper, Some(company::MANAGER)).await[0]);
    assert_eq!(manager.upload(IMPORT, json!({}), own.as_bytes()).await.data()["importLeads"]["unchanged"], 1);
    let theirs = row(&canaries(&keeper, Some(company::REP)).await[0]);
    let first = manager.upload(IMPORT, json!({}), theirs.as_bytes()).await;
    assert_eq!(first.data()["importLeads"]["created"], 1, "{}", first.text);
    // What was invented stays nobody else's lead, whoever hands it on, and whoever took it in sees it like any other.
    assert_eq!(manager.upload(IMPORT, json!({}), theirs.as_bytes()).await.data()["importLeads"]["unchanged"], 1);
    let op = Op::open(world.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    assert_eq!(custody::report(&op, custody::Request::default()).await.unwrap().all.leads, 16);
});

on_both_backends!(they_come_from_where_others_do, settings | settings | { trapped(settings) }, |world| async {
    const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { created } }";
    let keeper = keeper(&world).await;
    let manager = world.caller(company::MANAGER).await;
    let rows: Vec<String> = (0..40).map(|number| format!("Nora{number},Berg{number},nora{number}@fjord.example\n")).collect();
    let file = format!("First Name,Last Name,Email\n{}", rows.concat());
    let input = json!({ "owner": company::MANAGER.id.to_string() });
    assert_eq!(manager.upload(IMPORT, input, file.as_bytes()).await.data()["importLeads"]["created"], 40);
    plant(&keeper).await;
    let own = ids(&canaries(&keeper, Some(company::MANAGER)).await, "leadId");
    let origins = "{ leads(first: 100) { nodes { id createdAt origins { channel recordedAt recordedBy { id } account { id } file { importId name sha256 record } } } } }";
    let all = manager.graphql(origins, json!({})).await;
    let imported = all.data()["leads"]["nodes"].as_array().unwrap().iter().filter(|lead| lead["origins"] != json!([]));
    let (canaries, real): (Vec<&Value>, Vec<&Value>) = imported.partition(|lead| own.contains(lead["id"].as_str().unwrap()));
    assert!(!canaries.is_empty() && real.len() == 40, "{}", all.text);
    for canary in canaries {
        let (one, other) = (&canary["origins"][0], &real[0]["origins"][0]);
        for field in ["channel", "recordedBy", "account"] {
            assert_eq!(one[field], other[field], "{canary}");
        }
        assert_eq!((&one["file"]["name"], &one["recordedAt"]), (&other["file"]["name"], &canary["createdAt"]));
        assert_eq!(one["file"]["sha256"].as_str().map(str::len), Some(64));
        assert_ne!(one["file"]["importId"], other["file"]["importId"]);
    }
});

on_both_backends!(who_could_see_a_canary_is_answered_as_of_a_lead, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let auditor = world.caller(company::AUDITOR).await;
    let could = "query($lead: ID!) { whoCouldSee(input: { lead: $lead }) { subjects { subject { id } } } }";
    for canary in canaries(&keeper, Some(company::REP)).await {
        let answer = auditor.graphql(could, json!({ "lead": canary["leadId"] })).await;
        let subjects = answer.data()["whoCouldSee"]["subjects"].to_string();
        assert!(subjects.contains(&company::REP.id.to_string()), "{}", answer.text);
    }
});
