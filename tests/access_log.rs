//! The access log as an auditor reads it over HTTP: every filter, every page, one record; and what no record keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use entity::{ledger_detail, ledger_document};
use leadkeep::domain::{Clock, Id};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use support::{Backend, Caller, Table, World, company, on_both_backends};

const LOG: &str = "query Log($filter: AccessLogFilter, $first: Int! = 500, $after: String, $order: AccessLogOrder! = NEWEST_FIRST) {
    accessLog(filter: $filter, first: $first, after: $after, order: $order) {
        edges { cursor node { ...R } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
    fragment R on AccessRecord { index epoch rseq leafHash request at address purpose purposeText kind operationName document variables
        decision code reasons rows banner subject { kind person { id } app { id } } disclosures { leads clear masked }
        used { filter sort } changed { kind item } changes { kind fields before after } }";

/// One page: its records, and where the next one begins if there is one.
async fn page(auditor: &Caller, filter: &Value, first: usize, after: Option<&str>, order: &str) -> (Vec<Value>, Option<String>) {
    let answer = auditor.graphql(LOG, json!({ "filter": filter, "first": first, "after": after, "order": order })).await;
    let log = &answer.data()["accessLog"];
    let records: Vec<Value> = log["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect();
    let more = log["pageInfo"]["hasNextPage"].as_bool().unwrap();
    assert!(records.len() <= first && log["pageInfo"]["hasPreviousPage"] == after.is_some(), "{}", answer.text);
    (records, more.then(|| log["pageInfo"]["endCursor"].as_str().unwrap().to_owned()))
}

/// Everything there is, page by page.
async fn all(auditor: &Caller, filter: &Value, first: usize) -> Vec<Value> {
    all_in(auditor, filter, first, "NEWEST_FIRST").await
}

async fn all_in(auditor: &Caller, filter: &Value, first: usize, order: &str) -> Vec<Value> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let (more, next) = page(auditor, filter, first, after.as_deref(), order).await;
        records.extend(more);
        let Some(next) = next else { return records };
        assert_ne!(after.as_ref(), Some(&next), "a page that leads back to itself");
        after = Some(next);
    }
}

const ONE: &str = "query One($id: ID!) { lead(id: $id) { company emails } }";
const UPDATE: &str = "mutation Change($id: ID!) { updateLead(input: { id: $id, values: { score: 3, city: \"Ulm\" } }) { lead { score } } }";

/// Something of every kind happens; returns a moment in the midst of it.
async fn busy(world: &World) -> String {
    let (mut rep, analyst, app) = (world.caller(company::REP).await, world.caller(company::ANALYST).await, world.app().await);
    let (first, third) = (Id(*company::LEADS.start()).to_string(), Id(company::LEADS.start() + 2).to_string());
    rep.purpose = Some("RENEWAL; before the call".into());
    rep.graphql(ONE, json!({ "id": first })).await.data();
    app.graphql("query Nightly { leads(first: 3, filter: { country: { eq: \"DE\" } }) { nodes { id } } }", json!({})).await.data();
    let middle = world.clock.now().to_string();
    rep.graphql(UPDATE, json!({ "id": first })).await.data();
    assert_eq!(analyst.graphql(UPDATE, json!({ "id": third })).await.code(), Some("FORBIDDEN"));
    assert_eq!(analyst.graphql("{ nothing", json!({})).await.code(), Some("BAD_USER_INPUT"));
    let elsewhere = analyst.request(Method::POST, "/graphql").header("x-forwarded-for", "203.0.113.9");
    analyst.send(elsewhere.json(&json!({ "query": "{ viewer { __typename } }" }))).await.data();
    middle
}

/// Whether a record is what a filter asks for.
type Test<'t> = Box<dyn Fn(&Value) -> bool + 't>;

on_both_backends!(
    every_filter_finds_what_it_says_and_nothing_else,
    settings | settings | { settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()] },
    |world| async {
        let middle = busy(&world).await;
        let auditor = world.caller(company::AUDITOR).await;
        let until = world.clock.now().to_string();
        let everything = all(&auditor, &json!({ "until": until }), 500).await;
        let some = &everything[everything.len() / 2];
        let lead = Id(*company::LEADS.start()).to_string();
        let person = company::REP.id.to_string();
        let concerns = |record: &Value, lead: &str| {
            let shown = record["disclosures"].as_array().unwrap().iter().flat_map(|group| group["leads"].as_array().unwrap());
            let changed = record["changed"].as_array().unwrap().iter().map(|changed| &changed["item"]);
            shown.chain(changed).any(|id| id == lead)
        };
        let is = |at: &'static str, value: &str| -> Test<'_> {
            let value = value.to_owned();
            Box::new(move |record: &Value| record.pointer(at).is_some_and(|found| *found == value))
        };
        let filters: Vec<(Value, Test<'_>)> = vec![
            (json!({ "since": middle }), Box::new(|record| record["at"].as_str().unwrap() >= &*middle)),
            (json!({ "until": middle }), Box::new(|record| record["at"].as_str().unwrap() < &*middle)),
            (json!({ "person": person }), is("/subject/person/id", &person)),
            (json!({ "app": company::APP.to_string() }), is("/subject/app/id", &company::APP.to_string())),
            (json!({ "decision": "DENIED" }), is("/decision", "DENIED")),
            (json!({ "code": "BAD_USER_INPUT" }), is("/code", "BAD_USER_INPUT")),
            (json!({ "kind": "TOKEN" }), is("/kind", "TOKEN")),
            (json!({ "kind": "UNKNOWN" }), is("/kind", "UNKNOWN")),
            (json!({ "operationName": "Nightly" }), is("/operationName", "Nightly")),
            (json!({ "purpose": "RENEWAL" }), is("/purpose", "RENEWAL")),
            (json!({ "address": "203.0.113.9" }), is("/address", "203.0.113.9")),
            (json!({ "request": some["request"] }), is("/request", some["request"].as_str().unwrap())),
            (json!({ "lead": lead }), Box::new(|record| concerns(record, &lead))),
            (json!({ "lead": lead, "kind": "MUTATION" }), Box::new(|record| concerns(record, &lead) && record["kind"] == "MUTATION")),
        ];
        for (mut filter, test) in filters {
            let wanted: Vec<&Value> = everything.iter().filter(|record| test(record)).collect();
            assert!(!wanted.is_empty() && wanted.len() < everything.len(), "{filter} would tell nothing apart");
            let members = filter.as_object_mut().unwrap();
            members.entry("until").or_insert(json!(until));
            for first in [500, 2] {
                assert_eq!(all(&auditor, &filter, first).await.iter().collect::<Vec<_>>(), wanted, "{filter}, {first} at a time");
            }
        }
        let nobody = json!({ "person": Id(1).to_string() });
        assert_eq!(all(&auditor, &nobody, 500).await, Vec::<Value>::new());
    }
);

on_both_backends!(an_altered_moment_beside_a_checkpoint_hides_nothing, |world| async {
    let middle = busy(&world).await;
    let auditor = world.caller(company::AUDITOR).await;
    let asked = [json!({ "since": middle }), json!({ "until": world.clock.now().to_string() })];
    let found = async || [all(&auditor, &asked[0], 500).await.len(), all(&auditor, &asked[1], 500).await.len()];
    let before = found().await;
    let (open, close) = match world.home.backend {
        Backend::Sqlite => ("DROP TRIGGER ledger_checkpoint_no_update;", ""),
        Backend::Postgres => ("ALTER TABLE ledger_checkpoint DISABLE TRIGGER ALL;", "; ALTER TABLE ledger_checkpoint ENABLE TRIGGER ALL"),
    };
    // Everything long ago hides what came since; the first checkpoint far ahead hides what came until.
    for altered in ["at = 0", "at = at + 36000000000"] {
        world.home.tamper(Table::Ledger, &format!("{open} UPDATE ledger_checkpoint SET {altered}{close}")).await.unwrap();
        let after = found().await;
        assert!(after[0] > before[0] && after[1] >= before[1], "{altered}: {before:?}, {after:?}");
        if world.home.backend == Backend::Sqlite {
            let trigger =
                "CREATE TRIGGER ledger_checkpoint_no_update BEFORE UPDATE ON ledger_checkpoint BEGIN SELECT RAISE(ABORT, 'no'); END";
            world.home.tamper(Table::Ledger, trigger).await.unwrap();
        }
    }
});

on_both_backends!(pages_walk_the_whole_log_both_ways, settings | settings | { settings.access_log.scan = 4 }, |world| async {
    busy(&world).await;
    let auditor = world.caller(company::AUDITOR).await;
    let until = json!({ "until": world.clock.now().to_string() });
    let everything = all(&auditor, &until, 500).await;
    let indexes: Vec<u64> = everything.iter().map(|record| record["index"].as_u64().unwrap()).collect();
    let last = indexes[0];
    assert_eq!(indexes, (0..=last).rev().collect::<Vec<_>>(), "newest first, none left out, none twice");
    for first in [1, 3, 7] {
        assert_eq!(all(&auditor, &until, first).await, everything, "{first} at a time");
        let mut forward = all_in(&auditor, &until, first, "OLDEST_FIRST").await;
        forward.reverse();
        assert_eq!(forward, everything, "{first} at a time, the oldest first");
    }
    // A page looks at four records; what it seeks lies further back, so that it comes empty and leads on.
    let rare = json!({ "kind": "TOKEN", "until": until["until"] });
    let (none, next) = page(&auditor, &rare, 50, None, "NEWEST_FIRST").await;
    assert!(none.is_empty() && next.is_some());
    assert_eq!(all(&auditor, &rare, 50).await.len(), 1);

    let one = "query($index: Int!) { accessRecord(index: $index) { request leafHash } }";
    for record in &everything {
        let found = auditor.graphql(one, json!({ "index": record["index"] })).await;
        assert_eq!(found.data()["accessRecord"], json!({ "request": record["request"], "leafHash": record["leafHash"] }));
    }
    for index in [-1, 1_000_000] {
        assert_eq!(auditor.graphql(one, json!({ "index": index })).await.code(), Some("NOT_FOUND"));
    }
    for (first, after) in [(0, None), (501, None), (-1, None), (5, Some("nowhere"))] {
        let refused = auditor.graphql(LOG, json!({ "first": first, "after": after })).await;
        assert_eq!(refused.code(), Some("BAD_USER_INPUT"), "{first} {after:?}");
    }
    for member in [company::REP, company::MANAGER, company::ADMIN, company::NEWCOMER] {
        let other = world.caller(member).await;
        let answers = [other.graphql(LOG, json!({})).await, other.graphql(one, json!({ "index": 0 })).await];
        assert!(answers.iter().all(|answer| answer.code() == Some("FORBIDDEN")), "{}", member.name);
    }
    // Reading the log is in the log, with how much was read.
    let mine = all(&auditor, &json!({ "person": company::AUDITOR.id.to_string(), "operationName": "Log" }), 500).await;
    assert!(mine.iter().any(|record| record["rows"] == everything.len().min(4)), "{mine:?}");
});

on_both_backends!(what_proves_who_somebody_is_stands_nowhere, |world| async {
    let (next, other) = ("a quite different passphrase", "yet another good passphrase");
    let (stranger, mut secrets) = (world.anonymous(), vec![company::PASSWORD.to_owned(), next.into(), other.into()]);
    let literal = format!(
        "mutation {{ signIn(input: {{ email: \"{}\", password: \"{}\" }}) {{ accessToken refreshToken }} }}",
        company::REP.email,
        company::PASSWORD
    );
    let signed_in = stranger.graphql(&literal, json!({})).await;
    let tokens = &signed_in.data()["signIn"];
    secrets.extend(["accessToken", "refreshToken"].map(|token| tokens[token].as_str().unwrap().to_owned()));
    let rep = stranger.with_token(tokens["accessToken"].as_str().unwrap());
    let change = "mutation($old: String!, $in: String = \"yet another good passphrase\") {
        changePassword(input: { currentPassword: $old, newPassword: $in }) { __typename } }";
    rep.graphql(change, json!({ "old": company::PASSWORD, "in": next })).await;
    let refresh = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken refreshToken } }";
    let refreshed = stranger.graphql(refresh, json!({ "input": { "refreshToken": tokens["refreshToken"] } })).await;
    let tokens = &refreshed.json["data"]["refreshSession"];
    secrets.extend(["accessToken", "refreshToken"].iter().filter_map(|token| tokens[token].as_str()).map(str::to_owned));
    secrets.push(world.client_secret.clone());
    world.app().await;
    // Lead data in a literal and in a variable: kept, for whoever may erase it, and not shown.
    let mut manager = world.caller(company::MANAGER).await;
    manager.purpose = Some("REVIEW; asked by Ms Grey".into());
    let asked = "query($mail: String!) { leads(filter: { or: [{ emails: { has: $mail } }, { emails: { has: \"b@private.example\" } }] }) { nodes { id } } }";
    manager.graphql(asked, json!({ "mail": "a@private.example" })).await.data();

    let auditor = world.caller(company::AUDITOR).await;
    let shown = serde_json::to_string(&all(&auditor, &json!({}), 500).await).unwrap();
    assert!(shown.contains("signIn") && shown.contains("changePassword") && shown.contains("asked by Ms Grey"));
    assert!(!shown.contains("private.example"), "an auditor sees no lead data");
    let database = world.home.connect_ledger().await;
    let documents = ledger_document::Entity::find().all(&database).await.unwrap();
    let beside = ledger_detail::Entity::find().all(&database).await.unwrap();
    database.close().await.unwrap();
    let texts = documents.into_iter().map(|row| String::from_utf8(row.text).unwrap());
    let stored: Vec<String> = texts.chain(beside.into_iter().filter_map(|row| row.variables)).collect();
    let stored = stored.join("\n");
    assert!(stored.contains("a@private.example") && stored.contains("b@private.example"));
    assert!(stored.contains("[redacted]") && stored.contains(company::REP.email));
    for secret in secrets {
        assert!(!shown.contains(&secret) && !stored.contains(&secret), "{secret}");
    }
});
