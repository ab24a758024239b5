//! No way out unrecorded: whatever way leads come out of the schema, the record names exactly the leads and the fields
//! that came out, and the fields that decided.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use entity::ledger_detail;
use leadkeep::{
    audit::record::{AccessRecord, Decision, Detail},
    domain::{Field, FieldSet, Id},
};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{
    Answer, Caller, World, company,
    ledger::{self, LedgerCopy},
    on_both_backends, schema,
};

/// What the record must say of each lead: fields in clear, fields masked.
type Shown = BTreeMap<Id, (FieldSet, FieldSet)>;

/// Root fields out of which leads, or numbers made of them, come; each is run below, `handoverPlan` in tests/departures.
const LEADS: &str = "\
    lead leads leadStats custodyReport handoverPlan createLead updateLead assignLead markLead archiveLead addRelationship removeRelationship addOrigin exportLeads importLeads";
/// Root fields out of which nothing of any lead comes.
const NO_LEADS: &str = "\
    viewer accessLog accessRecord whoSaw exposure accessStats checkpoint inclusionProof consistencyProof ledgerStatus mySessions people apps teams roles grants compartments fieldMarkings policySettings policyRevision policyRevisions soleAdminPeriods signIn refreshSession signOut changePassword endSession addPerson \
    changePerson lockPerson unlockPerson setPassword addApp changeApp lockApp unlockApp addAppSecret revokeAppSecret addTeam changeTeam removeTeam addRole changeRole removeRole requestGrant approveGrant revokeGrant addCompartment setFieldMarking \
    setNotice setDefaultLeadMarking proposals approveProposal rejectProposal contactAccounts declareContactAccount addContactAccount changeContactAccount confirmContactAccount erasures eraseLead erasePerson legalHolds setLegalHold liftLegalHold addPurpose changePurpose purposes roleRequirement setRoleRequirement \
    personalQuotas setPersonalQuotas liftQuota alarms acknowledgeAlarm agreements agreementText agreementTemplate acceptances agreementStanding signedPaper acceptAgreement publishAgreement importSignedPaper placePerson setReminder departure departures departureRules departureReport beginDeparture restrictDeparture cancelDeparture closeDeparture rehire recordExitCertificate addDepartureTask settleDepartureTask setDepartureRules handOver undoHandover \
    resendAlarm whoCouldSee accessReviews startAccessReview answerAccessReview makeEvidence canaries canaryTouches \
    canaryBulletins acknowledgeCanaryBulletin resendCanaryBulletin plantCanaries traceLeak";

/// A lead with every kind of field. Aliases end in `__` and anything, so that the field's name can be read from the key.
const LEAD: &str = "fragment L on Lead { __typename id version marking { banner } redactions { field disposition }
    company country stage firstName emails phones tags dealValue score notes owner { id name } team { id } createdAt archived
    origins { channel recordedBy { id } } custody { strength reasons } relationships { role person { id } } }";

#[test]
fn every_root_field_is_known_to_this_test() {
    for (field, leads) in schema::root_fields() {
        let [known, harmless] = [LEADS, NO_LEADS].map(|list| list.split(' ').any(|known| known == field));
        assert!(known != harmless, "`{field}` is new: put it into LEADS and run it below, or into NO_LEADS if no lead data can come out");
        assert!(!(leads && harmless), "`{field}` can answer leads, so it must be run below");
    }
    for field in LEADS.split(' ').chain(NO_LEADS.split(' ')) {
        assert!(schema::root_fields().contains_key(field), "`{field}` is gone");
    }
}

/// What an answer shows, read from the answer itself.
fn shown(value: &Value, out: &mut Shown) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| shown(item, out)),
        Value::Object(members) if members.get("__typename") == Some(&json!("Lead")) => lead(members, out),
        Value::Object(members) => members.values().for_each(|member| shown(member, out)),
        _ => {}
    }
}

fn lead(members: &serde_json::Map<String, Value>, out: &mut Shown) {
    let redactions = members["redactions"].as_array().expect("every lead is asked for its redactions");
    let disposition = |field: Field| {
        let redacted = redactions.iter().find(|one| one["field"] == field.name());
        redacted.map_or("CLEAR", |one| one["disposition"].as_str().unwrap())
    };
    let entry = out.entry(members["id"].as_str().unwrap().parse().unwrap()).or_default();
    for (key, value) in members {
        let name = key.split("__").next().unwrap();
        let fields = match name {
            "name" => vec![Field::FirstName, Field::LastName],
            "custody" => vec![Field::Origins],
            "relationships" => vec![Field::Relationships, Field::Owner],
            name => Field::from_name(name).into_iter().collect(),
        };
        let of_several = matches!(name, "name" | "relationships");
        for field in fields {
            match disposition(field) {
                "CLEAR" => entry.0.insert(field),
                "MASKED" => entry.1.insert(field),
                _ => assert!(value.is_null() || of_several, "`{key}` is hidden and yet {value}"),
            }
        }
    }
}

fn recorded(record: &AccessRecord) -> Shown {
    let mut all = Shown::new();
    for group in &record.disclosures {
        assert!(group.leads.is_sorted() && !group.leads.is_empty());
        for lead in &group.leads {
            let entry = all.entry(*lead).or_default();
            *entry = (entry.0.union(group.clear), entry.1.union(group.masked));
        }
    }
    all
}

struct Checker {
    copy: LedgerCopy,
    key: ed25519_dalek::VerifyingKey,
}

impl Checker {
    async fn of(world: &World) -> Self {
        Self { copy: LedgerCopy::read(&world.home).await, key: ledger::public_key(&world.home) }
    }

    /// The record of one answer, which names what the answer shows: no lead and no field more or less.
    #[track_caller]
    fn exact(&self, answer: &Value) -> AccessRecord {
        let receipt = ledger::receipt(answer).unwrap_or_else(|| panic!("no receipt: {answer}"));
        let record = self.copy.promised(&receipt, &self.key).record;
        let mut wanted = Shown::new();
        shown(&answer["data"], &mut wanted);
        assert_eq!(recorded(&record), wanted, "recorded, answered: {answer}");
        record
    }
}

async fn exact(world: &World, answer: &Answer) -> AccessRecord {
    answer.data();
    Checker::of(world).await.exact(&answer.json)
}

fn fields(names: &[&str]) -> FieldSet {
    names.iter().map(|name| Field::from_name(name).unwrap()).collect()
}

async fn readers(world: &World) -> Vec<Caller> {
    let mut readers = vec![world.app().await];
    for member in [company::REP, company::OTHER_REP, company::MANAGER, company::ANALYST] {
        readers.push(world.caller(member).await);
    }
    readers
}

on_both_backends!(pages_and_single_leads, |world| async {
    for caller in readers(&world).await {
        let page = caller.graphql(&format!("{{ leads {{ nodes {{ ...L }} }} }} {LEAD}"), json!({})).await;
        let record = exact(&world, &page).await;
        assert_eq!(record.rows as usize, page.data()["leads"]["nodes"].as_array().unwrap().len());
        assert!(record.rows > 0 && !record.grants.is_empty());
        for lead in company::LEADS {
            let document = format!("query One($id: ID!) {{ lead(id: $id) {{ ...L }} }} {LEAD}");
            let one = caller.graphql(&document, json!({ "id": Id(lead).to_string() })).await;
            let record = exact(&world, &one).await;
            assert_eq!(record.operation.name.as_deref(), Some("One"));
            assert_eq!(record.disclosures.len(), usize::from(!one.data()["lead"].is_null()));
        }
    }
});

on_both_backends!(aliases_fragments_directives, |world| async {
    let documents = [
        // The same list twice, with other fields; the same field twice under two names.
        "{ a: leads(first: 5) { nodes { ...M emails emails__again: emails } } b: leads(first: 8) { nodes { ...M notes } } }",
        // Both lists of one page, with other fields.
        "{ leads(first: 4) { nodes { ...M city } edges { cursor node { ...M phones } } } }",
        // The same key in two places: merged.
        "{ leads(first: 4) { nodes { ...M } } leads(first: 4) { nodes { title website } } }",
        // Fragments in fragments, with and without a name or a type.
        "query { ...Q } fragment Q on Query { leads(first: 3) { ... on LeadConnection { nodes { ...N ... { score } } } } }
            fragment N on Lead { ...M ... on Lead { industry name } }",
        // What is left out is not recorded.
        "query($no: Boolean = false) { leads(first: 3) { nodes { ...M source @include(if: $no) tags @skip(if: true) stage } } }",
        "query($no: Boolean = false) { x: leads(first: 3) @include(if: $no) { nodes { ...M notes } } leads(first: 2) { nodes { ...M } } }",
    ];
    for caller in readers(&world).await {
        for document in documents {
            let asked = format!("{document} fragment M on Lead {{ __typename id redactions {{ field disposition }} }}");
            exact(&world, &caller.graphql(&asked, json!({})).await).await;
        }
    }
});

on_both_backends!(batches_have_a_record_each, |world| async {
    let caller = world.caller(company::REP).await;
    let one = |number: i64, field: &str| {
        let id = Id(number).to_string();
        json!({ "query": format!("{{ lead(id: \"{id}\") {{ __typename id redactions {{ field disposition }} {field} }} }}") })
    };
    let batch = json!([one(1_001, "company"), one(1_005, "emails"), one(1_002, "notes"), one(1_001, "phones")]);
    let answer = caller.send(caller.request(Method::POST, "/graphql").json(&batch)).await;
    let checker = Checker::of(&world).await;
    let answers = answer.json.as_array().unwrap();
    let records: Vec<_> = answers.iter().map(|answer| checker.exact(answer)).collect();
    assert_eq!(records.len(), 4);
    assert!(records.iter().all(|record| records.iter().filter(|other| other.request == record.request).count() == 1));
});

on_both_backends!(what_decided_is_recorded, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let document = "query($filter: LeadFilter, $order: LeadOrder, $search: String) {
        leads(filter: $filter, orderBy: $order, search: $search) { nodes { __typename id redactions { field disposition } } } }";
    let filter = json!({ "or": [{ "stage": { "prefix": "N" } }, { "not": { "emails": { "has": "lead0@customer0.example" } } }] });
    let variables = json!({ "filter": filter, "order": { "field": "SCORE" }, "search": "customer" });
    let record = exact(&world, &caller.graphql(document, variables).await).await;
    assert_eq!(record.used.filter, fields(&["stage", "emails"]));
    assert_eq!(record.used.sort, fields(&["score"]));
    assert!(record.used.search.contains(Field::Company) && !record.used.search.is_empty());
    assert_eq!(record.used.group, FieldSet::EMPTY);
    assert!(record.detail.is_some() && record.operation.document.is_some());

    let counted = caller.graphql("{ leadStats(groupBy: STAGE, filter: { country: { eq: \"DE\" } }) { key count } }", json!({})).await;
    let record = exact(&world, &counted).await;
    assert_eq!((record.used.group, record.used.filter), (fields(&["stage"]), fields(&["country"])));
    assert_eq!(record.rows as usize, counted.data()["leadStats"].as_array().unwrap().len());
});

on_both_backends!(custody_is_counted_and_listed_on_record, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let document = format!(
        "query($value: Boolean!) {{ custodyReport(withValue: $value, filter: {{ country: {{ isNull: false }} }}) {{
            groups {{ strength tally {{ leads value }} }} leads(list: UNKNOWN, first: 4) {{ ...L }} }} }} {LEAD}"
    );
    let always = ["origins", "relationships", "owner", "dealValue"];
    for (value, group) in [(false, &always[..3]), (true, &always)] {
        let answer = caller.graphql(&document, json!({ "value": value })).await;
        let record = exact(&world, &answer).await;
        assert_eq!((record.used.group, record.used.filter, recorded(&record).len()), (fields(group), fields(&["country"]), 4));
        assert!(answer.json["extensions"]["confidentiality"]["banner"].as_str().unwrap().starts_with("TRADE SECRET"));
    }
});

on_both_backends!(ids_in_cursors_are_recorded, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let page = caller.graphql("{ leads(first: 3) { pageInfo { startCursor endCursor } edges { cursor } } }", json!({})).await;
    page.data();
    let record = page.record(&world.home).await.record;
    let leads = recorded(&record);
    let info = &page.json["data"]["leads"];
    for cursor in [&info["pageInfo"]["startCursor"], &info["pageInfo"]["endCursor"], &info["edges"][1]["cursor"]] {
        assert_eq!(leads[&cursor.as_str().unwrap().parse().unwrap()], (FieldSet::EMPTY, FieldSet::EMPTY));
    }
});

on_both_backends!(payloads_of_changes, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let id = Id(1_001).to_string();
    let run = async |field: &str, input: &str, variables: Value| {
        let document = format!("mutation($input: {input}!) {{ {field}(input: $input) {{ lead {{ ...L }} }} }} {LEAD}");
        let answer = caller.graphql(&document, json!({ "input": variables })).await;
        let record = exact(&world, &answer).await;
        assert_eq!(record.disclosures.len(), 1, "{field} answers the lead: {}", answer.text);
        assert!(record.changed.iter().any(|changed| changed.kind == "lead"), "{field}");
        answer.data()[field]["lead"]["id"].as_str().unwrap().to_owned()
    };
    run("updateLead", "UpdateLeadInput", json!({ "id": id, "values": { "score": 7, "city": "Ulm" } })).await;
    run("assignLead", "AssignLeadInput", json!({ "id": id, "owner": company::MANAGER.id.to_string() })).await;
    run("markLead", "MarkLeadInput", json!({ "id": id, "marking": { "level": "TRADE_SECRET" } })).await;
    run("archiveLead", "ArchiveLeadInput", json!({ "id": id })).await;
    let colleague = json!({ "leadId": id, "personId": company::OTHER_REP.id.to_string() });
    run("addRelationship", "RelationshipInput", colleague.clone()).await;
    run("removeRelationship", "RelationshipInput", colleague).await;
    run("addOrigin", "AddOriginInput", json!({ "leadId": id, "origin": { "channel": "EVENT" } })).await;
    let created = run("createLead", "CreateLeadInput", json!({ "values": { "company": "New", "emails": ["n@new.example"] } })).await;
    assert!(!company::LEADS.map(|lead| Id(lead).to_string()).any(|lead| lead == created));

    // Two changes in one operation, one of them refused: the record has the one that was made and shown.
    let document = format!(
        "mutation($a: UpdateLeadInput!, $b: UpdateLeadInput!) {{
            a: updateLead(input: $a) {{ lead {{ ...L }} }} b: updateLead(input: $b) {{ lead {{ ...L }} }} }} {LEAD}"
    );
    let input = |id: &str| json!({ "id": id, "values": { "score": 9 } });
    let answer = caller.graphql(&document, json!({ "a": input(&id), "b": input(&Id(9).to_string()) })).await;
    assert_eq!(answer.code(), Some("NOT_FOUND"));
    let record = Checker::of(&world).await.exact(&answer.json);
    assert_eq!((record.decision, record.changed.len()), (Decision::Denied, 1));
});

on_both_backends!(files_name_every_lead_in_two_records, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let document = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { rows content } }";
    let chosen = ["reference", "company", "emails"];
    let input = json!({ "fields": chosen, "purpose": "ANALYSIS", "filter": { "country": { "isNull": false } } });
    let answer = caller.graphql(document, json!({ "input": input })).await;
    let (rows, content) = (&answer.data()["exportLeads"]["rows"], answer.data()["exportLeads"]["content"].as_str().unwrap());
    // Reference `REF-n` is lead 1001 + n; every line that has one is a lead that left.
    let left = content.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split("REF-").nth(1));
    let numbers = left.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().unwrap());
    let wanted: Shown = numbers.map(|number| (Id(company::LEADS.start() + number), (fields(&chosen), FieldSet::EMPTY))).collect();
    assert!(!wanted.is_empty() && wanted.len() as i64 == rows.as_i64().unwrap(), "{content}");
    let record = answer.record(&world.home).await.record;
    assert_eq!((recorded(&record), record.used.filter), (wanted.clone(), fields(&["country"])));
    // The file has a record of its own, whose receipt is its first line.
    let words: Vec<&str> = content.lines().next().unwrap().strip_prefix("# Receipt: ").unwrap().split(' ').collect();
    let receipt = json!({ "epoch": words[0], "rseq": words[1], "leafHash": words[2], "signature": words[3] });
    let receipt = ledger::receipt(&json!({ "extensions": { "confidentiality": { "receipt": receipt } } })).unwrap();
    let file = LedgerCopy::read(&world.home).await.promised(&receipt, &ledger::public_key(&world.home)).record;
    assert_eq!((recorded(&file), file.purpose.as_deref()), (wanted, Some("ANALYSIS")));
    // Without that line it is the file that the record commits to, as `tail -n +2 FILE | sha256sum` would find.
    let (database, place) = (world.home.connect_ledger().await, (receipt.epoch.0, receipt.rseq as i64));
    let beside = ledger_detail::Entity::find_by_id(place).one(&database).await.unwrap().expect("what lies beside the record");
    database.close().await.unwrap();
    let hash: [u8; 32] = Sha256::digest(content.split_once("\r\n").unwrap().1).into();
    assert_eq!(beside.response.as_deref(), Some(&hash[..]));
    let detail = Detail { salt: beside.salt.try_into().unwrap(), variables: beside.variables, response: Some(hash) };
    assert_eq!(file.detail, Some(detail.commitment()));
});

on_both_backends!(matches_of_an_import_are_recorded, |world| async {
    let caller = world.caller(company::MANAGER).await;
    let document = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { matches { verdict leads } } }";
    let file = b"Company,Email,Phone\nCustomer 0,lead0@customer0.example,+49 30 901820\n";
    let answer = caller.upload(document, json!({ "dryRun": true }), file).await;
    let matched = &answer.data()["importLeads"]["matches"];
    let told: std::collections::BTreeSet<Id> = matched
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["leads"].as_array().unwrap())
        .map(|id| id.as_str().unwrap().parse().unwrap())
        .collect();
    assert!(!told.is_empty(), "{}", answer.text);
    let known = recorded(&answer.record(&world.home).await.record);
    assert!(told.iter().all(|lead| known.contains_key(lead)), "{told:?} in {known:?}");
});

on_both_backends!(what_was_refused_shows_nothing, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    let refused = auditor.graphql("{ leads { nodes { id company } } }", json!({})).await;
    assert_eq!(refused.code(), Some("FORBIDDEN"));
    let record = refused.record(&world.home).await.record;
    assert_eq!((record.decision, record.disclosures.len(), record.rows), (Decision::Denied, 0, 0));
    assert_eq!(record.subject.person, Some(company::AUDITOR.id));
    for document in ["{ leads { nodes { nonsense } } }", "{ leads { nodes { id "] {
        let unreadable = auditor.graphql(document, json!({})).await;
        assert_eq!(unreadable.record(&world.home).await.record.decision, Decision::Invalid);
    }
});
