//! Segments: written to files, out of the database, and every question, proof and check goes on through them; damage is named, a
//! hold keeps, nothing else can be deleted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bucket;

use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use leadkeep::{
    app::{
        Op,
        archive::{self, Done},
        bundle,
        ledger_verify::{Report, Trust, verify},
        seal::{self, Outcome},
    },
    audit::{
        index::keeper::Step,
        record::{Decision, OperationKind},
    },
    config::Settings,
    domain::{Client, Clock, Id, Subject, Timestamp, clock::DAY},
    ledger::Wrong,
};
use serde_json::{Value, json};
use support::{
    Backend, Caller, Home, Table, TestClock, World, company,
    ledger::{LedgerCopy, public_key},
};

/// Records of a segment here.
const SEGMENT: u64 = 256;

/// A company of last winter, with two segments and a half behind it, and some work since. Its archive is a folder in the data folder.
async fn winter(backend: Backend) -> World {
    let change = |settings: &mut Settings| {
        settings.ledger.archive.url = Some(format!("file://{}", folder(&settings.data).display()));
        settings.ledger.archive.segment = SEGMENT;
        settings.ledger.index_segment = 64;
    };
    let world = World::at(backend, TestClock::frozen_at("2026-01-05T09:00:00Z"), change).await;
    busy(&world, 640).await;
    world.core.recorder.fold_now().await.unwrap();
    world.clock.advance_seconds(40 * 86_400);
    busy(&world, 20).await;
    world.core.recorder.fold_now().await.unwrap();
    let keeper = world.core.recorder.index_keeper();
    // The clock stands, and with it the server's own lease.
    while !keeper.cover(2 * SEGMENT).await.unwrap() {
        world.clock.advance_seconds(31);
    }
    world
}

fn folder(data: &Path) -> PathBuf {
    data.join("archive")
}

fn segment(world: &World, first: u64) -> PathBuf {
    folder(world.home.folder()).join(leadkeep::store::archive::name(first, first + SEGMENT))
}

/// So many records of the rep's: the first show a lead.
async fn busy(world: &World, records: usize) {
    let rep = world.caller(company::REP).await;
    let one = format!("{{ lead(id: \"{}\") {{ company }} }}", Id(*company::LEADS.start()));
    let ask = async |number: usize| {
        let document = if number < 10 { one.as_str() } else { "{ viewer { __typename } }" };
        rep.graphql(document, json!({})).await.data();
    };
    for numbers in (0..records).collect::<Vec<_>>().chunks(16) {
        join_all(numbers.iter().map(|number| ask(*number))).await;
    }
}

/// Archives as the operator does, and seals that.
async fn archived(world: &World, remove: bool) -> Vec<Done> {
    let client = Client { ip: None, user_agent: None };
    let op = Op::open(world.core.clone(), Subject::OPERATOR, client, None).await.unwrap();
    let mut done = Vec::new();
    let moment = Timestamp(world.clock.now().0 - 30 * DAY);
    archive::archive(&op, &world.settings.ledger.archive, moment, remove, &mut |one| done.push(one)).await.unwrap();
    let outcome = Outcome {
        kind: OperationKind::Command,
        name: Some("ledger archive".into()),
        document: None,
        variables: None,
        decision: Decision::Allowed,
        response: None,
        notice: false,
        duration: 0,
    };
    seal::seal(&op, outcome).await.unwrap();
    world.core.recorder.fold_now().await.unwrap();
    done
}

async fn verified(world: &World) -> Report {
    world.core.recorder.fold_now().await.unwrap();
    let key = public_key(&world.home);
    let trust = Trust { key: &key, origin: None, kept: None };
    // With a store of its own, so that nothing is remembered.
    let store = leadkeep::server::open_store(&world.settings, 2).await.unwrap();
    verify(&store, trust, world.clock.now(), &mut |_| {}).await.unwrap()
}

/// What an auditor asks of the old records; without where they were read and what changes by asking.
async fn answers(otto: &Caller) -> Vec<Value> {
    let lead = Id(*company::LEADS.start()).to_string();
    let rep = company::REP.id.to_string();
    let record =
        "index epoch rseq leafHash request at operationName document variables subject { person { name } } disclosures { leads clear }";
    let mut found = Vec::new();
    for document in [
        format!(
            "{{ accessLog(filter: {{ lead: \"{lead}\" }}, order: OLDEST_FIRST, first: 10) {{ edges {{ cursor node {{ {record} }} }} }} }}"
        ),
        format!("{{ accessLog(order: OLDEST_FIRST, first: 100) {{ edges {{ node {{ {record} }} }} }} }}"),
        format!(
            "{{ accessLog(filter: {{ until: \"2026-01-06T00:00:00Z\", person: \"{rep}\" }}, first: 50) {{ edges {{ node {{ {record} }} }} }} }}"
        ),
        format!("{{ accessRecord(index: 300) {{ {record} }} }}"),
        format!(
            "{{ whoSaw(lead: \"{lead}\", until: \"2026-01-06T00:00:00Z\", first: 10) {{ nodes {{ times subject {{ person {{ name }} }} }} }} }}"
        ),
        format!(
            "{{ exposure(subject: \"{rep}\", since: \"2026-01-05T00:00:00Z\", until: \"2026-01-05T12:00:00Z\") {{ leads(first: 5) {{ nodes {{ lead times }} }} }} }}"
        ),
        "{ inclusionProof(index: 3, treeSize: 600) { hashes root leafHash } }".to_owned(),
        "{ consistencyProof(from: 300, to: 600) { hashes } }".to_owned(),
    ] {
        found.push(otto.graphql(&document, json!({})).await.data().clone());
    }
    let entries = otto.get("/ledger/tile/entries/001").await;
    assert_eq!(entries.status, 200);
    found.push(Value::from(entries.text.len()));
    found
}

async fn stored(home: &Home) -> usize {
    LedgerCopy::read(home).await.len()
}

async fn everything_goes_on(backend: Backend) {
    let world = winter(backend).await;
    let otto = world.caller(company::AUDITOR).await;
    let (before, rows) = (answers(&otto).await, stored(&world.home).await);
    assert!(before[0]["accessLog"]["edges"].as_array().unwrap().len() == 10, "{}", before[0]);

    let copies = archived(&world, false).await;
    assert_eq!(copies.len(), 2, "only whole segments: {copies:?}");
    assert!(stored(&world.home).await >= rows, "copies alone");
    assert_eq!(verified(&world).await.fault, None);
    let done = archived(&world, true).await;
    let gone: u64 = done.iter().map(|one| if let Done::Removed(_, gone) = one { *gone } else { 0 }).sum();
    assert!((2 * SEGMENT - 4..=2 * SEGMENT).contains(&gone), "all but the last of a chain: {gone}");
    assert!(archived(&world, true).await.is_empty(), "nothing is left to do");

    let report = verified(&world).await;
    assert_eq!((report.fault, report.archived), (None, 2 * SEGMENT));
    let after = answers(&world.caller(company::AUDITOR).await).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    let sources = "{ accessLog(order: OLDEST_FIRST, first: 10) { edges { node { source } } } accessRecord(index: 600) { source } }";
    let sources = otto.graphql(sources, json!({})).await.data().clone();
    let from_archive = sources["accessLog"]["edges"].as_array().unwrap().iter().filter(|edge| edge["node"]["source"] == "ARCHIVE").count();
    assert!((6..=10).contains(&from_archive), "all but the last of a chain: {sources}");
    assert_eq!(sources["accessRecord"]["source"], "DATABASE");

    let op = Op::open(world.core.clone(), Subject::OPERATOR, Client { ip: None, user_agent: None }, None).await.unwrap();
    let out = world.home.folder().join("evidence");
    bundle::plan(&op, 100, Some(600)).await.unwrap().write(&world.core, &out, &mut |_| {}).await.unwrap();
    let checked = bundle::check(&out, &public_key(&world.home), None, &mut |_, _| {}).unwrap();
    assert_eq!((checked.fault, checked.entries), (None, 500));

    let keeper = world.core.recorder.index_keeper();
    while keeper.clear().await.unwrap() == Step::Elsewhere {
        world.clock.advance_seconds(31);
    }
    while keeper.step().await.unwrap() == Step::Done {}
    assert_eq!(verified(&world).await.fault, None, "the index is made from the archive too");

    let recorded =
        otto.graphql("{ accessLog(first: 50) { edges { node { operationName changes { kind item after } } } } }", json!({})).await;
    assert!(recorded.text.contains("ledgerSegment") && recorded.text.contains("removed"), "{}", recorded.text);
}

async fn damage_is_named(backend: Backend) {
    let world = winter(backend).await;
    archived(&world, true).await;
    let file = segment(&world, SEGMENT);
    let sound = std::fs::read(&file).unwrap();
    for place in [sound.len() / 8, sound.len() / 2, sound.len() - 9] {
        let mut bytes = sound.clone();
        bytes[place] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let fault = verified(&world).await.fault.unwrap();
        assert_eq!((fault.wrong, fault.index), (Wrong::SegmentAltered, Some(SEGMENT)), "byte {place} of {}", sound.len());
        assert!(fault.to_string().contains("256"), "{fault}");
    }
    std::fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    assert_eq!(verified(&world).await.fault.unwrap().wrong, Wrong::SegmentAltered, "cut");
    std::fs::copy(segment(&world, 0), &file).unwrap();
    assert_eq!(verified(&world).await.fault.unwrap().wrong, Wrong::SegmentAltered, "another one in its place");
    std::fs::remove_file(&file).unwrap();
    let fault = verified(&world).await.fault.unwrap();
    assert_eq!((fault.wrong, fault.index), (Wrong::SegmentMissing, Some(SEGMENT)));
    // A server that starts now records and answers everything else.
    let other = world.sibling().await;
    let otto = world.caller(company::AUDITOR).await.with_url(&other.url);
    // Wherever it is in the tree, the last record of a chain stays in the database.
    for (first, elsewhere, why) in [(0, "ARCHIVE", "what is there is read"), (300, "INTERNAL", "no answer without the evidence")] {
        let mut found = Vec::new();
        for index in first..first + 10 {
            let answer = otto.graphql(&format!("{{ accessRecord(index: {index}) {{ source }} }}"), json!({})).await;
            found.push(answer.code().unwrap_or_else(|| answer.data()["accessRecord"]["source"].as_str().unwrap()).to_owned());
        }
        assert!(found.iter().all(|one| one == elsewhere || one == "DATABASE"), "{why}: {found:?}");
        assert!(found.iter().filter(|one| *one == elsewhere).count() >= 6, "{why}: {found:?}");
    }
    std::fs::write(&file, sound).unwrap();
    assert_eq!(verified(&world).await.fault, None);
}

/// Few records: the server has not begun to index any when the first of them leave.
async fn recording_needs_no_archive(backend: Backend) {
    let change = |settings: &mut Settings| {
        settings.ledger.archive.url = Some(format!("file://{}", folder(&settings.data).display()));
        settings.ledger.archive.segment = SEGMENT;
    };
    let world = World::at(backend, TestClock::frozen_at("2026-01-05T09:00:00Z"), change).await;
    busy(&world, 300).await;
    world.core.recorder.fold_now().await.unwrap();
    world.clock.advance_seconds(40 * 86_400);
    busy(&world, 20).await;
    world.core.recorder.fold_now().await.unwrap();
    assert_eq!(world.core.store.index_ends().await.unwrap().0, 0);
    assert_eq!(archived(&world, true).await.len(), 2, "written, and gone from the database");
    std::fs::remove_dir_all(folder(world.home.folder())).unwrap();
    let other = world.sibling().await;
    let rep = world.caller(company::REP).await.with_url(&other.url);
    let own = rep.graphql("{ viewer { __typename } }", json!({})).await;
    assert_eq!(own.data()["viewer"]["__typename"], "Viewer", "{}", own.text);
    let report = verified(&world).await;
    assert_eq!(report.fault.map(|fault| fault.wrong), Some(Wrong::SegmentMissing));
}

/// What somebody tries who has the database: only what is listed and released may be deleted.
async fn nothing_else_goes(backend: Backend) {
    let world = winter(backend).await;
    archived(&world, false).await;
    let delete = "DELETE FROM ledger_entry WHERE rseq < 3";
    assert!(world.home.tamper(Table::Ledger, delete).await.unwrap_err().contains("append-only"), "listed, but not released");
    let release = "INSERT INTO ledger_removed (first_index, at) VALUES (512, 1)";
    world.home.tamper(Table::Ledger, release).await.unwrap();
    // By their places in the tree: how many chains they are in is another matter.
    let beyond = "DELETE FROM ledger_entry WHERE EXISTS (SELECT 1 FROM ledger_run r WHERE r.epoch = ledger_entry.epoch
        AND ledger_entry.rseq >= r.first_rseq AND ledger_entry.rseq < r.first_rseq + r.length AND r.first_index + ledger_entry.rseq - r.first_rseq > 600)";
    assert!(world.home.tamper(Table::Ledger, beyond).await.unwrap_err().contains("append-only"), "released, but not listed");
    archived(&world, true).await;
    for sql in [
        beyond,
        "DELETE FROM ledger_entry",
        "UPDATE ledger_entry SET rseq = rseq",
        "DELETE FROM ledger_segment",
        "UPDATE ledger_segment SET until = 999999",
        "DELETE FROM ledger_removed",
    ] {
        assert!(world.home.tamper(Table::Ledger, sql).await.unwrap_err().contains("append-only"), "{sql}");
    }
}

async fn a_hold_keeps_records(backend: Backend) {
    let world = winter(backend).await;
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let agreed = async |document: &str, input: Value| {
        let asked = ada.graphql(document, json!({ "input": input })).await;
        let proposal = asked.data().as_object().unwrap().values().next().unwrap()["proposal"]["id"].clone();
        let approve = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state } } }";
        abel.graphql(approve, json!({ "input": { "id": proposal } })).await.data();
    };
    let set = "mutation($input: SetLegalHoldInput!) { setLegalHold(input: $input) { proposal { id } } }";
    agreed(set, json!({ "leadId": Id(*company::LEADS.start()).to_string(), "reason": "A case" })).await;
    let rows = stored(&world.home).await;
    let done = archived(&world, true).await;
    let held: Vec<_> =
        done.iter().filter_map(|one| if let Done::Held(segment, hold) = one { Some((segment.first, *hold)) } else { None }).collect();
    assert_eq!(held.len(), 1, "the first segment shows the lead, the second does not: {done:?}");
    let now = stored(&world.home).await;
    assert!(now < rows && now > rows - 2 * SEGMENT as usize + 100, "{rows} to {now}");
    let lift = "mutation($input: LiftLegalHoldInput!) { liftLegalHold(input: $input) { proposal { id } } }";
    agreed(lift, json!({ "id": held[0].1.to_string(), "reason": "Settled" })).await;
    let done = archived(&world, true).await;
    assert!(matches!(done[..], [Done::Removed(segment, _)] if segment.first == 0), "{done:?}");
    assert_eq!(verified(&world).await.fault, None);
}

macro_rules! both {
    ($($name:ident),*) => { $(
        mod $name {
            use super::*;
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Backend::Sqlite).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Backend::Postgres).await;
            }
        }
    )* };
}
both!(everything_goes_on, damage_is_named, recording_needs_no_archive, nothing_else_goes, a_hold_keeps_records);
