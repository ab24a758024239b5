//! Bundles: what `leadkeep ledger export` writes is checked by `leadkeep ledger verify` and by the Python program in docs/, which
//! knows nothing of Leadkeep; whatever is damaged, both refuse it and name the first index that is wrong. And receipts: in the
//! log, or left out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leadkeep::ledger::{Checkpoint, LedgerKey, Receipt, tile, tree};
use serde_json::{Value, json};
use support::{Home, World, company, ledger, on_both_backends, process};

/// A log of some hundred records in several epochs, nobody writing any more; and what somebody kept along the way.
struct Past {
    home: Home,
    key: LedgerKey,
    /// A checkpoint from the middle.
    kept: String,
    /// An answer from the middle.
    answer: String,
    /// What the server answered to its receipt.
    proof: String,
}

async fn past(world: World) -> Past {
    let rep = world.caller(company::REP).await;
    for _ in 0..140 {
        rep.graphql("{ __typename }", json!({})).await.data();
    }
    let answer = rep.graphql("{ leads(first: 2) { nodes { company } } }", json!({})).await.text;
    world.core.recorder.fold_now().await.unwrap();
    let kept = world.anonymous().get("/ledger/checkpoint").await.text;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("receipt", &answer).finish();
    let proof = world.anonymous().get(&format!("/ledger/proof?{query}")).await.text;
    let other = world.sibling().await;
    for _ in 0..140 {
        let also = support::Caller::anonymous(&other.url).with_token(rep.token.as_ref().unwrap());
        also.graphql("{ __typename }", json!({})).await.data();
        rep.graphql("{ __typename }", json!({})).await.data();
    }
    other.core.recorder.stop().await;
    let home = world.shutdown().await;
    let key = LedgerKey::from_pem(&fs::read_to_string(home.folder().join("keys/ledger.pem")).unwrap()).unwrap();
    Past { home, key, kept, answer, proof }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Past {
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = process::run(&self.home, arguments);
        (output.status.code().unwrap(), text(&output))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.folder().join(name)
    }

    fn write(&self, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name).display().to_string()
    }

    fn export(&self, name: &str, range: &[&str]) -> PathBuf {
        let folder = self.path(name);
        let (exit, said) = self.run(&[&["ledger", "export", "--out", folder.to_str().unwrap()], range].concat());
        assert_eq!(exit, 0, "{said}");
        folder
    }
}

/// What the two verifiers say of a bundle: exit code and text of each.
fn verify(past: &Past, folder: &Path) -> [(i32, String); 2] {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify_bundle.py");
    let python = Command::new("python3").arg(program).arg(folder).output();
    let python = python.expect("Python 3 is missing; install it with: apt-get install -y python3");
    [past.run(&["ledger", "verify", folder.to_str().unwrap()]), (python.status.code().unwrap(), text(&python))]
}

/// The parts of a bundle that are lists.
struct Parts {
    entries: Vec<Vec<u8>>,
    lines: Vec<Value>,
}

impl Parts {
    fn read(folder: &Path) -> Self {
        let entries = fs::read(folder.join("entries.bin")).unwrap();
        let lines = fs::read_to_string(folder.join("entries.jsonl")).unwrap();
        Self {
            entries: tile::unbundle(&entries).unwrap().into_iter().map(<[u8]>::to_vec).collect(),
            lines: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        }
    }

    fn write(&self, folder: &Path) {
        let mut entries = Vec::new();
        assert!(self.entries.iter().all(|entry| tile::bundle(&mut entries, entry)));
        fs::write(folder.join("entries.bin"), entries).unwrap();
        let lines: Vec<String> = self.lines.iter().map(Value::to_string).collect();
        fs::write(folder.join("entries.jsonl"), lines.join("\n") + "\n").unwrap();
    }
}

/// A copy of a bundle with its parts changed.
fn damaged(bundle: &Path, change: impl FnOnce(&mut Parts)) -> PathBuf {
    let copy = copied(bundle);
    let mut parts = Parts::read(&copy);
    change(&mut parts);
    parts.write(&copy);
    copy
}

fn copied(bundle: &Path) -> PathBuf {
    let copy = bundle.with_extension("damaged");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(bundle).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    copy
}

fn edited(bundle: &Path, file: &str, change: impl FnOnce(String) -> String) -> PathBuf {
    let copy = copied(bundle);
    let before = fs::read_to_string(copy.join(file)).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after);
    fs::write(copy.join(file), after).unwrap();
    copy
}

fn manifest(bundle: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    edited(bundle, "bundle.json", |text| {
        let mut value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        value.to_string()
    })
}

fn flip(hash: &mut Value) {
    let mut bytes = STANDARD.decode(hash.as_str().unwrap()).unwrap();
    bytes[5] ^= 1;
    *hash = STANDARD.encode(bytes).into();
}

/// Both verifiers refuse the bundle with exit code 3 and name this index, or none; ours says in which way.
#[track_caller]
fn refused(past: &Past, folder: &Path, index: Option<u64>, way: &str) {
    let verdicts = verify(past, folder);
    for (exit, said) in &verdicts {
        let named = said.split("NOT VERIFIED: ").nth(1).unwrap_or_else(|| panic!("verified: {said}"));
        assert_eq!(*exit, 3, "{said}");
        match index {
            Some(index) => assert!(named.starts_with(&format!("index {index}: ")), "not index {index}: {said}"),
            None => assert!(!named.starts_with("index"), "{said}"),
        }
    }
    assert!(verdicts[0].1.contains(way), "not `{way}`: {}", verdicts[0].1);
}

on_both_backends!(good_bundles_are_verified_by_both, |world| async {
    let past = past(world).await;
    for range in [&[][..], &["--from", "37", "--to", "301"], &["--from", "256"], &["--to", "1"], &["--from", "5", "--to", "5"]] {
        let bundle = past.export("bundle", range);
        for (exit, said) in verify(&past, &bundle) {
            assert!(exit == 0 && said.contains("verified"), "{range:?}: {said}");
        }
        fs::remove_dir_all(bundle).unwrap();
    }
    // It says whose it is, and that it was taken out is in the next.
    let bundle = past.export("bundle", &[]);
    let lines = Parts::read(&bundle).lines;
    let exports: Vec<_> = lines.iter().filter(|line| line["record"]["operationName"] == "ledger export").collect();
    assert_eq!(exports.len(), 5);
    assert_eq!(exports[1]["record"]["rows"], 301 - 37);
    let otherwise = edited(&bundle, "entries.jsonl", |text| text.replace("\":", "\" : "));
    for (exit, said) in verify(&past, &otherwise) {
        assert!(exit == 0 && said.contains("verified"), "the same in other words: {said}");
    }
    assert!(fs::read_to_string(bundle.join("README.txt")).unwrap().contains("HOW TO CHECK IT"));
    assert_eq!(past.run(&["ledger", "export", "--out", bundle.to_str().unwrap()]).0, 4, "never over another");
    assert_eq!(past.run(&["ledger", "export", "--out", past.path("x").to_str().unwrap(), "--from", "9999999"]).0, 4);
    assert!(!past.path("x").exists());
});

on_both_backends!(every_kind_of_damage_is_named, |world| async {
    let past = past(world).await;
    for (range, from) in [(&[][..], 0), (&["--from", "37", "--to", "401"], 37)] {
        let bundle = past.export(&format!("from{from}"), range);
        let bundle = bundle.as_path();
        let count = Parts::read(bundle).lines.len();
        let at = |index: usize| Some(from + index as u64);
        let refused = |folder: PathBuf, index, way: &str| refused(&past, &folder, index, way);

        for index in [0, 100, count - 1] {
            let flipped = |parts: &mut Parts| {
                let end = parts.entries[index].len() - 1;
                parts.entries[index][end] ^= 1;
            };
            refused(damaged(bundle, flipped), at(index), "altered");
            let missing = |parts: &mut Parts| drop(parts.entries.remove(index));
            refused(damaged(bundle, missing), at(index), if index == count - 1 { "ends here" } else { "missing" });
            let told_otherwise = |parts: &mut Parts| flip(&mut parts.lines[index]["leafHash"]);
            refused(damaged(bundle, told_otherwise), at(index), "entries.jsonl");
            let elsewhere = |parts: &mut Parts| parts.lines[index]["record"]["rseq"] = 77_777.into();
            refused(damaged(bundle, elsewhere), at(index), "entries.jsonl");
        }
        refused(damaged(bundle, |parts| parts.entries.swap(50, 51)), at(50), "another entry");
        refused(damaged(bundle, |parts| parts.entries[20].truncate(80)), at(20), "altered");
        // Removed from both lists, so that the rest moves up.
        let both = |parts: &mut Parts| drop((parts.entries.remove(60), parts.lines.remove(60)));
        refused(damaged(bundle, both), at(60), "missing");
        // Altered together with the hash beside it: the next of its epoch knows.
        let fitted = |parts: &mut Parts| {
            let end = parts.entries[10].len() - 1;
            parts.entries[10][end] ^= 1;
            parts.lines[10]["leafHash"] = STANDARD.encode(tree::leaf(&parts.entries[10])).into();
        };
        let verdicts = verify(&past, &damaged(bundle, fitted));
        assert!(verdicts.iter().all(|(exit, said)| *exit == 3 && said.contains("NOT VERIFIED")), "{verdicts:?}");

        let cut = copied(bundle);
        let whole = fs::read(cut.join("entries.bin")).unwrap();
        fs::write(cut.join("entries.bin"), &whole[..whole.len() - 7]).unwrap();
        refused(cut, at(count - 1), "ends here");
        let longer = copied(bundle);
        fs::write(longer.join("entries.bin"), [&whole[..], b"\x00\x01x"].concat()).unwrap();
        refused(longer, at(count), "something follows");

        let key = LedgerKey::from_seed(&[1; 32]);
        let other = leadkeep::ledger::key::public_pem(&key.public()).unwrap();
        refused(edited(bundle, "ledger.pub", |_| other), None, "not signed by the key");
        let head = Checkpoint::open(&fs::read_to_string(bundle.join("checkpoint")).unwrap(), &past.key.public()).unwrap();
        let forged = Checkpoint { root: [3; 32], ..head.clone() };
        let body = head.body();
        refused(edited(bundle, "checkpoint", |note| note.replace(&body, &forged.body())), None, "not signed by the key");
        refused(edited(bundle, "checkpoint", |_| forged.sign(&key)), None, "not signed by the key");
        // Signed, but of something else: whoever has the key would have to forge the records too.
        refused(edited(bundle, "checkpoint", |_| forged.sign(&past.key)), None, "do not lead to the root");
        refused(
            edited(bundle, "checkpoint", |_| Checkpoint { size: head.size + 1, ..head.clone() }.sign(&past.key)),
            None,
            "another log or tree",
        );
        refused(manifest(bundle, |about| about["origin"] = "other".into()), None, "another log or tree");
        refused(manifest(bundle, |about| about["format"] = "other".into()), None, "unknown format");
        refused(manifest(bundle, |about| about["to"] = 5.into()), (from == 0).then_some(5), "");
        if from > 0 {
            refused(manifest(bundle, |about| flip(&mut about["leftEdge"][0])), None, "do not lead to the root");
            refused(manifest(bundle, |about| flip(&mut about["consistency"][0])), None, "do not lead to the root");
            refused(manifest(bundle, |about| drop(about["leftEdge"].as_array_mut().unwrap().pop())), None, "contradicts itself");
            let short = |about: &mut Value| drop(about["consistency"].as_array_mut().unwrap().pop());
            refused(manifest(bundle, short), None, "do not lead to the root");
        }
        // What only a reader of all the bytes can tell.
        let renamed = damaged(bundle, |parts| parts.lines[3]["record"]["decision"] = "DENIED".into());
        let (exit, said) = &verify(&past, &renamed)[0];
        assert!(*exit == 3 && said.contains(&format!("index {}: the line", from + 3)), "{said}");
    }
});

on_both_backends!(a_kept_checkpoint_tells_a_cut_and_a_fork, |world| async {
    let past = past(world).await;
    let kept = Checkpoint::open(&past.kept, &past.key.public()).unwrap();
    let bundle = past.export("bundle", &[]);
    let late = past.export("late", &["--from", "300"]);
    let [bundle, late] = [bundle.to_str().unwrap(), late.to_str().unwrap()];
    let same = past.write("same", &past.kept);
    let forked = past.write("forked", &Checkpoint { root: [9; 32], ..kept.clone() }.sign(&past.key));
    let cut = past.write("cut", &Checkpoint { size: 100_000, ..kept.clone() }.sign(&past.key));
    let unsigned = past.write("unsigned", &kept.sign(&LedgerKey::from_seed(&[1; 32])));
    for (arguments, exit, says) in [
        (&["--checkpoint", &same][..], 0, "is of this log"),
        (&["--checkpoint", &forked], 3, "history was rewritten"),
        (&["--checkpoint", &cut], 3, "its end was cut off"),
        (&["--checkpoint", &unsigned], 1, "no checkpoint that this key signed"),
        (&[bundle, "--checkpoint", &same], 0, "is of this log"),
        (&[bundle, "--checkpoint", &forked], 3, "another one than the checkpoint"),
        (&[bundle, "--checkpoint", &cut], 1, "cannot be compared"),
        (&[late, "--checkpoint", &same], 1, "cannot be compared"),
    ] {
        let (found, said) = past.run(&[&["ledger", "verify"], arguments].concat());
        assert!(found == exit && said.contains(says), "{arguments:?}: {found} {said}");
    }
});

on_both_backends!(a_receipt_finds_its_record_or_proves_that_it_was_left_out, |world| async {
    let past = past(world).await;
    let bundle = past.export("bundle", &[]);
    let early = past.export("early", &["--to", "20"]);
    let [bundle, early] = [bundle.to_str().unwrap(), early.to_str().unwrap()];
    let receipt = ledger::receipt(&serde_json::from_str(&past.answer).unwrap()).unwrap();
    let signed = |rseq, leaf| {
        let Receipt { epoch, rseq, leaf, signature } = Receipt::sign(&past.key, receipt.epoch, rseq, leaf);
        format!("{epoch} {rseq} {} {}", STANDARD.encode(leaf), STANDARD.encode(signature))
    };
    let answer = past.write("answer", &past.answer);
    let replaced = past.write("replaced", &signed(receipt.rseq, [1; 32]));
    let left_out = past.write("left-out", &signed(100_000, receipt.leaf));
    let unsigned = past.write("unsigned", &past.answer.replace(&STANDARD.encode(receipt.leaf), &STANDARD.encode([1; 32])));
    let proof = past.write("proof", &past.proof);
    let moved = past.write("moved", &past.proof.replace("\"index\":", "\"index\":1"));
    for (arguments, exit, says) in [
        (&[&answer[..]][..], 0, "in the log: record "),
        (&[&answer, "--proof", &proof], 0, "in the log: record "),
        (&[&answer, "--proof", &moved], 1, "does not prove"),
        (&[&replaced, "--proof", &proof], 1, "does not prove"),
        (&[&replaced], 3, "another record stands in its place"),
        (&[&left_out], 3, "left out or removed"),
        (&[&unsigned], 1, "it promises nothing"),
        (&[&answer, "--bundle", bundle], 0, "in the log: record "),
        (&[&replaced, "--bundle", bundle], 3, "but not it"),
        (&[&left_out, "--bundle", bundle], 1, "ask for a larger or a newer one"),
        (&[&answer, "--bundle", early], 1, "ask for a larger or a newer one"),
        (&[bundle], 1, "bundle: "),
    ] {
        let (found, said) = past.run(&[&["ledger", "check-receipt"], arguments].concat());
        assert!(found == exit && said.contains(says), "{arguments:?}: {found} {said}");
    }
    // And the index is that of the record.
    let said = past.run(&["ledger", "check-receipt", &answer]).1;
    let index: usize = said.split("is at index ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(tree::leaf(&Parts::read(Path::new(bundle)).entries[index]), receipt.leaf);
});
