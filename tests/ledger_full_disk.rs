//! A disk that is full: nothing is answered as recorded that is not, and when there is room again it goes on.
//!
//! The disk is one that lets no file grow beyond a limit (`RLIMIT_FSIZE`). That holds for a whole process, so the test
//! runs itself in another; a shell sets the limit and takes the signal away that would end it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may panic")]

mod support;

use std::{process::Command, sync::Arc};

use leadkeep::{
    app::ledger_verify::{Trust, verify},
    audit::{
        Recorder, Settings, Unrecorded, key,
        record::{AccessRecord, Decision, Draft, FieldsUsed, Operation, OperationKind},
    },
    domain::{Client, Clock, Id, Random, Subject},
    policy::Marking,
    store::Store,
};
use support::{Backend, Home, SeededRandom, TestClock};

const FOLDER: &str = "LEADKEEP_TEST_FULL_DISK";

#[tokio::test]
async fn a_full_disk_withholds_and_recovers() {
    let home = Home::new(Backend::Sqlite).await;
    // 512-byte blocks for sh: 400 kB.
    let script = "trap '' XFSZ; ulimit -S -f 800; exec \"$0\" --exact on_the_full_disk --ignored --nocapture";
    let own = std::env::current_exe().unwrap();
    let child = Command::new("sh").arg("-c").arg(script).arg(own).env(FOLDER, home.folder()).output().unwrap();
    assert!(child.status.success(), "{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above, under a limit"]
async fn on_the_full_disk() {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    let store = Store::open(&leadkeep::store::Location::Folder(folder.clone()), 2).await.unwrap();
    let clock = Arc::new(TestClock::running());
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    let ledger_key = key::load_or_create(&folder, &store, &*random).await.unwrap();
    let public = ledger_key.public();
    let recorder = Recorder::start(&store, ledger_key, &Settings::default(), Arc::clone(&clock) as _, random).await.unwrap();
    let draft = |request| {
        let record = AccessRecord {
            request: Id(request),
            at: clock.now(),
            subject: Subject::ANONYMOUS,
            client: Client { ip: None, user_agent: Some("x".repeat(256)) },
            purpose: None,
            policy_revision: 0,
            policy_sha256: [0; 32],
            operation: Operation { kind: OperationKind::Query, name: Some("y".repeat(256)), document: None },
            detail: None,
            decision: Decision::Allowed,
            code: None,
            reasons: Vec::new(),
            grants: vec![Id(i64::MAX); 2_000],
            disclosures: Vec::new(),
            used: FieldsUsed::default(),
            changed: Vec::new(),
            changed_from: 0,
            rows: 0,
            marking: Marking::PUBLIC,
            notice: false,
            duration: 0,
            agreements: Vec::new(),
            reminder: false,
        };
        Draft { record, detail: None, document: None, outbox: Vec::new() }
    };
    let mut durable = Vec::new();
    let refused = loop {
        match recorder.append(draft(durable.len() as i64)).await {
            Ok(sealed) => durable.push(sealed),
            Err(refused) => break refused,
        }
        assert!(durable.len() < 1_000, "the disk never filled up");
    };
    assert_eq!(refused, Unrecorded::Failed);
    assert_eq!(recorder.append(draft(-1)).await, Err(Unrecorded::Failed));

    let me = std::process::id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &me, "--fsize=unlimited:"]).status().unwrap().success());
    let next = recorder.append(draft(1_000_000)).await.expect("there is room again");
    assert_ne!(next.epoch, durable.last().expect("some were written before").epoch);
    recorder.stop().await;
    for sealed in &durable {
        let rows = store.ledger_entries(sealed.epoch, sealed.rseq, 1).await.unwrap();
        assert_eq!(rows[0].leaf, Some(sealed.leaf));
    }
    let report = verify(&store, Trust { key: &public, origin: None, kept: None }, clock.now(), &mut |_| {}).await.unwrap();
    assert_eq!((report.fault, report.folded), (None, durable.len() as u64 + 1));
}
