//! What cannot be recorded does not leave: a full disk, a recorder that is gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use serde_json::json;
use support::{
    Answer, Backend, Caller, World, company,
    ledger::{self, LedgerCopy},
    on_both_backends,
    process::{self, Process},
};

async fn ask(caller: &Caller) -> Answer {
    caller.graphql("{ leads(first: 10) { nodes { id company emails notes } } }", json!({})).await
}

#[track_caller]
fn assert_withheld(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")), "{}", answer.text);
    assert!(answer.json["data"].is_null(), "{}", answer.text);
    assert!(!answer.text.contains("Customer") && !answer.text.contains(".example"), "lead data in {}", answer.text);
    assert!(ledger::receipt(&answer.json).is_none());
}

on_both_backends!(a_recorder_that_is_gone, |world| async {
    let rep = world.caller(company::REP).await;
    ask(&rep).await.data();
    world.core.recorder.kill();
    for _ in 0..3 {
        assert_withheld(&ask(&rep).await);
    }
    let refused = world.anonymous().graphql("{ leads { nodes { id } } }", json!({})).await;
    assert_ne!(refused.status, 200);
    assert!(refused.json["data"].is_null());
});

/// The real program with a limit on the size of its files: from there on, writes fail as on a full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let home = World::start(Backend::Sqlite).await.shutdown().await;
    let key = ledger::public_key(&home);
    let largest = ["leadkeep.db", "ledger.db"].map(|file| std::fs::metadata(home.folder().join(file)).unwrap().len()).into_iter().max();
    let process = Process::serve_with_little_disk(&home, largest.unwrap() / 1_024 + 256).await;
    let rep = Caller::anonymous(&process.url).sign_in(company::REP.email, company::PASSWORD).await;
    let mut receipts = Vec::new();
    let mut withheld = 0;
    for _ in 0..5_000 {
        let answer = ask(&rep).await;
        if answer.status == 200 {
            assert_eq!(withheld, 0, "answers again although the disk is still full");
            receipts.push(ledger::receipt(&answer.json).expect("a receipt with every answer"));
        } else {
            assert_withheld(&answer);
            withheld += 1;
            if withheld == 20 {
                break;
            }
        }
    }
    assert!(!receipts.is_empty(), "it never answered");
    assert_eq!(withheld, 20, "the disk never was full");
    process.kill();
    // With room again, everything that was answered is there, and the ledger is whole.
    let process = Process::serve(&home).await;
    let rep = Caller::anonymous(&process.url).sign_in(company::REP.email, company::PASSWORD).await;
    ask(&rep).await.data();
    drop(process);
    let copy = LedgerCopy::read(&home).await;
    for receipt in &receipts {
        assert!(!copy.promised(receipt, &key).record.disclosures.is_empty());
    }
    let verified = process::run(&home, &["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
