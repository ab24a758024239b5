//! Leads over HTTP: what each role sees, asks and changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::domain::Id;
use serde_json::{Value, json};
use support::{
    Answer, Caller,
    company::{self, AMER, ANALYST, AUDITOR, EMEA, MANAGER, OTHER_REP, REP},
    on_both_backends,
};

const ALL: &str = "{ leads(first: 50) { totalCount nodes { id name emails phones dealValue company marking { banner } \
    redactions { field disposition } } } }";

async fn nodes(caller: &Caller, document: &str) -> Vec<Value> {
    let answer = caller.graphql(document, json!({})).await;
    answer.data()["leads"]["nodes"].as_array().unwrap().clone()
}

/// Lead `n` of the company, counted from 0.
fn id(n: i64) -> String {
    Id(company::LEADS.start() + n).to_string()
}

fn ids(nodes: &[Value]) -> Vec<String> {
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn one(caller: &Caller, n: i64, fields: &str) -> Value {
    caller.graphql(&format!("{{ lead(id: \"{}\") {{ {fields} }} }}", id(n)), json!({})).await.data()["lead"].clone()
}

on_both_backends!(each_role_sees_through_its_windows, |world| async {
    // Own leads (0, 4, 8, 12) in clear to TRADE_SECRET; the team's (2, 6, 14 to CONFIDENTIAL) with contact data masked.
    let rep = nodes(&world.caller(REP).await, ALL).await;
    assert_eq!(ids(&rep), [14, 12, 8, 6, 4, 2, 0].map(id));
    let own = rep.iter().find(|node| node["id"] == id(8)).unwrap();
    assert_eq!(own["emails"], json!(["lead8@customer3.example"]));
    assert_eq!(own["redactions"], json!([]));
    let of_team = rep.iter().find(|node| node["id"] == id(6)).unwrap();
    assert_eq!(of_team["name"], "First6 Last6");
    assert_eq!(of_team["emails"], json!(["l•••@customer1.example"]));
    assert_eq!(of_team["phones"], json!(["••••06"]));
    assert_eq!(of_team["dealValue"], Value::Null);
    let redactions: Vec<_> = of_team["redactions"].as_array().unwrap().iter().map(|r| (&r["field"], &r["disposition"])).collect();
    for (field, disposition) in [("emails", "MASKED"), ("phones", "MASKED"), ("dealValue", "HIDDEN"), ("notes", "HIDDEN")] {
        assert!(redactions.contains(&(&json!(field), &json!(disposition))), "{field}: {redactions:?}");
    }
    // The manager: all of Sales and below, the compartment too; leads of no team are nobody's of a team.
    let manager = world.caller(MANAGER).await;
    assert_eq!(nodes(&manager, ALL).await.len(), 12);
    assert_eq!(one(&manager, 12, "marking { banner level compartments }").await["marking"]["banner"], "CONFIDENTIAL//EMEA");
    // The analyst: everything to CONFIDENTIAL but the compartment; names masked, contact data hidden.
    let analyst = nodes(&world.caller(ANALYST).await, ALL).await;
    assert_eq!(analyst.len(), 8);
    assert_eq!(analyst[0]["name"], "F. L.");
    assert_eq!(analyst[0]["emails"], Value::Null);
    // The app: the same rows, contact data masked.
    let app = nodes(&world.app().await, ALL).await;
    assert_eq!(app.len(), 8);
    assert!(app[0]["emails"][0].as_str().unwrap().contains("•••@"), "{}", app[0]);
    for nobody in [AUDITOR, company::ADMIN, company::NEWCOMER] {
        let refused = world.caller(nobody).await.graphql(ALL, json!({})).await;
        assert_eq!((refused.code(), &refused.json["data"]["leads"]), (Some("FORBIDDEN"), &Value::Null), "{}", nobody.name);
    }
});

on_both_backends!(missing_and_hidden_leads_answer_alike, |world| async {
    let rep = world.caller(REP).await;
    let ask = "query($id: ID!) { lead(id: $id) { id name } }";
    let change = "mutation($id: ID!) { updateLead(input: { id: $id, values: { company: \"X\" } }) { lead { id } } }";
    let alike = |answer: &Answer| (answer.status, answer.json["data"].clone(), answer.json["errors"].clone());
    for document in [ask, change] {
        let hidden = rep.graphql(document, json!({ "id": id(1) })).await;
        for missing in [Id(4_711).to_string(), "nonsense".into()] {
            let missing = rep.graphql(document, json!({ "id": missing })).await;
            assert_eq!(alike(&hidden), alike(&missing));
        }
    }
});

on_both_backends!(hidden_fields_cannot_be_asked_about, |world| async {
    let analyst = world.caller(ANALYST).await;
    for document in [
        "{ leads(filter: { emails: { has: \"lead0@customer0.example\" } }) { nodes { id } } }",
        "{ leads(filter: { not: { score: { gte: 1 } } }) { nodes { id } } }",
        "{ leads(orderBy: { field: DEAL_VALUE }) { nodes { id } } }",
        "{ leadStats(groupBy: OWNER) { count } }",
    ] {
        let refused = analyst.graphql(document, json!({})).await;
        assert_eq!(refused.code(), Some("FORBIDDEN"), "{document}: {}", refused.text);
    }
    // What the rep sees masked does not match, what they see in clear does.
    let rep = world.caller(REP).await;
    let find = |email: &str| format!("{{ leads(filter: {{ emails: {{ has: \"{email}\" }} }}) {{ nodes {{ id }} }} }}");
    assert_eq!(ids(&nodes(&rep, &find("Lead8@Customer3.example")).await), [id(8)]);
    assert!(nodes(&rep, &find("lead6@customer1.example")).await.is_empty());
    assert_eq!(ids(&nodes(&rep, "{ leads(search: \"last6\") { nodes { id } } }").await), [id(6)]);
    assert!(nodes(&rep, "{ leads(search: \"lead6\") { nodes { id } } }").await.is_empty());
});

on_both_backends!(pages_walk_the_whole_list_both_ways, |world| async {
    let manager = world.caller(MANAGER).await;
    for order in ["", "orderBy: { field: COMPANY, direction: DESC },", "orderBy: { field: SCORE },", "orderBy: { field: LAST_NAME },"] {
        let whole = ids(&nodes(&manager, &format!("{{ leads({order} first: 50) {{ nodes {{ id }} }} }}")).await);
        let (mut forth, mut after) = (Vec::new(), String::new());
        loop {
            let page = format!(
                "{{ leads({order} first: 5 {after}) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let answer = manager.graphql(&page, json!({})).await;
            let leads = &answer.data()["leads"];
            forth.extend(leads["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()));
            if leads["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!("after: {}", leads["pageInfo"]["endCursor"]);
        }
        assert_eq!(forth, whole, "{order}");
        let (mut back, mut before) = (Vec::new(), String::new());
        loop {
            let page = format!("{{ leads({order} last: 5 {before}) {{ nodes {{ id }} pageInfo {{ hasPreviousPage startCursor }} }} }}");
            let answer = manager.graphql(&page, json!({})).await;
            let leads = &answer.data()["leads"];
            let mut rows = ids(leads["nodes"].as_array().unwrap());
            rows.append(&mut back);
            back = rows;
            if leads["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
            before = format!("before: {}", leads["pageInfo"]["startCursor"]);
        }
        assert_eq!(back, whole, "{order} backward");
    }
    for (page, wrong) in
        [("first: -1", true), ("first: 501", true), ("first: 500", false), ("first: 0", false), ("first: 1, last: 1", true)]
    {
        let answer = manager.graphql(&format!("{{ leads({page}) {{ nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!(answer.code() == Some("BAD_USER_INPUT"), wrong, "{page}: {}", answer.text);
    }
});

on_both_backends!(selections_merge_as_the_specification_says, |world| async {
    let rep = world.caller(REP).await;
    let document = format!(
        "query {{ ...A ...B one: lead(id: \"{0}\") {{ a: company ... on Lead {{ b: company marking {{ level }} }} ...C }} }} \
         fragment A on Query {{ leads(first: 1) {{ nodes {{ id }} }} }} \
         fragment B on Query {{ leads(first: 1) {{ nodes {{ company }} __typename }} }} \
         fragment C on Lead {{ marking {{ banner }} __typename id @skip(if: true) }}",
        id(0)
    );
    let answer = rep.graphql(&document, json!({})).await;
    let first = json!({ "leads": { "nodes": [{ "id": id(14), "company": "Customer 4" }], "__typename": "LeadConnection" } });
    assert_eq!(answer.data()["leads"], first["leads"]);
    let one = "\"one\":{\"a\":\"Customer 0\",\"b\":\"Customer 0\",\"marking\":{\"level\":\"INTERNAL\",\"banner\":\"INTERNAL\"},\"__typename\":\"Lead\"}";
    assert!(answer.text.contains(one), "{}", answer.text);
});

on_both_backends!(counts_are_exact_within_the_windows, |world| async {
    let analyst = world.caller(ANALYST).await;
    let document = "{ leadStats(groupBy: STAGE) { key count } leads(first: 0) { totalCount nodes { id } } months: leadStats(groupBy: MONTH) { key count } }";
    let answer = analyst.graphql(document, json!({})).await;
    let data = answer.data();
    let sum: i64 = data["leadStats"].as_array().unwrap().iter().map(|group| group["count"].as_i64().unwrap()).sum();
    assert_eq!((sum, &data["leads"]["totalCount"], &data["months"][0]["count"]), (8, &json!(8), &json!(8)));
    let by_owner = world.caller(MANAGER).await.graphql("{ leadStats(groupBy: OWNER) { key id count } }", json!({})).await;
    assert!(by_owner.data()["leadStats"].as_array().unwrap().contains(&json!({ "key": REP.name, "id": REP.id.to_string(), "count": 4 })));
});

on_both_backends!(a_count_bears_the_marking_of_what_it_counts, |world| async {
    let (manager, analyst) = (world.caller(MANAGER).await, world.caller(ANALYST).await);
    for (caller, asked, banner) in [
        (&manager, "leads { totalCount }", "TRADE SECRET//EMEA"),
        (&manager, "leads(filter: { stage: { eq: \"nowhere\" } }) { totalCount }", "INTERNAL"),
        // That there is none tells, too.
        (&manager, "leads(filter: { dealValue: { gte: 100000 } }) { totalCount }", "TRADE SECRET"),
        (&manager, "leads(first: 0, orderBy: { field: SCORE }) { pageInfo { hasNextPage } }", "TRADE SECRET"),
        (&manager, "leadStats(groupBy: STAGE, filter: { dealValue: { gte: 100000 } }) { key }", "TRADE SECRET"),
        // Neither sees nor counts what lies above.
        (&analyst, "leads { totalCount }", "CONFIDENTIAL"),
        (&analyst, "leadStats(groupBy: STAGE) { count }", "CONFIDENTIAL"),
    ] {
        let answer = caller.graphql(&format!("{{ {asked} }}"), json!({})).await;
        answer.data();
        assert_eq!(answer.header("x-confidentiality"), Some(banner), "{asked}");
    }
});

on_both_backends!(a_rep_changes_own_leads_only, |world| async {
    let rep = world.caller(REP).await;
    let update = "mutation($id: ID!, $version: Int, $values: LeadValuesInput!) { \
        updateLead(input: { id: $id, expectedVersion: $version, values: $values }) { lead { version company emails score } } }";
    let change =
        |n: i64, version: Option<i64>, values: Value| rep.graphql(update, json!({ "id": id(n), "version": version, "values": values }));
    let done = change(0, Some(1), json!({ "company": "Renamed", "emails": ["new@renamed.example"], "score": null })).await;
    let wanted = json!({ "version": 2, "company": "Renamed", "emails": ["new@renamed.example"], "score": null });
    assert_eq!(done.data()["updateLead"]["lead"], wanted);
    assert_eq!(change(0, Some(1), json!({ "company": "Lost update" })).await.code(), Some("CONFLICT"));
    assert_eq!(change(0, None, json!({ "score": 101 })).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(change(0, None, json!({ "emails": ["not an address"] })).await.code(), Some("BAD_USER_INPUT"));
    // A colleague's lead is seen but not theirs to change.
    assert_eq!(change(2, None, json!({ "dealValue": 5.0 })).await.code(), Some("FORBIDDEN"));
    assert_eq!(one(&rep, 0, "company").await["company"], "Renamed");
    let found = nodes(&rep, "{ leads(filter: { emails: { has: \"new@renamed.example\" } }) { nodes { id } } }").await;
    assert_eq!(ids(&found), [id(0)]);
    assert!(nodes(&rep, "{ leads(search: \"lead0\") { nodes { id } } }").await.is_empty(), "old words are gone");
});

on_both_backends!(new_leads_fall_to_their_maker, |world| async {
    let rep = world.caller(REP).await;
    let create = "mutation($input: CreateLeadInput!) { createLead(input: $input) { lead { id name owner { id } team { name } marking { level } } } }";
    let input = json!({ "values": { "firstName": "Zoë", "lastName": "New", "emails": ["zoe@new.example"] }, "idempotencyKey": "k1" });
    let first = rep.graphql(create, json!({ "input": input })).await;
    let lead = first.data()["createLead"]["lead"].clone();
    assert_eq!(
        (&lead["name"], &lead["owner"]["id"], &lead["team"]["name"]),
        (&json!("Zoë New"), &json!(REP.id.to_string()), &json!("EMEA"))
    );
    assert_eq!(lead["marking"]["level"], "CONFIDENTIAL");
    let again = rep.graphql(create, json!({ "input": input })).await;
    assert_eq!(again.data()["createLead"]["lead"]["id"], lead["id"], "the same key makes no second lead");
    let other = json!({ "values": { "firstName": "Other" }, "idempotencyKey": "k1" });
    assert_eq!(rep.graphql(create, json!({ "input": other })).await.code(), Some("CONFLICT"));
    let elsewhere = json!({ "values": { "company": "X" }, "owner": OTHER_REP.id.to_string(), "team": AMER.to_string() });
    assert_eq!(rep.graphql(create, json!({ "input": elsewhere })).await.code(), Some("FORBIDDEN"));
});

on_both_backends!(assigning_marking_archiving, |world| async {
    let (manager, rep) = (world.caller(MANAGER).await, world.caller(REP).await);
    let assign = "mutation($id: ID!, $owner: ID, $team: ID) { assignLead(input: { id: $id, owner: $owner, team: $team }) { lead { owner { name } team { name } } } }";
    let moved = manager.graphql(assign, json!({ "id": id(0), "owner": OTHER_REP.id.to_string(), "team": AMER.to_string() })).await;
    assert_eq!(moved.data()["assignLead"]["lead"], json!({ "owner": { "name": OTHER_REP.name }, "team": { "name": "AMER" } }));
    assert_eq!(one(&rep, 0, "id").await, Value::Null, "it is no longer the rep's to see");
    assert_eq!(rep.graphql(assign, json!({ "id": id(4), "owner": OTHER_REP.id.to_string() })).await.code(), Some("FORBIDDEN"));
    assert_eq!(manager.graphql(assign, json!({ "id": id(4), "team": Id(99).to_string() })).await.code(), Some("BAD_USER_INPUT"));

    let mark = "mutation($id: ID!, $level: Level!, $in: [String!]!, $reason: String) { \
        markLead(input: { id: $id, marking: { level: $level, compartments: $in }, reason: $reason }) { lead { marking { banner } } } }";
    let raised = manager.graphql(mark, json!({ "id": id(2), "level": "TRADE_SECRET", "in": ["EMEA"] })).await;
    assert_eq!(raised.data()["markLead"]["lead"]["marking"]["banner"], "TRADE SECRET//EMEA");
    assert_eq!(raised.header("x-confidentiality"), Some("TRADE SECRET//EMEA"));
    let lowered = manager.graphql(mark, json!({ "id": id(2), "level": "INTERNAL", "in": [], "reason": "published" })).await;
    assert_eq!(lowered.code(), Some("FORBIDDEN"), "a manager may not declassify");
    let nowhere = manager.graphql(mark, json!({ "id": id(2), "level": "TRADE_SECRET", "in": ["NOPE"] })).await;
    assert_eq!(nowhere.code(), Some("BAD_USER_INPUT"));

    let archive = "mutation($id: ID!, $archived: Boolean!) { archiveLead(input: { id: $id, archived: $archived }) { lead { archived } } }";
    assert_eq!(rep.graphql(archive, json!({ "id": id(8), "archived": true })).await.data()["archiveLead"]["lead"]["archived"], true);
    assert!(!ids(&nodes(&rep, ALL).await).contains(&id(8)), "put away leads are left out");
    assert_eq!(ids(&nodes(&rep, "{ leads(filter: { archived: true }) { nodes { id } } }").await), [id(8)]);
    rep.graphql(archive, json!({ "id": id(8), "archived": false })).await.data();
    assert!(ids(&nodes(&rep, ALL).await).contains(&id(8)));
});

on_both_backends!(answers_bear_the_marking_of_what_they_disclose, |world| async {
    let manager = world.caller(MANAGER).await;
    for (fields, n, banner) in [
        ("company", 0, "INTERNAL"),
        ("name", 0, "CONFIDENTIAL"),
        ("emails", 0, "TRADE SECRET"),
        ("company", 8, "TRADE SECRET"),
        ("company", 12, "CONFIDENTIAL//EMEA"),
        ("notes", 12, "TRADE SECRET//EMEA"),
    ] {
        let answer = manager.graphql(&format!("{{ lead(id: \"{}\") {{ {fields} }} }}", id(n)), json!({})).await;
        assert!(answer.data()["lead"].is_object());
        assert_eq!(answer.json["extensions"]["confidentiality"]["banner"], banner, "{fields} of {n}");
        assert_eq!(answer.header("x-confidentiality"), Some(banner));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    // What a mask gives away is no more confidential than the window that shows it.
    let rep = world.caller(REP).await;
    let masked = rep.graphql(&format!("{{ lead(id: \"{}\") {{ emails }} }}", id(6)), json!({})).await;
    assert_eq!(masked.json["extensions"]["confidentiality"]["banner"], "CONFIDENTIAL");
    let team_of_lead = one(&manager, 2, "team { id }").await;
    assert_eq!(team_of_lead["team"]["id"], EMEA.to_string());
});

on_both_backends!(who_asks_at_once_gets_their_own, |world| async {
    let callers = [world.caller(REP).await, world.caller(MANAGER).await, world.caller(ANALYST).await];
    let fields = "id name emails dealValue redactions { field disposition }";
    let mut wanted = Vec::new();
    for caller in &callers {
        for n in 0..16 {
            wanted.push(one(caller, n, fields).await);
        }
    }
    let asking = || callers.iter().flat_map(|caller| (0..16).map(move |n| one(caller, n, fields)));
    let got = futures_util::future::join_all(asking().chain(asking()).chain(asking())).await;
    assert_eq!(got.len(), 3 * wanted.len());
    assert!(got.chunks(wanted.len()).all(|got| got == wanted), "{got:?}");
});

on_both_backends!(who_changes_at_once_changes_their_own, |world| async {
    let rep = world.caller(REP).await;
    let update = "mutation($id: ID!, $version: Int, $values: LeadValuesInput!) { \
        updateLead(input: { id: $id, expectedVersion: $version, values: $values }) { lead { id version score stage } } }";
    let change = |n: i64, version: Option<i64>, values: Value| {
        let variables = json!({ "id": id(n), "version": version, "values": values });
        let rep = &rep;
        async move { rep.graphql(update, variables).await }
    };
    let scores = [0, 4, 8, 12].map(|n| change(n, Some(1), json!({ "score": 90 + n / 4 })));
    let stages = [0, 4, 8, 12].map(|n| change(n, None, json!({ "stage": format!("Stage {n}") })));
    let done = futures_util::future::join_all(scores.into_iter().chain(stages)).await;
    assert!(done[4..].iter().all(|answer| answer.code().is_none()), "{:?}", done.iter().map(|answer| &answer.json).collect::<Vec<_>>());
    for (n, answer) in [0, 4, 8, 12].into_iter().zip(&done) {
        // Whoever expects a version is refused if the other was faster, and leaves nothing behind.
        let lead = one(&rep, n, "version stage score").await;
        assert_eq!((&lead["stage"], lead["score"] == 90 + n / 4), (&json!(format!("Stage {n}")), answer.code().is_none()));
        assert_eq!(lead["version"], if answer.code().is_none() { 3 } else { 2 });
    }
    let version = one(&rep, 4, "version").await["version"].as_i64();
    let scores = (50..66).map(|score| change(4, version, json!({ "score": score })));
    let done = futures_util::future::join_all(scores).await;
    let (first, late): (Vec<_>, Vec<_>) = done.iter().partition(|answer| answer.code().is_none());
    assert_eq!((first.len(), late.len()), (1, 15));
    assert!(late.iter().all(|answer| answer.code() == Some("CONFLICT")));
    assert_eq!(one(&rep, 4, "score").await["score"], first[0].data()["updateLead"]["lead"]["score"]);
    let scores = (50..58).map(|score| change(8, None, json!({ "score": score })));
    let done = futures_util::future::join_all(scores).await;
    let mut versions: Vec<_> = done.iter().filter_map(|answer| answer.data()["updateLead"]["lead"]["version"].as_i64()).collect();
    versions.sort_unstable();
    let first = versions[0];
    assert_eq!(versions, (first..first + 8).collect::<Vec<_>>());
});
