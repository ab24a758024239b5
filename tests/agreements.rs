//! Agreements: published by two, composed for a jurisdiction, accepted with a typed name; without them no lead.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{
    Answer, Caller, Table, World,
    company::{self, Member},
    on_both_backends, process,
};

const LEADS: &str = "{ leads(first: 5) { nodes { id } } }";
const TEXT: &str = "query($kind: AgreementKind!) { agreementText(kind: $kind) { agreement { version } text sha256 jurisdiction } }";
const ACCEPT: &str = "mutation($input: AcceptAgreementInput!) { acceptAgreement(input: $input) { acceptance { id version textSha256 \
    typedName address userAgent jurisdiction text person { name } } } }";
const PUBLISH: &str =
    "mutation($input: PublishAgreementInput!) { publishAgreement(input: $input) { agreement { version } proposal { id } } }";
const TEMPLATE: &str =
    "query($sha256: String!, $where: String) { agreementTemplate(sha256: $sha256) { title text composed(jurisdiction: $where) } }";
const APPROVE: &str = "mutation($id: ID!) { approveProposal(input: { id: $id }) { proposal { state } } }";
const REQUIRE: &str = "mutation($input: SetRoleRequirementInput!) { setRoleRequirement(input: $input) { proposal { id } } }";
const PLACE: &str = "mutation($input: PlacePersonInput!) { placePerson(input: $input) { person { version jurisdiction company } } }";
const PAPER: &str = "mutation($input: ImportSignedPaperInput!) { importSignedPaper(input: $input) { acceptance { id paperSha256 \
    attestation attestedBy { name } company } } }";
const MINE: &str = "{ viewer { agreements { kind version accepted acceptedVersion until company } } }";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nsigned\n%%EOF\n";
const DAY: i64 = 86_400;

/// As if nobody had accepted anything.
async fn forget(world: &World) {
    world.home.tamper(Table::Main, "DELETE FROM acceptance; UPDATE generation SET value = value + 1;").await.unwrap();
    world.core.current.check(&world.core.store, &*world.core.clock).await.unwrap();
}

async fn read(caller: &Caller, kind: &str) -> Value {
    caller.graphql(TEXT, json!({ "kind": kind })).await.data()["agreementText"].clone()
}

async fn accept(caller: &Caller, kind: &str, name: &str) -> Answer {
    let shown = read(caller, kind).await;
    let input = json!({ "kind": kind, "version": shown["agreement"]["version"], "sha256": shown["sha256"], "typedName": name });
    caller.graphql(ACCEPT, json!({ "input": input })).await
}

#[track_caller]
fn refused(answer: &Answer, names: &str) {
    assert_eq!(answer.code(), Some("AGREEMENT_REQUIRED"), "{}", answer.text);
    assert!(answer.message().unwrap().contains(names), "{}", answer.text);
    let listed = answer.json["errors"][0]["extensions"]["agreements"].as_array().unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|one| one["kind"].is_string()), "for clients to read: {}", answer.text);
    assert!(answer.json["data"].as_object().is_none_or(|data| data.values().all(Value::is_null)), "{}", answer.text);
}

async fn role(admin: &Caller, name: &str) -> Value {
    let roles = admin.graphql("{ roles { id name } }", json!({})).await;
    roles.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == name).unwrap()["id"].clone()
}

async fn place(admin: &Caller, who: Member, jurisdiction: Option<&str>, company: Option<&str>) {
    let people = admin.graphql("{ people { nodes { id email version } } }", json!({})).await;
    let people = people.data()["people"]["nodes"].clone();
    let person = people.as_array().unwrap().iter().find(|person| person["email"] == who.email).unwrap().clone();
    let input = json!({ "id": person["id"], "expectedVersion": person["version"], "jurisdiction": jurisdiction, "company": company });
    admin.graphql(PLACE, json!({ "input": input })).await.data();
}

async fn publish(world: &World, input: Value) {
    let text = input["text"].clone();
    let asked = world.caller(company::ADMIN).await.graphql(PUBLISH, json!({ "input": input })).await;
    let id = asked.data()["publishAgreement"]["proposal"]["id"].clone();
    assert_ne!(id, Value::Null, "publishing takes two");
    let second = world.caller(company::SECOND_ADMIN).await;
    let waiting = second.graphql("{ proposals(state: PENDING) { nodes { changes { kind after } } } }", json!({})).await;
    let change: Value = serde_json::from_str(waiting.data()["proposals"]["nodes"][0]["changes"][0]["after"].as_str().unwrap()).unwrap();
    let shown = second.graphql(TEMPLATE, json!({ "sha256": change["sha256"], "where": "US-TX" })).await;
    assert_eq!(shown.data()["agreementTemplate"]["text"], text, "the second reads what they approve");
    let approved = second.graphql(APPROVE, json!({ "id": id })).await;
    assert_eq!(approved.data()["approveProposal"]["proposal"]["state"], "APPROVED");
}

on_both_backends!(no_acceptance_no_lead, |world| async {
    let rep = world.caller(company::REP).await;
    rep.graphql(LEADS, json!({})).await.data();
    forget(&world).await;
    let lead = leadkeep::domain::Id(1_001).to_string();
    for document in [
        LEADS.to_owned(),
        "{ leads { totalCount } }".into(),
        "{ leadStats(groupBy: STAGE) { count } }".into(),
        format!("{{ lead(id: \"{lead}\") {{ id }} }}"),
        "mutation { createLead(input: { values: { company: \"X\" } }) { lead { id } } }".into(),
        format!("mutation {{ updateLead(input: {{ id: \"{lead}\", values: {{ company: \"X\" }} }}) {{ lead {{ id }} }} }}"),
        format!("mutation {{ archiveLead(input: {{ id: \"{lead}\" }}) {{ lead {{ id }} }} }}"),
        "mutation { exportLeads(input: { purpose: \"SALES\" }) { rows content } }".into(),
    ] {
        refused(&rep.graphql(&document, json!({})).await, "CONFIDENTIALITY version 1");
    }
    let manager = world.caller(company::MANAGER).await;
    let import = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { created } }";
    refused(&manager.upload(import, json!({}), b"Company\nX\n").await, "CONFIDENTIALITY");
    // Who sees no lead needs to accept nothing.
    world.caller(company::AUDITOR).await.graphql("{ accessLog(first: 1) { edges { node { index } } } }", json!({})).await.data();
    assert_eq!(rep.graphql(MINE, json!({})).await.data()["viewer"]["agreements"][0]["accepted"], false);

    let shown = read(&rep, "CONFIDENTIALITY").await;
    let text = shown["text"].as_str().unwrap();
    assert!(text.contains("not legal advice") && text.contains("## 1. What is confidential") && !text.contains('{'), "{text}");
    let input = |version: u32, sha256: &str, name: &str| json!({ "input": { "kind": "CONFIDENTIALITY", "version": version, "sha256": sha256, "typedName": name } });
    let sha256 = shown["sha256"].as_str().unwrap();
    assert_eq!(rep.graphql(ACCEPT, input(1, sha256, "Rita")).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(rep.graphql(ACCEPT, input(2, sha256, "Rita Rep")).await.code(), Some("CONFLICT"));
    assert_eq!(
        rep.graphql(ACCEPT, input(1, &sha256.replace(|c: char| c.is_ascii_digit(), "a"), "Rita Rep")).await.code(),
        Some("CONFLICT")
    );
    refused(&rep.graphql(LEADS, json!({})).await, "CONFIDENTIALITY");
    let accepted = rep.graphql(ACCEPT, input(1, sha256, " rita  REP ")).await;
    let acceptance = accepted.data()["acceptAgreement"]["acceptance"].clone();
    assert_eq!((&acceptance["textSha256"], &acceptance["typedName"]), (&json!(sha256), &json!(" rita  REP ")));
    assert_eq!((&acceptance["address"], &acceptance["text"]), (&json!("127.0.0.1"), &shown["text"]));
    rep.graphql(LEADS, json!({})).await.data();
    let again = rep.graphql(ACCEPT, input(1, sha256, "Rita Rep")).await;
    assert_eq!(again.data()["acceptAgreement"]["acceptance"]["id"], acceptance["id"], "accepting twice is accepting once");
    // Everybody accepts for themselves.
    refused(&manager.graphql(LEADS, json!({})).await, "CONFIDENTIALITY");

    // The record of what was seen names the acceptance; that of the refusal what was missing; that of reading that it was shown.
    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($f: AccessLogFilter) { accessLog(filter: $f, first: 100) { edges { node { code decision reasons \
        agreements { kind version acceptance } changes { kind after } } } } }";
    let seen = auditor.graphql(log, json!({ "f": { "person": company::REP.id.to_string(), "decision": "ALLOWED" } })).await;
    let records = seen.data()["accessLog"]["edges"].as_array().unwrap().clone();
    let looked = records.iter().find(|record| record["node"]["agreements"] != json!([])).unwrap();
    assert_eq!(looked["node"]["agreements"], json!([{ "kind": "CONFIDENTIALITY", "version": 1, "acceptance": acceptance["id"] }]));
    assert!(records.iter().any(|record| record["node"]["reasons"] == json!(["shown CONFIDENTIALITY/1"])), "{}", seen.text);
    let change = records
        .iter()
        .find_map(|record| record["node"]["changes"].as_array()?.iter().find(|change| change["kind"] == "acceptance").cloned());
    assert!(change.unwrap()["after"].as_str().unwrap().contains(sha256));
    let denied = auditor.graphql(log, json!({ "f": { "code": "AGREEMENT_REQUIRED" } })).await;
    assert!(denied.data()["accessLog"]["edges"][0]["node"]["reasons"].as_array().unwrap().contains(&json!("not accepted CONFIDENTIALITY")));
    let listed = "query($id: ID) { acceptances(person: $id) { totalCount nodes { version text person { name } } } }";
    let found = auditor.graphql(listed, json!({ "id": company::REP.id.to_string() })).await;
    assert_eq!(found.data()["acceptances"]["totalCount"], 1);
    assert_eq!(manager.graphql(listed, json!({})).await.code(), Some("FORBIDDEN"));
});

on_both_backends!(an_app_needs_who_answers_for_it, |world| async {
    let app = world.app().await;
    app.graphql(LEADS, json!({})).await.data();
    forget(&world).await;
    refused(&app.graphql(LEADS, json!({})).await, "who answers for the app");
    let denied = app.graphql(ACCEPT, json!({ "input": { "kind": "CONFIDENTIALITY", "version": 1, "sha256": "", "typedName": "" } })).await;
    assert_eq!(denied.code(), Some("FORBIDDEN"));
    accept(&world.caller(company::ADMIN).await, "CONFIDENTIALITY", company::ADMIN.name).await.data();
    app.graphql(LEADS, json!({})).await.data();
    // On behalf of a person both must be in order.
    let analyst = world.caller(company::ANALYST).await;
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", company::CLIENT_ID),
        ("client_secret", &world.client_secret),
        ("subject_token", analyst.token.as_deref().unwrap()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let token = world.anonymous().form("/auth/token", &exchange).await.json["access_token"].as_str().unwrap().to_owned();
    let acting = world.anonymous().with_token(&token);
    refused(&acting.graphql(LEADS, json!({})).await, "CONFIDENTIALITY version 1");
    let by_app = accept(&acting, "CONFIDENTIALITY", company::ANALYST.name).await;
    assert_eq!(by_app.code(), Some("FORBIDDEN"), "no app accepts for a person: {}", by_app.text);
    accept(&analyst, "CONFIDENTIALITY", company::ANALYST.name).await.data();
    acting.graphql(LEADS, json!({})).await.data();
});

on_both_backends!(a_new_version_has_a_grace_and_acceptances_are_renewed, |world| async {
    let text = "# Confidentiality\n\n## One clause\n\nKeep it.\n";
    publish(&world, json!({ "kind": "CONFIDENTIALITY", "text": text, "graceDays": 10, "renewDays": 30 })).await;
    world.caller(company::REP).await.graphql(LEADS, json!({})).await.data();
    world.clock.advance_seconds(11 * DAY);
    let rep = world.caller(company::REP).await;
    refused(&rep.graphql(LEADS, json!({})).await, "CONFIDENTIALITY version 2");
    assert_eq!(read(&rep, "CONFIDENTIALITY").await["text"], "# Confidentiality\n\n## 1. One clause\n\nKeep it.\n");
    accept(&rep, "CONFIDENTIALITY", company::REP.name).await.data();
    rep.graphql(LEADS, json!({})).await.data();
    let before = world.core.now();
    world.clock.advance_seconds(31 * DAY);
    refused(&world.caller(company::REP).await.graphql(LEADS, json!({})).await, "CONFIDENTIALITY version 2");

    // Who had accepted what, then and now.
    let auditor = world.caller(company::AUDITOR).await;
    let standing = "query($id: ID, $at: DateTime) { agreementStanding(subject: $id, at: $at) { complete account { name } \
        agreements { kind version accepted acceptedVersion } } }";
    let then = auditor.graphql(standing, json!({ "id": company::REP.id.to_string(), "at": before.to_string() })).await;
    assert_eq!(then.data()["agreementStanding"][0]["complete"], true);
    assert_eq!(then.data()["agreementStanding"][0]["agreements"][0]["acceptedVersion"], 2);
    let now = auditor.graphql(standing, json!({})).await;
    let everybody = now.data()["agreementStanding"].as_array().unwrap();
    assert!(everybody.len() >= 5 && everybody.iter().all(|stands| stands["complete"] == false), "{}", now.text);
    assert!(everybody.iter().all(|stands| stands["account"]["name"] != "Otto Auditor"), "auditors see no lead");
});

on_both_backends!(a_text_is_composed_for_where_somebody_is, |world| async {
    let text = "# Promise\n\n## For all\n\n## No competing {not US-CA US-MN}\n\n## Texan {only US-TX}\n";
    publish(&world, json!({ "kind": "CONFIDENTIALITY", "text": text, "graceDays": 0, "renewDays": null })).await;
    let (admin, rep) = (world.caller(company::ADMIN).await, world.caller(company::REP).await);
    for (jurisdiction, wanted) in [("US-CA", "For all"), ("US-TX", "Texan"), ("DE", "No competing")] {
        place(&admin, company::REP, Some(jurisdiction), None).await;
        refused(&rep.graphql(LEADS, json!({})).await, "CONFIDENTIALITY");
        let shown = read(&rep, "CONFIDENTIALITY").await;
        assert_eq!(shown["jurisdiction"], jurisdiction);
        let shown = shown["text"].as_str().unwrap();
        assert!(shown.lines().last().unwrap().contains(wanted) && shown.contains("No competing") == (jurisdiction != "US-CA"), "{shown}");
        // The text of another place is not theirs to accept.
        let other = read(&world.caller(company::MANAGER).await, "CONFIDENTIALITY").await;
        let input = json!({ "kind": "CONFIDENTIALITY", "version": 2, "sha256": other["sha256"], "typedName": company::REP.name });
        if jurisdiction != "US-CA" {
            assert_eq!(rep.graphql(ACCEPT, json!({ "input": input })).await.code(), Some("CONFLICT"));
        }
        accept(&rep, "CONFIDENTIALITY", company::REP.name).await.data();
        rep.graphql(LEADS, json!({})).await.data();
    }
    // Whoever decides on a text sees how it reads anywhere.
    let versions = "{ agreements(all: true) { kind version dated earlierUntil renewDays templateSha256 } }";
    let versions = admin.graphql(versions, json!({})).await.data()["agreements"].clone();
    let version = |number: i64| {
        let is_it = |one: &&Value| one["kind"] == "CONFIDENTIALITY" && one["version"] == number;
        versions.as_array().unwrap().iter().find(is_it).unwrap().clone()
    };
    let sha256 = version(2)["templateSha256"].clone();
    let read = async |caller: &Caller, place: Value| caller.graphql(TEMPLATE, json!({ "sha256": sha256, "where": place })).await;
    let texan = read(&admin, json!("US-TX")).await;
    assert!(texan.data()["agreementTemplate"]["composed"].as_str().unwrap().ends_with("## 3. Texan\n"), "{}", texan.text);
    assert_eq!(read(&admin, json!("Texas")).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(read(&rep, Value::Null).await.code(), Some("FORBIDDEN"));
    assert_eq!((&version(2)["renewDays"], &version(2)["earlierUntil"]), (&Value::Null, &version(2)["dated"]));
    let nonsense = json!({ "kind": "CONFIDENTIALITY", "text": "# T\n## A {only Texas}\n" });
    assert_eq!(admin.graphql(PUBLISH, json!({ "input": nonsense })).await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(rep.graphql(PUBLISH, json!({ "input": { "kind": "CONFIDENTIALITY", "text": text } })).await.code(), Some("FORBIDDEN"));
});

on_both_backends!(third_parties_need_their_company_s_paper, |world| async {
    let admin = world.caller(company::ADMIN).await;
    place(&admin, company::REP, None, Some("  Acme   GmbH ")).await;
    let rep = world.caller(company::REP).await;
    refused(&rep.graphql(LEADS, json!({})).await, "THIRD_PARTY_NDA version 1");
    accept(&rep, "THIRD_PARTY_NDA", company::REP.name).await.data();
    refused(&rep.graphql(LEADS, json!({})).await, "signed by Acme GmbH");
    let signed = world.core.now().to_string();
    let input = json!({ "company": "Acme GmbH", "kind": "THIRD_PARTY_NDA", "signedAt": signed, "attestation": "Their CEO signed it." });
    for (caller, file, code) in [(&admin, &b"PK no pdf"[..], "BAD_USER_INPUT"), (&rep, PDF, "FORBIDDEN")] {
        assert_eq!(caller.upload(PAPER, input.clone(), file).await.code(), Some(code));
    }
    let recorded = admin.upload(PAPER, input, PDF).await;
    let acceptance = &recorded.data()["importSignedPaper"]["acceptance"];
    assert_eq!((&acceptance["company"], &acceptance["attestedBy"]["name"]), (&json!("Acme GmbH"), &json!(company::ADMIN.name)));
    rep.graphql(LEADS, json!({})).await.data();
    let auditor = world.caller(company::AUDITOR).await;
    let paper = "query($sha256: String!) { signedPaper(sha256: $sha256) { fileName content } }";
    let paper = auditor.graphql(paper, json!({ "sha256": acceptance["paperSha256"] })).await;
    assert!(paper.data()["signedPaper"]["content"].as_str().unwrap().starts_with("JVBERi0xLjc"));
    // Nobody attests their own.
    let own = json!({ "person": company::ADMIN.id.to_string(), "kind": "ASSIGNMENT", "signedAt": signed, "attestation": "Me." });
    assert_eq!(admin.upload(PAPER, own, PDF).await.code(), Some("FORBIDDEN"));
});

on_both_backends!(roles_ask_for_what_admins_say, |world| async {
    let (admin, rep) = (world.caller(company::ADMIN).await, world.caller(company::REP).await);
    let asks = |kinds: Value, role: &Value| json!({ "input": { "role": role, "agreements": kinds } });
    let id = role(&admin, "rep").await;
    let more = admin.graphql(REQUIRE, asks(json!(["CONFIDENTIALITY", "SOCIAL_MEDIA"]), &id)).await;
    assert_eq!(more.data()["setRoleRequirement"]["proposal"], Value::Null);
    refused(&rep.graphql(LEADS, json!({})).await, "SOCIAL_MEDIA version 1");
    assert!(!rep.graphql(LEADS, json!({})).await.text.contains("CONFIDENTIALITY"));
    accept(&rep, "SOCIAL_MEDIA", company::REP.name).await.data();
    rep.graphql(LEADS, json!({})).await.data();
    let less = admin.graphql(REQUIRE, asks(json!([]), &id)).await;
    assert_ne!(less.data()["setRoleRequirement"]["proposal"], Value::Null, "to ask for less takes two");
    // Another server knows at the latest a second later.
    let sibling = world.sibling().await;
    forget(&world).await;
    world.clock.advance_seconds(1);
    let elsewhere = Caller::anonymous(&sibling.url).with_token(rep.token.as_deref().unwrap());
    refused(&elsewhere.graphql(LEADS, json!({})).await, "CONFIDENTIALITY");
});

on_both_backends!(the_first_leads_of_a_day_and_session_come_with_a_reminder, |world| async {
    let reminder = |answer: &Answer| answer.json["extensions"]["confidentiality"]["reminder"].clone();
    let rep = world.caller(company::REP).await;
    assert_eq!(reminder(&rep.graphql("{ viewer { kind } }", json!({})).await), Value::Null, "about no lead");
    let first = rep.graphql(LEADS, json!({})).await;
    assert!(reminder(&first).as_str().unwrap().contains("trade secret"), "{}", first.text);
    assert_eq!(reminder(&rep.graphql(LEADS, json!({})).await), Value::Null, "once is enough");
    assert!(reminder(&world.caller(company::REP).await.graphql(LEADS, json!({})).await).is_string(), "another session");
    world.clock.advance_seconds(DAY);
    let again = world.caller(company::REP).await;
    assert!(reminder(&again.graphql("{ leads { totalCount } }", json!({})).await).is_string(), "another day");
    let set = "mutation { setReminder(input: { reminder: \"Mind what you promised.\" }) { reminder } }";
    world.caller(company::ADMIN).await.graphql(set, json!({})).await.data();
    assert_eq!(reminder(&world.caller(company::REP).await.graphql(LEADS, json!({})).await), "Mind what you promised.");

    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($f: AccessLogFilter) { accessLog(filter: $f) { edges { node { reminder } } } }";
    let log = auditor.graphql(log, json!({ "f": { "person": company::REP.id.to_string() } })).await;
    let sent = log.data()["accessLog"]["edges"].as_array().unwrap().iter().filter(|record| record["node"]["reminder"] == true).count();
    assert_eq!(sent, 4, "{}", log.text);
});

on_both_backends!(the_operator_does_it_at_a_shell, |world| async {
    let run = |arguments: &[&str]| {
        let done = process::run(&world.home, arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let template = run(&["agreement", "show", "ASSIGNMENT", "--template"]);
    assert!(template.contains("{only US-CA") && !run(&["agreement", "show", "ASSIGNMENT"]).contains("inventions"), "{template}");
    assert!(run(&["agreement", "show", "ASSIGNMENT", "--jurisdiction", "US-CA"]).contains("## 4. Notice about inventions"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.display().to_string()
    };
    let text = file("assignment.md", b"# Assignment\n\n## All of it\n");
    assert!(run(&["agreement", "publish", "ASSIGNMENT", &text]).contains("version 2"));
    let look = async || world.core.current.check(&world.core.store, &*world.core.clock).await.unwrap();
    look().await;
    let listed = "{ agreements(all: true) { kind version dated earlierUntil renewDays } }";
    let listed = world.caller(company::ADMIN).await.graphql(listed, json!({})).await;
    let newest =
        listed.data()["agreements"].as_array().unwrap().iter().find(|one| one["kind"] == "ASSIGNMENT" && one["version"] == 2).cloned();
    let newest = newest.unwrap();
    let moment = |key: &str| leadkeep::domain::Timestamp::parse(newest[key].as_str().unwrap()).unwrap().0;
    let days = (moment("earlierUntil") - moment("dated")) / (DAY * 1_000_000);
    assert_eq!((days, &newest["renewDays"]), (14, &json!(365)), "as the settings say");

    run(&["agreement", "require", "rep", "CONFIDENTIALITY", "ASSIGNMENT"]);
    let rep = world.caller(company::REP).await;
    look().await;
    refused(&rep.graphql(LEADS, json!({})).await, "ASSIGNMENT version 2");
    let (paper, now) = (file("signed.pdf", PDF), world.core.now().to_string());
    let import = ["agreement", "import-paper", &paper, "--person", company::REP.email, "--kind", "ASSIGNMENT", "--signed-at", &now];
    run(&[&import[..], &["--attest", "Signed in my presence"]].concat());
    look().await;
    rep.graphql(LEADS, json!({})).await.data();
    let accepted = run(&["agreement", "acceptances", "--person", company::REP.email, "--kind", "ASSIGNMENT"]);
    assert!(accepted.contains("ASSIGNMENT/2") && accepted.contains("attested by the operator"), "{accepted}");
    assert!(run(&["agreement", "standing"]).contains(company::REP.name));
    run(&["person", "place", company::REP.email, "--jurisdiction", "US-CA"]);
});
