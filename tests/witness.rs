//! `leadkeep witness` as a log meets it: every answer of C2SP tlog-witness, the head that it shows to anybody, cosignatures that another implementation of signed
//! notes accepts, and a memory that outlives the process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leadkeep::ledger::{
    Checkpoint, Growth, LedgerKey, WitnessKey, checkpoint, proof, tree,
    witness::{Submission, seen_path},
};
use signed_note::{Note, Verifier, VerifierList};
use support::WitnessProcess;

const ORIGIN: &str = "example.com/log";

fn log() -> LedgerKey {
    LedgerKey::from_seed(&[1; 32])
}

fn leaf(number: u64) -> [u8; 32] {
    tree::leaf(&number.to_be_bytes())
}

fn head(size: u64) -> Checkpoint {
    let mut growth = Growth::default();
    (0..size).for_each(|number| growth.push(leaf(number)));
    Checkpoint { origin: ORIGIN.into(), size, root: growth.root() }
}

fn submission(old: u64, head: &Checkpoint, key: &LedgerKey) -> Submission {
    let mut tiles = proof::Tiles::default();
    tiles.put(0, 0, (0..head.size).map(leaf).collect());
    let spans = proof::consistency(old, head.size).unwrap_or_default();
    Submission { old, proof: tiles.prove(&spans).unwrap(), note: head.sign(key) }
}

async fn start(folder: &Path) -> WitnessProcess {
    WitnessProcess::start(folder, &[&checkpoint::verifier_key(ORIGIN, &log().public())])
}

async fn submit(witness: &WitnessProcess, body: String) -> (u16, String, String) {
    let answer = support::caller::client().post(format!("{}/add-checkpoint", witness.url)).body(body).send().await.unwrap();
    let media = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), media.unwrap_or_default(), answer.text().await.unwrap())
}

async fn show(witness: &WitnessProcess, origin: &str) -> (u16, String) {
    let answer = support::caller::client().get(format!("{}/{}", witness.url, seen_path(origin))).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Another implementation of signed notes, taught how a cosignature is made by nothing but the specification.
struct Cosigner(WitnessKey, ed25519_dalek::VerifyingKey);

impl Verifier for Cosigner {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(&self.0.name, &[&[4][..], self.1.as_bytes()].concat())
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let time = u64::from_be_bytes(signature[..8].try_into().unwrap());
        let message = [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat();
        self.1.verify_strict(&message, &signature[8..].try_into().unwrap()).is_ok()
    }
}

#[tokio::test]
async fn every_answer_is_the_specifications() {
    let folder = tempfile::tempdir().unwrap();
    let witness = start(folder.path()).await;
    let key = WitnessKey::parse(&witness.key).unwrap();
    let send = async |submission: &Submission| submit(&witness, submission.to_body()).await;

    let first = submission(0, &head(3), &log());
    let (status, _, line) = send(&first).await;
    assert_eq!(status, 200, "{line}");
    let note = format!("{}{line}", first.note);
    assert!(key.cosigned(&note).is_some());
    let public = STANDARD.decode(witness.key.splitn(3, '+').nth(2).unwrap()).unwrap();
    let public = ed25519_dalek::VerifyingKey::from_bytes(public[1..].try_into().unwrap()).unwrap();
    let known = VerifierList::new(vec![Box::new(Cosigner(key.clone(), public))]);
    let (verified, unknown) = Note::from_bytes(note.as_bytes()).unwrap().verify(&known).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 1), "the witness's, the log's");

    assert_eq!(send(&submission(3, &head(7), &log())).await.0, 200);
    assert_eq!(send(&submission(7, &head(7), &log())).await.0, 200, "the same again");
    for (what, sent, expected) in [
        ("old is another", submission(3, &head(9), &log()), 409),
        ("old is nothing", submission(0, &head(9), &log()), 409),
        ("backwards", submission(9, &head(7), &log()), 400),
        ("cut", submission(5, &head(5), &log()), 409),
        ("forked at the same size", submission(7, &Checkpoint { root: [9; 32], ..head(7) }, &log()), 409),
        ("forked", Submission { note: Checkpoint { root: [9; 32], ..head(9) }.sign(&log()), ..submission(7, &head(9), &log()) }, 422),
        ("no proof", Submission { proof: Vec::new(), ..submission(7, &head(9), &log()) }, 422),
        ("somebody else's signature", submission(7, &head(9), &LedgerKey::from_seed(&[2; 32])), 403),
        ("another log", submission(7, &Checkpoint { origin: "other".into(), ..head(9) }, &log()), 404),
    ] {
        let (status, media, text) = send(&sent).await;
        assert_eq!(status, expected, "{what}: {text}");
        if status == 409 {
            assert_eq!((&media[..], &text[..]), ("text/x.tlog.size", "7\n"), "{what}");
        }
    }
    assert_eq!(submit(&witness, "old x\n\nnote\n".into()).await.0, 400);
    assert_eq!(submit(&witness, String::new()).await.0, 400);
    assert_eq!(send(&submission(7, &head(9), &log())).await.0, 200, "nothing of that was remembered");
}

#[tokio::test]
async fn the_head_cosigned_last_is_shown_with_the_logs_signature() {
    let folder = tempfile::tempdir().unwrap();
    let witness = start(folder.path()).await;
    let key = WitnessKey::parse(&witness.key).unwrap();
    assert_eq!(show(&witness, ORIGIN).await.0, 404, "nothing yet");
    let sent = submission(0, &head(7), &log());
    let stranger = Checkpoint { origin: "stranger".into(), ..head(7) }.sign(&LedgerKey::from_seed(&[3; 32]));
    let line = stranger.lines().last().unwrap();
    assert_eq!(submit(&witness, Submission { note: format!("{}{line}\n", sent.note), ..sent.clone() }.to_body()).await.0, 200);
    let (status, note) = show(&witness, ORIGIN).await;
    assert_eq!(status, 200);
    assert_eq!(Checkpoint::open(&note, &log().public()), Some(head(7)));
    assert!(key.cosigned(&note).is_some() && !note.contains(line), "{note}");
    // What is refused changes nothing.
    assert_eq!(submit(&witness, submission(5, &head(5), &log()).to_body()).await.0, 409);
    assert_eq!(Checkpoint::open(&show(&witness, ORIGIN).await.1, &log().public()), Some(head(7)));
    assert_eq!(show(&witness, "other").await.0, 404);
}

#[tokio::test]
async fn its_memory_outlives_it_and_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let witness = start(folder.path()).await;
    let key = witness.key.clone();
    assert_eq!(submit(&witness, submission(0, &head(7), &log()).to_body()).await.0, 200);
    assert!(WitnessProcess::refused(folder.path(), &checkpoint::verifier_key(ORIGIN, &log().public())).contains("another witness"));
    witness.kill();
    let again = start(folder.path()).await;
    assert_eq!(again.key, key);
    assert_eq!(submit(&again, submission(0, &head(9), &log()).to_body()).await.2, "7\n");
    again.kill();
    std::fs::remove_file(folder.path().join("seen.json")).unwrap();
    let said = WitnessProcess::refused(folder.path(), &checkpoint::verifier_key(ORIGIN, &log().public()));
    assert!(said.contains("is missing beside a key that has signed"), "{said}");
}
