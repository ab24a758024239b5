//! The evidence file: the same bytes each time, a log in it that anybody can check, numbers that are those of the log, gaps told,
//! nothing of leads and nobody's name where it has no business.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod left;

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leadkeep::domain::hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{World, company, on_both_backends, process};

/// A file made by the command, unpacked.
struct File {
    bytes: Vec<u8>,
    parts: BTreeMap<String, Vec<u8>>,
}

impl File {
    fn read(bytes: Vec<u8>) -> Self {
        let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let mut parts = BTreeMap::new();
        for number in 0..zip.len() {
            let mut part = zip.by_index(number).unwrap();
            let mut content = Vec::new();
            part.read_to_end(&mut content).unwrap();
            assert!(parts.insert(part.name().unwrap().into_owned(), content).is_none());
        }
        Self { bytes, parts }
    }

    #[track_caller]
    fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.parts[name]).unwrap()
    }

    #[track_caller]
    fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.text(name)).unwrap()
    }

    /// Unpacks it into a new folder.
    fn unpack(&self, folder: &Path) {
        for (name, content) in &self.parts {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }

    /// What a reader finds in the PDF.
    fn pdf_text(&self, folder: &Path) -> String {
        let file = folder.join("report.pdf");
        fs::write(&file, &self.parts["report.pdf"]).unwrap();
        let output = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&file).arg("-").output();
        let output = output.expect("pdftotext is missing; install it with: apt-get install -y poppler-utils");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// SHA-256 in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes).into())
}

/// The days of a range around now.
fn days(world: &World) -> [String; 2] {
    let today = leadkeep::domain::Clock::now(&*world.clock);
    [today.plus_seconds(-40 * 86_400), today].map(|at| at.to_string())
}

/// What people of the company did: answers with leads, refusals, a file.
async fn past(world: &World) {
    let leads = "{ leads(first: 5) { nodes { company emails } } }";
    for member in [company::REP, company::MANAGER, company::ANALYST] {
        world.caller(member).await.graphql(leads, json!({})).await.data();
    }
    let rep = world.caller(company::REP).await;
    let export = "mutation { exportLeads(input: { purpose: \"REVIEW\" }) { rows } }";
    rep.graphql(export, json!({})).await.data();
    let refused = world.caller(company::AUDITOR).await.graphql(leads, json!({})).await;
    assert_eq!(refused.code(), Some("FORBIDDEN"));
    world.app().await.graphql(leads, json!({})).await.data();
}

fn out(world: &World, name: &str) -> PathBuf {
    world.home.folder().join(name)
}

/// Runs `leadkeep evidence` and reads what it wrote.
fn make(world: &World, name: &str, arguments: &[&str]) -> File {
    let file = out(world, name);
    let output = process::run(&world.home, &[&["evidence", "--out", file.to_str().unwrap()], arguments].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(&file).unwrap();
    let digest = sha256(&bytes);
    assert!(said.contains(&format!("SHA-256 {digest}")), "{said}");
    File::read(bytes)
}

on_both_backends!(the_same_range_is_the_same_file_and_can_be_checked, |world| async {
    past(&world).await;
    let [from, to] = days(&world);
    let range = ["--from", &from, "--to", &to, "--matter", "Acme v. Doe, 1:26-cv-00042"];
    let file = make(&world, "first.zip", &range);
    // The log goes on.
    past(&world).await;
    let again = make(&world, "again.zip", &range);
    assert!(file.bytes == again.bytes, "other bytes of the same range");

    let folder = out(&world, "unpacked");
    file.unpack(&folder);
    let sums = Command::new("sha256sum").args(["--quiet", "-c", "SHA256SUMS"]).current_dir(&folder).status().unwrap();
    assert!(sums.success());
    assert_eq!(file.text("SHA256SUMS").lines().count() + 1, file.parts.len(), "every file but the list itself");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify_bundle.py");
    let python = Command::new("python3").arg(program).arg(folder.join("ledger")).arg(folder.join("keys/ledger.pub")).output();
    let python = python.expect("Python 3 is missing; install it with: apt-get install -y python3");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stdout));
    let own = process::run(&world.home, &["ledger", "verify", folder.join("ledger").to_str().unwrap()]);
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stdout));

    // Every record names a policy revision by a hash that is in the file, and the document has it.
    let revisions = file.json("policy/revisions.json");
    let known: Vec<&str> = revisions["revisions"].as_array().unwrap().iter().map(|revision| revision["sha256"].as_str().unwrap()).collect();
    let document = file.parts.iter().find(|(name, _)| name.starts_with("policy/0")).unwrap().1;
    assert!(known.contains(&sha256(document).as_str()));
    for line in file.text("ledger/entries.jsonl").lines() {
        let record = serde_json::from_str::<Value>(line).unwrap()["record"].clone();
        let named = STANDARD.decode(record["policySha256"].as_str().unwrap()).unwrap();
        assert!(known.contains(&hex(&named.try_into().unwrap()).as_str()), "{record}");
    }
    // And that it was made is in the log, with its hash.
    let auditor = world.caller(company::AUDITOR).await;
    let log = auditor
        .graphql(
            "{ accessLog(first: 50, filter: { operationName: \"evidence file\" }) { edges { node { rows banner decision } } } }",
            json!({}),
        )
        .await;
    let nodes = log.data()["accessLog"]["edges"].as_array().unwrap().clone();
    assert_eq!(nodes.len(), 2, "{nodes:?}");
    assert!(nodes.iter().all(|node| node["node"]["banner"] == "CONFIDENTIAL" && node["node"]["decision"] == "ALLOWED"));
});

on_both_backends!(its_numbers_are_those_of_the_log_and_gaps_are_told, |world| async {
    past(&world).await;
    let [from, to] = days(&world);
    let file = make(&world, "file.zip", &["--from", &from, "--to", &to, "--matter", "Zoë & <Müller> 山田"]);
    let accesses = file.json("accesses.json");
    // Counted anew from what anybody can read.
    let (mut shown, mut denied, mut records) = (0, 0, 0);
    for line in file.text("ledger/entries.jsonl").lines() {
        let record = serde_json::from_str::<Value>(line).unwrap()["record"].clone();
        if record["at"].as_str().unwrap() >= to.as_str() {
            continue;
        }
        records += 1;
        denied += u64::from(record["decision"] == "DENIED");
        let leads = record["disclosures"].as_array().is_some_and(|groups| !groups.is_empty());
        let asked = record["reasons"].as_array().is_some_and(|reasons| reasons.contains(&json!("exported")));
        shown += u64::from(leads && !asked);
    }
    assert_eq!(accesses["didSee"]["records"], records);
    assert_eq!(accesses["didSee"]["denied"], denied);
    let marked: u64 = accesses["marked"]["byLevel"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!((marked, shown), (5, 5), "three people, an app, a file");
    assert_eq!(accesses["exports"]["files"], 1);
    assert_eq!(accesses["couldSee"]["atEnd"], json!({ "TEAM": 3, "ALL": 2 }));
    assert_eq!(accesses["couldSee"]["mostUnrestricted"], 0);

    // Everybody has accepted on paper, an app's responsible for it.
    let signed = &accesses["signed"];
    assert_eq!([&signed["people"], &signed["peopleBound"], &signed["shown"], &signed["shownUnder"]], [4, 4, 5, 5]);
    for version in signed["agreements"].as_array().unwrap() {
        let named = version["sha256"].as_str().unwrap();
        assert_eq!(sha256(&file.parts[&format!("agreements/{named}.md")]), named);
    }

    let measures = file.json("measures.json");
    let rows = measures["measures"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    for row in rows {
        let [held, gaps] = ["inForce", "gaps"].map(|key| row[key].as_array().unwrap());
        assert!(!held.is_empty() || !gaps.is_empty(), "{row}");
        let state = match (held.is_empty(), gaps.is_empty()) {
            (false, true) => "IN_FORCE",
            (false, false) => "PARTLY",
            (true, _) => "GAP",
        };
        assert_eq!(row["state"], state);
    }
    let gaps = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap()["gaps"].to_string();
    assert!(gaps("place-paid-seats").contains("No seat had been entered"));
    // Nothing was recorded in the first part of the range, and it says so.
    assert!(gaps("prompt-relief").contains("no access was recorded"), "{}", gaps("prompt-relief"));

    let html = file.text("report.html");
    for loaded in ["http:", "https:", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(loaded), "{loaded}");
    }
    let pdf = file.pdf_text(world.home.folder());
    for question in ["Who could see it?", "How was it marked?", "Who had signed?", "What was done when they left?"] {
        let first = pdf.split('\u{c}').next().unwrap();
        assert!(html.contains(question) && first.contains(question), "{question} is not on the first page");
    }
    assert!(pdf.contains("not legal advice") && html.contains("not legal advice"));
    assert!(pdf.contains("Zoë & <Müller> [U+5C71][U+7530]") && html.contains("Zoë &amp; &lt;Müller&gt; 山田"));
});

/// Where anybody of the company is named: by address, by the whole name, or by the first name alone.
fn named_in(file: &File, folder: &Path) -> Vec<(String, String)> {
    let pdf = file.pdf_text(folder).into_bytes();
    let mut found = Vec::new();
    for (part, content) in file.parts.iter().chain([(&"report.pdf, read".to_owned(), &pdf)]) {
        let text = String::from_utf8_lossy(content);
        for member in company::PEOPLE {
            let first = member.name.split(' ').next().unwrap();
            let called = text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == first);
            if called || text.contains(member.email) || text.contains(member.name) {
                found.push((part.clone(), member.name.to_owned()));
            }
        }
    }
    found
}

on_both_backends!(nobody_is_named_who_need_not_be, |world| async {
    past(&world).await;
    let [from, to] = days(&world);
    let range = ["--from", &from, "--to", &to];
    let folder = world.home.folder();
    let other_side = make(&world, "other.zip", &[&range[..], &["--profile", "opposing-counsel"]].concat());
    assert!(named_in(&other_side, folder).is_empty(), "{:?}", named_in(&other_side, folder));
    for (part, content) in &other_side.parts {
        let text = String::from_utf8_lossy(content);
        assert!(!text.contains("their job") && !part.starts_with("policy/0"), "free text of the policy in {part}");
        assert!(!part.starts_with("agreements/"), "{part}");
    }
    let plain = make(&world, "plain.zip", &range);
    assert!(named_in(&plain, folder).is_empty(), "{:?}", named_in(&plain, folder));
    let named = make(&world, "named.zip", &[&range[..], &["--name", company::REP.email]].concat());
    assert!(named.text("report.html").contains(company::REP.name) && !named.text("report.html").contains(company::MANAGER.name));
    assert!(named.pdf_text(folder).contains(company::REP.name));
    for refused in
        [&["--profile", "opposing-counsel", "--name", company::REP.email][..], &["--matter", "a\nb"], &["--name", "nobody@example.com"]]
    {
        let output = process::run(&world.home, &[&["evidence", "--out", "x.zip"][..], &range, refused].concat());
        assert_eq!(output.status.code(), Some(4), "{refused:?}");
    }
    assert!(!Path::new("x.zip").exists());
});

const ORDER: &str = "mutation($input: MakeEvidenceInput!) { makeEvidence(input: $input) { path expiresAt } }";

on_both_backends!(an_order_is_fetched_once_by_who_gave_it, |world| async {
    past(&world).await;
    let [from, to] = days(&world);
    let auditor = world.caller(company::AUDITOR).await;
    let input = json!({ "from": from, "to": to, "matter": "Acme v. Doe", "named": [company::REP.id.to_string()] });
    for member in [company::REP, company::MANAGER, company::ADMIN] {
        let refused = world.caller(member).await.graphql(ORDER, json!({ "input": input })).await;
        assert_eq!(refused.code(), Some("FORBIDDEN"), "{}", member.name);
    }
    let future = json!({ "from": from, "to": "2999-01-01T00:00:00Z" });
    for bad in [future, json!({ "from": to, "to": from }), json!({ "from": from, "to": to, "matter": "a\nb" })] {
        assert_eq!(auditor.graphql(ORDER, json!({ "input": bad })).await.code(), Some("BAD_USER_INPUT"), "{bad}");
    }
    let ordered = auditor.graphql(ORDER, json!({ "input": input })).await;
    let path = ordered.data()["makeEvidence"]["path"].as_str().unwrap().to_owned();
    assert_eq!(world.anonymous().get(&path).await.status, 401);
    assert_eq!(world.caller(company::REP).await.get(&path).await.status, 404, "another's");
    let fetched = auditor.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(fetched.status(), 200);
    let header = |name: &str| fetched.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("x-confidentiality"), header("content-type")), ("CONFIDENTIAL".into(), "application/zip".into()));
    let (promised, receipt) = (header("x-sha256"), header("x-access-receipt"));
    let bytes = fetched.bytes().await.unwrap().to_vec();
    let digest = sha256(&bytes);
    assert_eq!(digest, promised);
    // The command gives the same bytes.
    let same = ["--from", &from, "--to", &to, "--matter", "Acme v. Doe", "--name", company::REP.email];
    assert!(make(&world, "same.zip", &same).bytes == bytes);
    assert_eq!(auditor.get(&path).await.status, 404, "once");
    assert_eq!(auditor.get("/evidence/nothing").await.status, 404);
    // The record that the receipt promises commits to the bytes.
    let receipt = leadkeep::ledger::Receipt::parse(&receipt).unwrap();
    let copy = support::ledger::LedgerCopy::read(&world.home).await;
    let record = copy.promised(&receipt, &support::ledger::public_key(&world.home)).record;
    assert_eq!(record.operation.name.as_deref(), Some("evidence file"));
    assert_eq!(record.subject.person, Some(company::AUDITOR.id));

    let late = auditor.graphql(ORDER, json!({ "input": input })).await;
    let path = late.data()["makeEvidence"]["path"].as_str().unwrap().to_owned();
    world.clock.advance_seconds(3_601);
    let auditor = world.caller(company::AUDITOR).await;
    assert_eq!(auditor.get(&path).await.status, 404, "too late");
    assert_eq!(leadkeep::app::housekeeping::forget(&world.core).await.unwrap(), 1);
});

on_both_backends!(
    a_server_takes_no_longer_than_it_may,
    settings | settings | {
        settings.limits.evidence_time = 1;
    },
    |world| async {
        past(&world).await;
        let [from, to] = days(&world);
        let auditor = world.caller(company::AUDITOR).await;
        let ordered = auditor.graphql(ORDER, json!({ "input": { "from": from, "to": to } })).await;
        let path = ordered.data()["makeEvidence"]["path"].as_str().unwrap().to_owned();
        let given_up = auditor.get(&path).await;
        assert_eq!((given_up.status, given_up.code()), (503, Some("TOO_COMPLEX")), "{}", given_up.text);
    }
);
