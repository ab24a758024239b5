//! Erasing leads and people: two agree, what was kept beside ids is gone from the files, the ledger stays whole, and a legal
//! hold stops it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::path::Path;

use leadkeep::{
    app::{
        erasure,
        ledger_verify::{Trust, verify},
    },
    domain::Id,
    store::Store,
};
use serde_json::{Value, json};
use support::{Backend, Caller, Home, World, company, ledger::public_key, on_both_backends, postgres, process};

const APPROVE: &str = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state } } }";
const ERASE_LEAD: &str = "mutation($input: EraseInput!) { eraseLead(input: $input) { erasure { id details } proposal { id act } } }";
const ERASE_PERSON: &str = "mutation($input: EraseInput!) { erasePerson(input: $input) { erasure { id } proposal { id } } }";
const SET_HOLD: &str = "mutation($input: SetLegalHoldInput!) { setLegalHold(input: $input) { legalHold { id } proposal { id } } }";
const LIFT_HOLD: &str = "mutation($input: LiftLegalHoldInput!) { liftLegalHold(input: $input) { legalHold { id } proposal { id } } }";
const HOLDS: &str =
    "{ legalHolds(standing: true) { totalCount nodes { id reason leadId since subject { id } askedBy { name } approvedBy { name } } } }";

/// Texts that nothing else in the company has.
const NAME: &str = "Zacharias";
const EMAIL: &str = "zq7unique@erasable.example";
const NOTE: &str = "Grudgingly.Memorable";
const TRACES: [&str; 3] = [NAME, EMAIL, NOTE];

/// The rep adds a lead, by variables and by text in the document; it is looked for and changed.
async fn known_lead(rep: &Caller) -> Id {
    let create = "mutation($values: LeadValuesInput!) { createLead(input: { values: $values }) { lead { id } } }";
    let values = json!({ "firstName": "Erna", "lastName": NAME, "emails": [EMAIL], "notes": NOTE });
    let lead = rep.graphql(create, json!({ "values": values })).await.data()["createLead"]["lead"]["id"].clone();
    let search = "query($text: String!) { leads(filter: { emails: { has: $text } }, first: 5) { nodes { id lastName } } }";
    let found = rep.graphql(search, json!({ "text": EMAIL })).await;
    assert_eq!(found.data()["leads"]["nodes"][0]["id"], lead, "{}", found.text);
    let written = format!("{{ leads(filter: {{ lastName: {{ eq: \"{NAME}\" }} }}, first: 5) {{ nodes {{ id }} }} }}");
    rep.graphql(&written, json!({})).await.data();
    let change = "mutation($id: ID!) { updateLead(input: { id: $id, values: { notes: \"nothing any more\" } }) { lead { id } } }";
    rep.graphql(change, json!({ "id": lead })).await.data();
    lead.as_str().unwrap().parse().unwrap()
}

/// Asks as one admin, approves as the other.
async fn agreed(world: &World, document: &str, input: Value) -> Value {
    let answer = world.caller(company::ADMIN).await.graphql(document, json!({ "input": input })).await;
    let data = answer.data().as_object().unwrap().values().next().unwrap().clone();
    let proposal = json!({ "input": { "id": data["proposal"]["id"] } });
    let approved = world.caller(company::SECOND_ADMIN).await.graphql(APPROVE, proposal).await;
    assert_eq!(approved.data()["approveProposal"]["proposal"]["state"], "APPROVED");
    data
}

async fn sound(store: &Store, home: &Home, world: &support::TestClock) {
    let key = public_key(home);
    let trust = Trust { key: &key, origin: None, kept: None };
    let report = verify(store, trust, leadkeep::domain::Clock::now(world), &mut |_| {}).await.unwrap();
    assert_eq!(report.fault, None);
    assert!(report.entries > 0);
}

/// Where a text stands: files of SQLite, or tables of PostgreSQL.
fn places(home: &Home, text: &str) -> Vec<String> {
    let Some(url) = &home.database_url else { return files(home.folder(), text.as_bytes()) };
    let tables = postgres::psql(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").unwrap();
    let holds = |table: &&str| {
        let bytes = text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let sql = format!("SELECT COUNT(*) FROM {table} x WHERE x::TEXT LIKE '%{text}%' OR x::TEXT LIKE '%{bytes}%'");
        postgres::psql(url, &sql).unwrap() != "0"
    };
    tables.lines().filter(holds).map(str::to_owned).collect()
}

fn files(folder: &Path, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        if std::fs::read(&file).unwrap().windows(text.len()).any(|window| window == text) {
            found.push(file.display().to_string());
        }
    }
    found
}

on_both_backends!(an_erased_lead_is_gone_and_the_ledger_is_whole, |world| async {
    let (rep, ada) = (world.caller(company::REP).await, world.caller(company::ADMIN).await);
    let otto = world.caller(company::AUDITOR).await;
    let lead = known_lead(&rep).await;
    for trace in TRACES {
        assert!(!places(&world.home, trace).is_empty(), "{trace} is there, or its absence would prove nothing");
    }
    let input = json!({ "id": lead.to_string(), "reason": "Request 14" });
    for other in [&rep, &otto] {
        assert_eq!(other.graphql(ERASE_LEAD, json!({ "input": input })).await.code(), Some("FORBIDDEN"));
    }
    let asked = ada.graphql(ERASE_LEAD, json!({ "input": input })).await;
    let asked = &asked.data()["eraseLead"];
    assert_eq!((&asked["erasure"], &asked["proposal"]["act"]), (&Value::Null, &json!("ERASE_LEAD")), "one alone erases nothing");
    let one = "query($id: ID!) { lead(id: $id) { id } }";
    let proposal = json!({ "input": { "id": asked["proposal"]["id"] } });
    assert_eq!(ada.graphql(APPROVE, proposal.clone()).await.code(), Some("FORBIDDEN"), "not who asked");
    assert!(!rep.graphql(one, json!({ "id": lead.to_string() })).await.data()["lead"].is_null());
    world.caller(company::SECOND_ADMIN).await.graphql(APPROVE, proposal).await.data();

    assert!(rep.graphql(one, json!({ "id": lead.to_string() })).await.json["data"]["lead"].is_null());
    let again = ada.graphql(ERASE_LEAD, json!({ "input": input })).await;
    let again = &again.data()["eraseLead"];
    assert!(again["proposal"].is_null() && again["erasure"]["details"].as_u64() >= Some(4), "erased already: {again}");
    let unknown = ada.graphql(ERASE_LEAD, json!({ "input": { "id": "0000000000001", "reason": "?" } })).await;
    assert_eq!(unknown.code(), Some("NOT_FOUND"));

    let who = "query($id: ID!) { whoSaw(lead: $id, first: 5) { nodes { subject { person { name } } times } } }";
    let who = otto.graphql(who, json!({ "id": lead.to_string() })).await;
    assert!(who.text.contains(company::REP.name), "that it was seen stays: {}", who.text);
    let listed = otto.graphql("{ erasures { nodes { item kind reason askedBy { name } approvedBy { name } doneAt } } }", json!({})).await;
    let named = |member: company::Member| json!({ "name": member.name });
    let expected = json!({ "item": lead.to_string(), "kind": "LEAD", "reason": "Request 14", "askedBy": named(company::ADMIN),
        "approvedBy": named(company::SECOND_ADMIN), "doneAt": null });
    assert_eq!(listed.data()["erasures"]["nodes"][0], expected);
    let log = "query($lead: ID!) { accessLog(filter: { lead: $lead }, first: 50) { edges { node {
        changes { kind after } variables document } } } }";
    let log = otto.graphql(log, json!({ "lead": lead.to_string() })).await;
    assert!(log.text.contains("Request 14"), "its own log says so: {}", log.text);
    sound(&world.core.store, &world.home, &world.clock).await;

    world.clock.advance_seconds(3_700);
    erasure::sweep(&world.core).await.unwrap();
    let done = world.caller(company::AUDITOR).await.graphql("{ erasures { nodes { doneAt } } }", json!({})).await;
    assert!(done.data()["erasures"]["nodes"][0]["doneAt"].is_string(), "{}", done.text);
    let clock = world.clock.clone();
    let home = world.shutdown().await;
    let store = Store::open(&home.location(), 2).await.unwrap();
    assert!(store.settle_files(true).await.unwrap());
    for trace in TRACES {
        assert_eq!(places(&home, trace), Vec::<String>::new(), "{trace}");
    }
    sound(&store, &home, &clock).await;
});

const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { created merged } }";

on_both_backends!(what_imports_have_of_a_lead_goes_too, |world| async {
    let manager = world.caller(company::MANAGER).await;
    let (name, email, note) = ("Quibbleton", "yq@erasable.example", "Peculiarly.Told");
    let first = format!("First Name,Last Name,Email\nYolanda,{name},{email}\nZoe,Zed,zoe@zed.example\n");
    let created = manager.upload_as(&format!("yolanda {name}.csv"), IMPORT, json!({}), first.as_bytes()).await;
    assert_eq!(created.data()["importLeads"]["created"], 2, "{}", created.text);
    let again = format!("First Name,Last Name,Email,Notes\nYolanda,{name},{email},{note}\n");
    let merged = manager.upload(IMPORT, json!({}), again.as_bytes()).await;
    assert_eq!(merged.data()["importLeads"]["merged"], 1, "{}", merged.text);
    let find =
        "query($last: String!) { leads(filter: { lastName: { eq: $last } }, first: 5) { nodes { id origins { file { name sha256 } } } } }";
    let found = async |last: &str| manager.graphql(find, json!({ "last": last })).await.data()["leads"]["nodes"][0].clone();
    let lead = found(name).await["id"].clone();
    for trace in [name, email, note] {
        assert!(!places(&world.home, trace).is_empty(), "{trace} is there, or its absence would prove nothing");
    }
    agreed(&world, ERASE_LEAD, json!({ "id": lead, "reason": "Request 17" })).await;
    let other = found("Zed").await["origins"][0]["file"].clone();
    assert_eq!(other["name"], "(erased)", "the file was called after the one who is gone");
    assert!(other["sha256"].is_string(), "which file it was stays: {other}");
    sound(&world.core.store, &world.home, &world.clock).await;
    world.clock.advance_seconds(3_700);
    erasure::sweep(&world.core).await.unwrap();
    let home = world.shutdown().await;
    assert!(Store::open(&home.location(), 2).await.unwrap().settle_files(true).await.unwrap());
    for trace in [name, email, note] {
        assert_eq!(places(&home, trace), Vec::<String>::new(), "{trace}");
    }
});

on_both_backends!(a_hold_stops_it, |world| async {
    let (rep, ada) = (world.caller(company::REP).await, world.caller(company::ADMIN).await);
    let lead = known_lead(&rep).await;
    let erase = json!({ "id": lead.to_string(), "reason": "Request 15" });
    let before = ada.graphql(ERASE_LEAD, json!({ "input": erase })).await;
    let waiting = json!({ "input": { "id": before.data()["eraseLead"]["proposal"]["id"] } });
    let day = |offset: i64| {
        let now = leadkeep::domain::Clock::now(&*world.clock);
        leadkeep::domain::Timestamp(now.0 + offset * 86_400_000_000).to_string()
    };
    for on in [
        json!({ "leadId": lead.to_string() }),
        json!({ "subjectId": company::REP.id.to_string() }),
        json!({ "since": day(-1), "until": day(1) }),
    ] {
        let mut input = on.clone();
        input["reason"] = "Acme v. Rep".into();
        let alone = ada.graphql(SET_HOLD, json!({ "input": input })).await;
        assert!(alone.data()["setLegalHold"]["legalHold"].is_null(), "one alone holds nothing");
        assert_eq!(ada.graphql(HOLDS, json!({})).await.data()["legalHolds"]["totalCount"], 0);
        agreed(&world, SET_HOLD, input).await;
        let standing = ada.graphql(HOLDS, json!({})).await;
        let hold = standing.data()["legalHolds"]["nodes"][0].clone();
        assert_eq!((&hold["reason"], &hold["approvedBy"]["name"]), (&json!("Acme v. Rep"), &json!(company::SECOND_ADMIN.name)));
        let stopped = ada.graphql(ERASE_LEAD, json!({ "input": erase })).await;
        assert_eq!(stopped.code(), Some("CONFLICT"), "{on}");
        assert!(stopped.message().unwrap().contains(hold["id"].as_str().unwrap()), "{}", stopped.text);
        let late = world.caller(company::SECOND_ADMIN).await.graphql(APPROVE, waiting.clone()).await;
        assert_eq!(late.code(), Some("CONFLICT"), "nor what was asked for before");
        assert!(!places(&world.home, EMAIL).is_empty());
        agreed(&world, LIFT_HOLD, json!({ "id": hold["id"], "reason": "Settled" })).await;
    }
    let elsewhere = json!({ "since": day(-9), "until": day(-8), "reason": "Another case" });
    agreed(&world, SET_HOLD, elsewhere).await;
    world.caller(company::SECOND_ADMIN).await.graphql(APPROVE, waiting).await.data();
    let gone = rep.graphql("query($id: ID!) { lead(id: $id) { id } }", json!({ "id": lead.to_string() })).await;
    assert!(gone.json["data"]["lead"].is_null());
    let otto = world.caller(company::AUDITOR).await;
    let past = otto.graphql("{ legalHolds(standing: false) { nodes { liftReason liftApprovedBy { name } } } }", json!({})).await;
    assert_eq!(past.data()["legalHolds"]["nodes"].as_array().unwrap().len(), 3);
    assert!(past.text.contains("Settled"), "{}", past.text);
    let wrong = json!({ "input": { "reason": "nothing named" } });
    assert_eq!(ada.graphql(SET_HOLD, wrong).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(rep.graphql(HOLDS, json!({})).await.code(), Some("FORBIDDEN"));
});

/// Something on a paper that nothing else in the company has.
const SCRIBBLE: &str = "Qsignature-scribble";

/// Somebody signs an agreement here, with a client of their own, and another on paper.
async fn sign(ada: &Caller, own: &Caller, password: &str, id: &Value, name: &str) {
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    own.graphql(change, json!({ "input": { "currentPassword": password, "newPassword": "a password of his own" } })).await.data();
    let text = own.graphql("{ agreementText(kind: CONFIDENTIALITY) { sha256 } }", json!({})).await;
    let accept = "mutation($input: AcceptAgreementInput!) { acceptAgreement(input: $input) { acceptance { typedName } } }";
    let input = json!({ "kind": "CONFIDENTIALITY", "version": 1, "sha256": text.data()["agreementText"]["sha256"], "typedName": name });
    own.graphql(accept, json!({ "input": input })).await.data();
    let import = "mutation($input: ImportSignedPaperInput!) { importSignedPaper(input: $input) { acceptance { id } } }";
    let attested =
        json!({ "person": id, "kind": "ASSIGNMENT", "signedAt": "2026-01-05T09:00:00Z", "attestation": format!("{name} signed it.") });
    let paper = format!("%PDF-1.7\n{SCRIBBLE}\n%%EOF\n");
    ada.upload(import, attested, paper.as_bytes()).await.data();
}

on_both_backends!(an_erased_person_is_nobody, |world| async {
    let ada = world.caller(company::ADMIN).await;
    let add = "mutation($input: AddPersonInput!) { addPerson(input: $input) { person { id } password } }";
    let (name, email) = ("Quirin Quaintrelle", "quirin@erasable.example");
    let added = ada.graphql(add, json!({ "input": { "name": name, "email": email } })).await;
    let added = added.data()["addPerson"].clone();
    let id = added["person"]["id"].clone();
    let own = world.anonymous().sign_in(email, added["password"].as_str().unwrap()).await;
    own.graphql("{ viewer { __typename } }", json!({})).await.data();
    sign(&ada, &own, added["password"].as_str().unwrap(), &id, name).await;
    let manager = world.caller(company::MANAGER).await;
    let contacts = manager.upload_as(&format!("{name}.csv"), IMPORT, json!({}), b"name,email\nZoe Zed,zoe@zed.example\n").await;
    assert_eq!(contacts.data()["importLeads"]["created"], 1, "{}", contacts.text);
    let erase = json!({ "id": id, "reason": "Left long ago" });
    assert_eq!(ada.graphql(ERASE_PERSON, json!({ "input": erase })).await.code(), Some("CONFLICT"), "not locked");
    let on_person = |mutation: &str| format!("mutation($input: PersonIdInput!) {{ {mutation}(input: $input) {{ __typename }} }}");
    ada.graphql(&on_person("lockPerson"), json!({ "input": { "id": id } })).await.data();
    for trace in [name, email, SCRIBBLE] {
        assert!(!places(&world.home, trace).is_empty(), "{trace} is there, or its absence would prove nothing");
    }
    agreed(&world, ERASE_PERSON, erase.clone()).await;

    let unlocked = ada.graphql(&on_person("unlockPerson"), json!({ "input": { "id": id } })).await;
    assert_eq!(unlocked.code(), Some("NOT_FOUND"), "{}", unlocked.text);
    let again = ada.graphql(ERASE_PERSON, json!({ "input": erase })).await;
    assert!(again.data()["erasePerson"]["proposal"].is_null() && again.data()["erasePerson"]["erasure"].is_object());
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    let back = world.anonymous().graphql(sign_in, json!({ "input": { "email": "someone@else.example", "password": "x" } })).await;
    assert_eq!(back.code(), Some("UNAUTHENTICATED"));
    let otto = world.caller(company::AUDITOR).await;
    let theirs = "query($id: ID!) { accessLog(filter: { person: $id }, first: 5) { edges { node { subject { person { name } } } } } }";
    let theirs = otto.graphql(theirs, json!({ "id": id })).await;
    assert!(theirs.text.contains("(erased)") && !theirs.text.contains(name), "{}", theirs.text);
    let accepted = "query($id: ID!) { acceptances(person: $id) { nodes { kind version typedName address userAgent attestation textSha256 paperSha256 } } }";
    let accepted = otto.graphql(accepted, json!({ "id": id })).await;
    let [first, paper] = accepted.data()["acceptances"]["nodes"].as_array().unwrap().as_slice() else { panic!("{}", accepted.text) };
    assert!(first["textSha256"].is_string() && paper["paperSha256"].is_string(), "that they promised stays: {}", accepted.text);
    for gone in ["typedName", "address", "userAgent", "attestation"] {
        assert!(first[gone].is_null() && paper[gone].is_null(), "{gone}: {}", accepted.text);
    }
    sound(&world.core.store, &world.home, &world.clock).await;
    world.clock.advance_seconds(3_700);
    erasure::sweep(&world.core).await.unwrap();
    let home = world.shutdown().await;
    assert!(Store::open(&home.location(), 2).await.unwrap().settle_files(true).await.unwrap());
    for trace in [name, email, SCRIBBLE] {
        assert_eq!(places(&home, trace), Vec::<String>::new(), "{trace}");
    }
});

on_both_backends!(the_operator_needs_an_admin_too, |world| async {
    let lead = Id(*company::LEADS.start()).to_string();
    let admin = world.caller(company::SECOND_ADMIN).await;
    let asked = process::run(&world.home, &["erase", "lead", &lead, "--reason", "Request 16"]);
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(asked.status.success() && said.contains("waits for an admin"), "{said}");
    let waiting = admin.graphql("{ proposals(state: PENDING) { nodes { id act requestedBy { name } } } }", json!({})).await;
    let proposal = &waiting.data()["proposals"]["nodes"][0];
    assert_eq!((&proposal["act"], &proposal["requestedBy"]), (&json!("ERASE_LEAD"), &Value::Null));
    admin.graphql(APPROVE, json!({ "input": { "id": proposal["id"] } })).await.data();
    let listed = process::run(&world.home, &["erase", "list"]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("Request 16"));
    let held = process::run(&world.home, &["hold", "set", "--subject", company::REP.email, "--reason", "A case"]);
    assert!(held.status.success(), "{}", String::from_utf8_lossy(&held.stderr));
    let waiting = admin.graphql("{ proposals(state: PENDING) { nodes { id } } }", json!({})).await;
    admin.graphql(APPROVE, json!({ "input": { "id": waiting.data()["proposals"]["nodes"][0]["id"] } })).await.data();
    let holds = process::run(&world.home, &["hold", "list"]);
    assert!(String::from_utf8(holds.stdout).unwrap().contains("A case"));
    assert!(world.home.backend != Backend::Sqlite || process::run(&world.home, &["erase", "compact"]).status.code().is_some());
});

on_both_backends!(why_an_executive_should_leave_is_forgotten_with_them, |world| async {
    const WHY: &str = "Unforgivably.Candid";
    let admin = world.caller(company::ADMIN).await;
    let rules = "mutation($input: SetDepartureRulesInput!) { setDepartureRules(input: $input) { departureRules { executiveRoles } } }";
    admin.graphql(rules, json!({ "input": { "executiveIds": [company::REP.id.to_string()] } })).await.data();
    let begin = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) { proposal { id } } }";
    let last_day = leadkeep::domain::Clock::now(&*world.clock).plus_seconds(86_400).to_string();
    let input = json!({ "personId": company::REP.id.to_string(), "lastDay": last_day, "reason": WHY, "access": "LOCK" });
    let asked = admin.graphql(begin, json!({ "input": input })).await.data()["beginDeparture"]["proposal"]["id"].clone();
    let reject = "mutation($input: ProposalIdInput!) { rejectProposal(input: $input) { proposal { state } } }";
    world.caller(company::SECOND_ADMIN).await.graphql(reject, json!({ "input": { "id": asked } })).await.data();
    assert!(!places(&world.home, WHY).is_empty());
    let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
    admin.graphql(lock, json!({ "input": { "id": company::REP.id.to_string() } })).await.data();
    agreed(&world, ERASE_PERSON, json!({ "id": company::REP.id.to_string(), "reason": "Asked to" })).await;
    erasure::sweep(&world.core).await.unwrap();
    // What the admin sent stays beside the admin's record.
    let left = places(&world.home, WHY);
    assert!(left.iter().all(|place| place.contains("ledger")), "{left:?}");
    let proposals = admin.graphql("{ proposals { nodes { id act state } } }", json!({})).await;
    assert!(proposals.text.contains("BEGIN_DEPARTURE"), "the rest of it stays: {}", proposals.text);
});
