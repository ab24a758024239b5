//! Lists that are found outside point to where they come from.

use entity::{change_detail, ledger_detail};
use leadkeep::{
    domain::Id,
    ledger::{LedgerKey, Receipt},
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    canaries,
    files::{content, export},
    keeper, leads, plant,
    support::{
        Answer, Caller, Table, World,
        company::{self, Member},
        on_both_backends,
    },
    trapped,
};

const TRACE: &str = "mutation($input: TraceLeakInput!) { traceLeak(input: $input) { sha256 rows identified lookedUp complete unknown
    canaries { leadId reader { id } exportRequest }
    candidates { origin { subject { person { id } } exportRequest } probability shown canaries size recordCount
        receipts { index at people epoch rseq leafHash signature } }
    sources { origin { subject { person { id } } exportRequest } probability explains canaries } } }";

async fn trace(keeper: &Caller, file: &str) -> Answer {
    keeper.upload(TRACE, json!({}), file.as_bytes()).await
}

/// Everybody has looked at what is theirs, the manager at all of it and in a file, too.
async fn business(world: &World) -> (Caller, Caller, Caller, String) {
    let [manager, rep, other] = [company::MANAGER, company::REP, company::OTHER_REP].map(|member| world.caller(member));
    let (manager, rep, other) = (manager.await, rep.await, other.await);
    for caller in [&manager, &rep, &other, &world.caller(company::ANALYST).await] {
        leads(caller, Value::Null).await;
    }
    let file = content(&export(&manager, json!({})).await);
    (manager, rep, other, file)
}

fn addresses(leads: &[Value]) -> Vec<String> {
    leads
        .iter()
        .filter(|lead| !lead["emails"][0].as_str().unwrap_or("•").contains('•'))
        .map(|lead| lead["emails"][0].as_str().unwrap().to_owned())
        .collect()
}

fn blamed(answer: &Answer) -> Vec<(Option<&str>, bool)> {
    let sources = answer.data()["traceLeak"]["sources"].as_array().unwrap();
    sources
        .iter()
        .map(|source| (source["origin"]["subject"]["person"]["id"].as_str(), !source["origin"]["exportRequest"].is_null()))
        .collect()
}

fn adds_up(answer: &Answer) {
    let trace = &answer.data()["traceLeak"];
    let sum: f64 = trace["candidates"].as_array().unwrap().iter().map(|one| one["probability"].as_f64().unwrap()).sum();
    assert!((sum + trace["unknown"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{trace}");
}

on_both_backends!(lists_point_to_their_sources, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let (_manager, rep, other, file) = business(&world).await;
    let [rep_id, other_id, manager_id] = [company::REP, company::OTHER_REP, company::MANAGER].map(|member| member.id.to_string());

    // The whole file, and what is left of it when somebody has turned it over, cut it and taken off its head.
    let traced = trace(&keeper, &file).await;
    assert_eq!(blamed(&traced)[0], (Some(manager_id.as_str()), true), "{}", traced.text);
    assert!(traced.data()["traceLeak"]["candidates"][0]["probability"].as_f64().unwrap() > 0.99);
    adds_up(&traced);
    receipts_hold(&world, &traced);
    let of_files = canaries(&keeper, Some(company::MANAGER)).await;
    let of_file = of_files.iter().find(|canary| !canary["exportRequest"].is_null()).unwrap();
    let own = of_file["email"].as_str().unwrap();
    let mut lines: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    lines.reverse();
    lines.retain(|line| line.contains(own) || line.len() % 2 == 0);
    let part = trace(&keeper, &lines.join("\n").replace(',', "\t").to_uppercase()).await;
    assert_eq!(part.data()["traceLeak"]["candidates"][0]["origin"]["exportRequest"], of_file["exportRequest"], "{}", part.text);

    // What a rep copied from the screen by hand, as cards and as plain text with names alone.
    let own = leads(&rep, json!({ "owner": { "eq": rep_id } })).await;
    let cards: Vec<String> = own
        .iter()
        .map(|lead| {
            format!("BEGIN:VCARD\nFN:{}\nEMAIL:{}\nEND:VCARD\n", lead["name"].as_str().unwrap(), lead["emails"][0].as_str().unwrap())
        })
        .collect();
    let names: Vec<String> =
        own.iter().map(|lead| format!("* {} of {}\n", lead["name"].as_str().unwrap(), lead["company"].as_str().unwrap())).collect();
    for text in [cards.concat(), names.concat()] {
        let traced = trace(&keeper, &text).await;
        assert_eq!(blamed(&traced)[0], (Some(rep_id.as_str()), false), "{text} {}", traced.text);
        assert!(traced.data()["traceLeak"]["candidates"][0]["probability"].as_f64().unwrap() > 0.95, "{text} {}", traced.text);
        adds_up(&traced);
    }
    // Two lists in one, with strangers: both are named.
    let theirs = leads(&other, json!({ "owner": { "eq": other_id } })).await;
    let mut merged = [addresses(&own), addresses(&theirs), vec!["stranger@elsewhere.example".into()]].concat();
    merged.sort_by_key(|address| Sha256::digest(address).to_vec());
    let traced = trace(&keeper, &merged.join("; ")).await;
    let mut named = blamed(&traced);
    named.sort_unstable();
    assert_eq!(named, [(Some(rep_id.as_str()), false), (Some(other_id.as_str()), false)], "{}", traced.text);
    for source in traced.data()["traceLeak"]["sources"].as_array().unwrap() {
        assert!(source["probability"].as_f64().unwrap() > 0.95 && source["canaries"].as_u64().unwrap() >= 1, "{}", traced.text);
    }
    // Somebody who is in no list, and nobody.
    let strangers = trace(&keeper, "a@elsewhere.example\nb@elsewhere.example").await;
    assert!(blamed(&strangers).is_empty() && strangers.data()["traceLeak"]["identified"] == 0, "{}", strangers.text);
    adds_up(&strangers);
});

/// Each receipt is the ledger's, for the record it names.
fn receipts_hold(world: &World, answer: &Answer) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let pem = std::fs::read_to_string(world.home.folder().join("keys").join("ledger.pem")).unwrap();
    let key = LedgerKey::from_pem(&pem).unwrap().public();
    let receipts = answer.data()["traceLeak"]["candidates"][0]["receipts"].as_array().unwrap();
    assert!(!receipts.is_empty());
    for told in receipts {
        let bytes = |field: &str| STANDARD.decode(told[field].as_str().unwrap()).unwrap();
        let epoch: Id = told["epoch"].as_str().unwrap().parse().unwrap();
        let receipt = Receipt {
            epoch,
            rseq: told["rseq"].as_u64().unwrap(),
            leaf: bytes("leafHash").try_into().unwrap(),
            signature: bytes("signature").try_into().unwrap(),
        };
        assert!(receipt.is_signed_by(&key));
    }
}

on_both_backends!(a_canary_is_known_by_the_secret_alone, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let rep = world.caller(company::REP).await;
    leads(&rep, Value::Null).await;
    let canary = canaries(&keeper, Some(company::REP)).await.remove(0);
    // Its reader changes it, and another is erased: what was taken before is traced all the same.
    let update = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }";
    let values = json!({ "emails": ["somebody@else.example"], "lastName": "Else" });
    rep.graphql(update, json!({ "input": { "id": canary["leadId"], "values": values } })).await.data();
    world
        .home
        .tamper(
            Table::Main,
            "DELETE FROM lead WHERE reader_id IS NOT NULL; DELETE FROM lead_key WHERE lead_id NOT IN (SELECT id FROM lead);",
        )
        .await
        .unwrap();
    let traced = trace(&keeper, &format!("who: <{}>", canary["email"].as_str().unwrap().to_uppercase())).await;
    let trace = &traced.data()["traceLeak"];
    assert_eq!((&trace["canaries"][0]["leadId"], trace["identified"].as_u64()), (&canary["leadId"], Some(1)));
    assert_eq!(blamed(&traced), [(Some(company::REP.id.to_string().as_str()), false)], "{}", traced.text);
});

on_both_backends!(a_namesake_of_a_canary_is_no_canary, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let canary = canaries(&keeper, Some(company::OTHER_REP)).await.remove(0);
    let text = format!("{}, met at the fair", canary["name"].as_str().unwrap());
    let known = |traced: &Answer| traced.data()["traceLeak"]["canaries"].as_array().unwrap().clone();
    assert_eq!(known(&trace(&keeper, &text).await)[0]["leadId"], canary["leadId"]);
    let (first, last) = canary["name"].as_str().unwrap().split_once(' ').unwrap();
    let rep = world.caller(company::REP).await;
    let create = "mutation($input: CreateLeadInput!) { createLead(input: $input) { lead { id firstName } } }";
    let values = json!({ "company": "Real Ltd", "firstName": first, "lastName": last });
    rep.graphql(create, json!({ "input": { "values": values } })).await.data();
    let traced = trace(&keeper, &text).await;
    assert_eq!((known(&traced), &traced.data()["traceLeak"]["identified"]), (vec![], &json!(1)), "{}", traced.text);
});

on_both_backends!(
    whoever_looked_first_is_found_however_often_others_did_since,
    settings | settings | {
        trapped(settings);
        settings.canaries.trace_records = 200;
    },
    |world| async {
        let keeper = keeper(&world).await;
        let [rep, manager] = [company::REP, company::MANAGER].map(|member| world.caller(member));
        let (rep, manager) = (rep.await, manager.await);
        let own = leads(&rep, json!({ "owner": { "eq": company::REP.id.to_string() } })).await;
        let views = 200 / own.len() + 5;
        assert!(own.len() > 1 && views < 190, "{}", own.len());
        for _ in 0..views {
            manager.graphql("{ leads(first: 100) { nodes { lastName emails } } }", json!({})).await.data();
        }
        let traced = trace(&keeper, &addresses(&own).join("\n")).await;
        let readers = traced.data()["traceLeak"]["candidates"].as_array().unwrap().clone();
        let shown = |member: Member| readers.iter().any(|one| one["origin"]["subject"]["person"]["id"] == member.id.to_string());
        assert!(shown(company::REP) && shown(company::MANAGER), "{}", traced.text);
    }
);

on_both_backends!(
    tracing_is_the_keepers_and_leaves_a_digest,
    settings | settings | {
        trapped(settings);
        settings.canaries.trace_bytes = 2_000;
    },
    |world| async {
        let keeper = keeper(&world).await;
        for member in [company::AUDITOR, company::ADMIN, company::MANAGER, company::ANALYST] {
            assert_eq!(trace(&world.caller(member).await, "lead0@customer0.example").await.code(), Some("FORBIDDEN"), "{}", member.role);
        }
        let secret = "lead0@customer0.example,lead1@customer1.example";
        trace(&keeper, secret).await.data();
        for (file, told) in [
            ("PK\u{3}\u{4}rest", "workbook"),
            ("", "Nobody stands in the file"),
            ("1,2\n3,4\n", "Nobody stands in the file"),
            (&"x".repeat(2_001), "more than 2000 bytes"),
            ("a\0b\0c lead0@customer0.example \0", "no text"),
        ] {
            let answer = trace(&keeper, file).await;
            assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{told}");
            assert!(answer.message().unwrap().contains(told), "{}", answer.text);
        }
        let auditor = world.caller(company::AUDITOR).await;
        let log = "query($filter: AccessLogFilter) { accessLog(first: 50, filter: $filter) { edges { node { decision changed { kind item }
        changes { kind fields after } variables document disclosures { leads } } } } }";
        let told = auditor.graphql(log, json!({ "filter": { "person": company::NEWCOMER.id.to_string(), "decision": "ALLOWED" } })).await;
        let node = told.data()["accessLog"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| &edge["node"])
            .find(|node| node["changed"][0]["kind"] == "leakTrace");
        let node = node.unwrap_or_else(|| panic!("{}", told.text));
        assert_eq!(node["changed"][0]["item"], format!("{:x}", Sha256::digest(secret)));
        assert_eq!((&node["changes"][0]["fields"], &node["disclosures"]), (&json!(["result", "sha256"]), &json!([])));
        assert!(!told.text.contains("customer0"), "{}", told.text);
        // Nothing of it lies beside the records either.
        let database = world.home.connect().await;
        let changes = change_detail::Entity::find().all(&database).await.unwrap();
        assert!(changes.iter().filter(|row| row.kind == "leakTrace").all(|row| !row.after.as_deref().unwrap().contains("customer0")));
        database.close().await.unwrap();
        let database = world.home.connect_ledger().await;
        let details = ledger_detail::Entity::find().all(&database).await.unwrap();
        assert!(details.iter().all(|row| !row.variables.as_deref().unwrap_or_default().contains("customer0")));
        database.close().await.unwrap();
    }
);
