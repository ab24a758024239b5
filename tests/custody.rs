//! Where leads come from and whose they are: origins, the register of accounts, relationships, custody and its report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use entity::{change_detail, ledger_detail};
use leadkeep::domain::Id;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use support::{Caller, World, company, on_both_backends};

const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) {
    id format created merged unchanged rejected rejects { line reason } } }";
const LEADS: &str = "query($filter: LeadFilter) { leads(filter: $filter, first: 100) { nodes { id name redactions { field }
    origins { channel since recordedAt recordedBy { name } account { id kind custodian { name } } file { importId name sha256 record } }
    custody { strength reasons onlyBy { name } } relationships { role person { name } account { id kind } since notedBy { name } } } } }";

async fn leads(caller: &Caller, filter: Value) -> Vec<Value> {
    caller.graphql(LEADS, json!({ "filter": filter })).await.data()["leads"]["nodes"].as_array().unwrap().clone()
}

async fn one(caller: &Caller, email: &str) -> Value {
    leads(caller, json!({ "emails": { "has": email } })).await.remove(0)
}

async fn import(caller: &Caller, file: &[u8], input: Value) -> Value {
    caller.upload(IMPORT, input, file).await.data()["importLeads"].clone()
}

async fn declare(caller: &Caller, handle: &str) -> Value {
    let document = "mutation($input: DeclareContactAccountInput!) { declareContactAccount(input: $input) {
        account { id kind custodianName credentials overdue version } } }";
    let input = json!({ "platform": "LINKEDIN", "accountHandle": handle, "policyName": "Social media 3" });
    caller.graphql(document, json!({ "input": input })).await.data()["declareContactAccount"]["account"].clone()
}

const ADD: &str = "mutation($input: AddContactAccountInput!) { addContactAccount(input: $input) { account { id kind custodianName } } }";

fn page(kind: &str, credentials: &str, handle: &str) -> Value {
    let custodian = company::REP.id.to_string();
    json!({ "input": { "platform": "LINKEDIN", "kind": kind, "accountHandle": handle, "custodianId": custodian, "credentials": credentials } })
}

const CSV: &[u8] = b"First Name,Last Name,Email\nNora,Berg,nora.berg@fjord.example\nLars,Holm,lars@holm.example\n";

on_both_backends!(every_way_in_leaves_an_origin, |world| async {
    let manager = world.caller(company::MANAGER).await;
    let create = "mutation($input: CreateLeadInput!) { createLead(input: $input) { lead { id version origins { channel since recordedBy { name } file { name } }
        custody { strength } } } }";
    let typed = |origin: Value| json!({ "input": { "values": { "company": "Typed", "emails": ["t@typed.example"] }, "origin": origin } });
    let answer = manager.graphql(create, typed(json!({ "channel": "EVENT", "since": "2026-01-02T00:00:00Z" }))).await;
    let made = &answer.data()["createLead"]["lead"];
    let wanted = json!([{ "channel": "EVENT", "since": "2026-01-02T00:00:00Z", "recordedBy": { "name": "Mona Manager" }, "file": null }]);
    assert_eq!((&made["origins"], &made["custody"]["strength"]), (&wanted, &json!("COMPANY")));
    let unsaid = manager.graphql(create, typed(Value::Null)).await;
    assert_eq!(unsaid.data()["createLead"]["lead"]["origins"][0]["channel"], "OTHER");
    let ahead = manager.graphql(create, typed(json!({ "channel": "EVENT", "since": "2999-01-02T00:00:00Z" }))).await;
    assert_eq!(ahead.code(), Some("BAD_USER_INPUT"));

    let first = import(&manager, CSV, json!({})).await;
    assert_eq!(first["created"], 2);
    let lead = one(&manager, "nora.berg@fjord.example").await;
    let origin = &lead["origins"][0];
    assert_eq!((&origin["channel"], &origin["file"]["name"], &origin["file"]["record"]), (&json!("CRM"), &json!("leads.csv"), &json!(2)));
    assert_eq!((&origin["file"]["importId"], origin["file"]["sha256"].as_str().unwrap().len()), (&first["id"], 64));
    // The same file again is the same origin; said to be another channel it is another one, and both stay.
    assert_eq!(import(&manager, CSV, json!({})).await["unchanged"], 2);
    assert_eq!(one(&manager, "nora.berg@fjord.example").await["origins"], lead["origins"]);
    import(&manager, CSV, json!({ "channel": "PURCHASED_LIST" })).await;
    let both = one(&manager, "nora.berg@fjord.example").await;
    let channels: Vec<_> = both["origins"].as_array().unwrap().iter().map(|origin| origin["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["CRM", "PURCHASED_LIST"]);

    // The record of the last import names the leads that it gave an origin, although nothing else of them changed.
    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($filter: AccessLogFilter!) { accessLog(first: 20, filter: $filter) { edges { node { changed { kind } } } } }";
    let changes = auditor.graphql(log, json!({ "filter": { "lead": both["id"], "kind": "MUTATION" } })).await;
    assert_eq!(changes.data()["accessLog"]["edges"].as_array().unwrap().len(), 2, "{}", changes.text);

    // Somebody remembers another way; said twice it is one, and nothing is replaced.
    let add = "mutation($input: AddOriginInput!) { addOrigin(input: $input) { lead { version origins { channel recordedBy { name } } } } }";
    let said = |lead: &Value, channel: &str, version: Value| json!({ "input": { "leadId": lead, "expectedVersion": version, "origin": { "channel": channel, "since": "2025-05-05T00:00:00Z" } } });
    let added = manager.graphql(add, said(&both["id"], "REFERRAL", json!(1))).await;
    let added = &added.data()["addOrigin"]["lead"];
    assert_eq!((added["origins"].as_array().unwrap().len(), &added["version"]), (3, &json!(2)));
    let again = manager.graphql(add, said(&both["id"], "REFERRAL", Value::Null)).await;
    assert_eq!(&again.data()["addOrigin"]["lead"], added);
    assert_eq!(manager.graphql(add, said(&both["id"], "EVENT", json!(1))).await.code(), Some("CONFLICT"));
    let analyst = world.caller(company::ANALYST).await;
    assert_eq!(analyst.graphql(add, said(&both["id"], "EVENT", Value::Null)).await.code(), Some("FORBIDDEN"));
    let elsewhere = said(&json!(Id(1_002).to_string()), "EVENT", Value::Null);
    assert_eq!(world.caller(company::REP).await.graphql(add, elsewhere).await.code(), Some("NOT_FOUND"));
});

on_both_backends!(what_is_hidden_stays_hidden, |world| async {
    let manager = world.caller(company::MANAGER).await;
    import(&manager, CSV, json!({})).await;
    let analyst = world.caller(company::ANALYST).await;
    for lead in leads(&analyst, json!({})).await {
        assert_eq!([&lead["origins"], &lead["custody"], &lead["relationships"]], [&Value::Null; 3], "{lead}");
        let redacted: Vec<_> = lead["redactions"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert!(redacted.contains(&"origins") && redacted.contains(&"relationships"));
    }
    let report = "{ custodyReport { all { leads } } }";
    for member in [company::ANALYST, company::REP, company::AUDITOR, company::ADMIN] {
        assert_eq!(world.caller(member).await.graphql(report, json!({})).await.code(), Some("FORBIDDEN"), "{}", member.role);
    }
});

on_both_backends!(the_register_belongs_to_its_owners, |world| async {
    let [rep, other, admin, manager] =
        [company::REP, company::OTHER_REP, company::ADMIN, company::MANAGER].map(|member| world.caller(member));
    let [rep, other, admin, manager] = [rep.await, other.await, admin.await, manager.await];
    let profile = declare(&rep, "https://www.linkedin.com/in/rita-invented").await;
    assert_eq!((&profile["kind"], &profile["custodianName"]), (&json!("PERSONAL_PROFILE"), &json!("Rita Rep")));
    // Nobody declares somebody else's profile, and only admins enter the company's accounts.
    assert_eq!(admin.graphql(ADD, page("PERSONAL_PROFILE", "CUSTODIAN", "rita")).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(manager.graphql(ADD, page("COMPANY_PAGE", "COMPANY", "acme")).await.code(), Some("FORBIDDEN"));
    let page_id = admin.graphql(ADD, page("COMPANY_PAGE", "COMPANY", "acme")).await.data()["addContactAccount"]["account"]["id"].clone();
    assert_eq!(admin.graphql(ADD, page("COMPANY_PAGE", "COMPANY", "acme")).await.code(), Some("CONFLICT"));
    // Who answers for an account sees it; others need REGISTER_READ.
    let list = "{ contactAccounts { totalCount nodes { id handle kind custodianName policyName } } }";
    let counts = async |caller: &Caller| caller.graphql(list, json!({})).await.data()["contactAccounts"]["totalCount"].clone();
    assert_eq!([counts(&rep).await, counts(&other).await, counts(&manager).await], [json!(2), json!(0), json!(2)]);
    let app = world.app().await;
    assert_eq!(app.graphql(list, json!({})).await.code(), Some("FORBIDDEN"));

    let change = "mutation($input: ChangeContactAccountInput!) { changeContactAccount(input: $input) { account { version credentials retiredAt } } }";
    let edit = |id: &Value, what: Value| {
        let mut input = what;
        input["id"] = id.clone();
        json!({ "input": input })
    };
    assert_eq!(admin.graphql(change, edit(&profile["id"], json!({ "accountHandle": "x" }))).await.code(), Some("FORBIDDEN"));
    assert_eq!(other.graphql(change, edit(&profile["id"], json!({ "accountHandle": "x" }))).await.code(), Some("NOT_FOUND"));
    assert_eq!(rep.graphql(change, edit(&page_id, json!({ "accountHandle": "x" }))).await.code(), Some("FORBIDDEN"));
    let changed = admin.graphql(change, edit(&page_id, json!({ "credentials": "CUSTODIAN", "expectedVersion": 1 }))).await;
    assert_eq!(changed.data()["changeContactAccount"]["account"]["version"], 2);
    let stale = admin.graphql(change, edit(&page_id, json!({ "credentials": "BOTH", "expectedVersion": 1 }))).await;
    assert_eq!(stale.code(), Some("CONFLICT"));

    // A year later both have to be confirmed: by the owner, by an admin.
    world.clock.advance_seconds(366 * 86_400);
    let [rep, admin] = [world.caller(company::REP).await, world.caller(company::ADMIN).await];
    let overdue = "{ contactAccounts(filter: { overdue: true }) { nodes { id overdue } } }";
    assert_eq!(rep.graphql(overdue, json!({})).await.data()["contactAccounts"]["nodes"].as_array().unwrap().len(), 2);
    let confirm = "mutation($id: ID!) { confirmContactAccount(input: { id: $id }) { account { overdue } } }";
    assert_eq!(admin.graphql(confirm, json!({ "id": profile["id"] })).await.code(), Some("FORBIDDEN"));
    for (caller, id) in [(&rep, &profile["id"]), (&admin, &page_id)] {
        assert_eq!(caller.graphql(confirm, json!({ "id": id })).await.data()["confirmContactAccount"]["account"]["overdue"], false);
    }
    assert!(rep.graphql(overdue, json!({})).await.data()["contactAccounts"]["nodes"].as_array().unwrap().is_empty());
    // Somebody who has left cannot take their profile out of use; an admin can.
    let retired = admin.graphql(change, edit(&profile["id"], json!({ "retired": true }))).await;
    assert!(!retired.data()["changeContactAccount"]["account"]["retiredAt"].is_null());
});

on_both_backends!(no_secret_gets_into_the_register_or_its_records, |world| async {
    let rep = world.caller(company::REP).await;
    let inline = "mutation { declareContactAccount(input: { platform: X, accountHandle: \"rita password: hunter2\" }) { account { id } } }";
    let document = "mutation($input: DeclareContactAccountInput!) { declareContactAccount(input: $input) { account { id } } }";
    let input = json!({ "input": { "platform": "X", "accountHandle": "rita", "policyName": "its password is hunter2" } });
    for answer in [rep.graphql(inline, json!({})).await, rep.graphql(document, input).await] {
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
        assert!(answer.message().unwrap().contains("keeps no secrets") && !answer.text.contains("hunter2"), "{}", answer.text);
    }
    let database = world.home.connect_ledger().await;
    let details = ledger_detail::Entity::find().all(&database).await.unwrap();
    assert!(!details.is_empty() && details.iter().all(|row| !row.variables.as_deref().unwrap_or_default().contains("hunter2")));
    let documents = entity::ledger_document::Entity::find().all(&database).await.unwrap();
    assert!(documents.iter().all(|row| !String::from_utf8_lossy(&row.text).contains("hunter2")));
    database.close().await.unwrap();
    let database = world.home.connect().await;
    let changes = change_detail::Entity::find().all(&database).await.unwrap();
    assert!(changes.iter().all(|row| row.kind != "contactAccount"));
});

on_both_backends!(relationships_beside_the_owner, |world| async {
    let [manager, rep, admin] =
        [world.caller(company::MANAGER).await, world.caller(company::REP).await, world.caller(company::ADMIN).await];
    let page_id = admin.graphql(ADD, page("COMPANY_PAGE", "COMPANY", "acme")).await.data()["addContactAccount"]["account"]["id"].clone();
    let add = "mutation($input: RelationshipInput!) { addRelationship(input: $input) { lead { id version
        relationships { role person { name } account { id } notedBy { name } } } } }";
    let lead = Id(1_001).to_string();
    let with = |what: Value| {
        let mut input = what;
        input["leadId"] = json!(lead);
        json!({ "input": input })
    };
    let second = with(json!({ "personId": company::OTHER_REP.id.to_string(), "expectedVersion": 1 }));
    let answer = manager.graphql(add, second.clone()).await;
    let owner = json!({ "role": "OWNER", "person": { "name": "Rita Rep" }, "account": null, "notedBy": null });
    let ralf = json!({ "role": "SECOND", "person": { "name": "Ralf Rep" }, "account": null, "notedBy": { "name": "Mona Manager" } });
    let shown = &answer.data()["addRelationship"]["lead"];
    assert_eq!((&shown["relationships"], &shown["version"]), (&json!([owner, ralf]), &json!(2)));
    assert_eq!(manager.graphql(add, second).await.code(), Some("CONFLICT"));
    let brand = manager.graphql(add, with(json!({ "accountId": page_id }))).await;
    assert_eq!(brand.data()["addRelationship"]["lead"]["relationships"][2]["account"]["id"], page_id);
    // Only those who work here, only the company's accounts, only leads one may change.
    let profile = declare(&rep, "https://www.linkedin.com/in/rita-invented").await;
    for input in [json!({ "personId": company::APP.to_string() }), json!({ "accountId": profile["id"] }), json!({})] {
        assert_eq!(manager.graphql(add, with(input)).await.code(), Some("BAD_USER_INPUT"));
    }
    let analyst = world.caller(company::ANALYST).await;
    assert_eq!(analyst.graphql(add, with(json!({ "personId": company::REP.id.to_string() }))).await.code(), Some("FORBIDDEN"));
    let hidden = json!({ "input": { "leadId": Id(1_002).to_string(), "personId": company::REP.id.to_string() } });
    assert_eq!(rep.graphql(add, hidden).await.code(), Some("NOT_FOUND"));
    let remove = add.replace("addRelationship", "removeRelationship");
    for _ in 0..2 {
        let gone = manager.graphql(&remove, with(json!({ "personId": company::OTHER_REP.id.to_string() }))).await;
        let shown = &gone.data()["removeRelationship"]["lead"];
        assert_eq!((shown["relationships"].as_array().unwrap().len(), &shown["version"]), (2, &json!(4)));
    }
});

const REPORT: &str = "query($value: Boolean!, $asOf: DateTime) { custodyReport(months: 2, withValue: $value, asOf: $asOf) {
    asOf all { leads value } groups { strength tally { leads value share } } singleRelationship { leads }
    people { name onlyThrough { leads value } onlyKnownTo { leads } } trend { month company personal unknown }
    personal: leads(list: PERSONAL) { id name custody { strength } } single: leads(list: SINGLE_RELATIONSHIP, first: 3) { id } } }";

async fn report(caller: &Caller, as_of: Value) -> Value {
    caller.graphql(REPORT, json!({ "value": true, "asOf": as_of })).await.data()["custodyReport"].clone()
}

fn leads_of(report: &Value, strength: &str) -> i64 {
    let groups = report["groups"].as_array().unwrap();
    groups.iter().find(|group| group["strength"] == strength).map_or(0, |group| group["tally"]["leads"].as_i64().unwrap())
}

on_both_backends!(contacts_of_a_personal_profile_and_who_else_has_them, |world| async {
    let [manager, rep] = [world.caller(company::MANAGER).await, world.caller(company::REP).await];
    let profile = declare(&rep, "https://www.linkedin.com/in/rita-invented").await;
    let file = include_bytes!("data/linkedin-connections.csv");
    let done = import(&manager, file, json!({ "accountId": profile["id"], "owner": company::REP.id.to_string() })).await;
    assert_eq!((&done["format"], &done["created"], &done["rejected"]), (&json!("linkedin"), &json!(2), &json!(2)), "{done}");
    assert!(
        done["rejects"].to_string().contains("nothing says who it is") && done["rejects"].to_string().contains("Connected On: not a date")
    );
    assert_eq!(import(&manager, file, json!({ "accountId": profile["id"] })).await["unchanged"], 2);
    let nora = one(&manager, "nora.berg@fjord.example").await;
    assert_eq!(nora["custody"]["strength"], "PERSONAL");
    assert_eq!((&nora["custody"]["onlyBy"]["name"], &nora["origins"][0]["since"]), (&json!("Rita Rep"), &json!("2024-01-01T00:00:00Z")));
    assert_eq!(nora["origins"][0]["account"]["custodian"]["name"], "Rita Rep");
    let before = world.clock_now();

    let told = report(&manager, Value::Null).await;
    assert_eq!((leads_of(&told, "PERSONAL"), told["personal"].as_array().unwrap().len()), (2, 2), "{told}");
    assert_eq!(told["people"][0]["name"], "Rita Rep");
    assert_eq!(told["people"][0]["onlyThrough"]["leads"], 2);
    assert!(told["singleRelationship"]["leads"].as_i64().unwrap() >= 2 && told["single"].as_array().unwrap().len() == 3);
    assert_eq!(told["trend"].as_array().unwrap().len(), 2);

    // The CRM has one of the two as well: from then on the company holds it on its own, but not as of before.
    world.clock.advance_seconds(60);
    import(&manager, CSV, json!({})).await;
    let nora = one(&manager, "nora.berg@fjord.example").await;
    assert_eq!((&nora["custody"]["strength"], nora["custody"]["reasons"].as_array().unwrap().len()), (&json!("COMPANY"), 2));
    assert_eq!(leads_of(&report(&manager, Value::Null).await, "PERSONAL"), 1);
    assert_eq!(leads_of(&report(&manager, json!(before)).await, "PERSONAL"), 2);
    let ahead = manager.graphql(REPORT, json!({ "value": false, "asOf": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(ahead.code(), Some("BAD_USER_INPUT"));
    // Nothing comes through an account that is out of use, nor through one that is nowhere.
    let retire = "mutation($id: ID!) { changeContactAccount(input: { id: $id, retired: true }) { account { id } } }";
    rep.graphql(retire, json!({ "id": profile["id"] })).await.data();
    let refused = manager.upload(IMPORT, json!({ "accountId": profile["id"] }), file).await;
    assert_eq!(refused.code(), Some("BAD_USER_INPUT"));
});

on_both_backends!(cards_and_archives, |world| async {
    let manager = world.caller(company::MANAGER).await;
    for (file, format, channel, created, rejected) in [
        (&include_bytes!("data/cards.vcf")[..], "vcard", "BUSINESS_CARD", 4, 2),
        (include_bytes!("data/following.js"), "x", "X", 2, 0),
        (include_bytes!("data/friends.json"), "facebook", "FACEBOOK", 2, 0),
    ] {
        let done = import(&manager, file, json!({})).await;
        assert_eq!((&done["format"], &done["created"], &done["rejected"]), (&json!(format), &json!(created), &json!(rejected)), "{done}");
        assert_eq!(import(&manager, file, json!({})).await["created"], 0);
        let origins = leads(&manager, json!({})).await.into_iter().filter(|lead| lead["origins"][0]["channel"] == channel);
        assert_eq!(origins.count(), created);
    }
    let answer = manager.upload(IMPORT, json!({ "format": "facebook" }), CSV).await;
    assert!(answer.message().unwrap().contains("no friends_v2 file"), "{}", answer.text);
});

trait Now {
    fn clock_now(&self) -> String;
}

impl Now for World {
    fn clock_now(&self) -> String {
        leadkeep::domain::Clock::now(&*self.clock).to_string()
    }
}
