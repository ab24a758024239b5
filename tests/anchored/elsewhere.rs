//! The client against somebody else's witness: `aics-witness` from PyPI, another implementation of C2SP tlog-witness.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use leadkeep::{
    audit,
    ledger::{Checkpoint, WitnessKey, checkpoint},
};
use serde_json::json;

use crate::{
    ASK, log_key, put_key,
    restored::{Backup, acknowledged, halted, serve},
    support::{Backend, Caller, Table, World, company, python},
    until, vkey,
};

/// It says that it wants Python 3.12, but runs on 3.11 as well, which Debian 12 has.
const PACKAGES: [&str; 3] = ["--ignore-requires-python", "aics-witness==0.1.0", "aics-tlog==0.2.1"];
const INSTALL: &str = "aics-witness, another implementation of a witness, could not be installed; install it with Python 3.11 or newer: \
    apt-get install -y python3-venv && python3 -m venv FOLDER && \
    FOLDER/bin/pip install --ignore-requires-python aics-witness==0.1.0 aics-tlog==0.2.1";
const FORGET: &str = "DROP TRIGGER ledger_attestation_no_delete; DELETE FROM ledger_attestation; CREATE TRIGGER ledger_attestation_no_delete \
    BEFORE DELETE ON ledger_attestation BEGIN SELECT RAISE(ABORT, 'no'); END";

/// That witness at work; killed when dropped.
struct Other {
    child: Child,
    named: audit::Witness,
}

impl Other {
    fn start(folder: &Path) -> Self {
        let program: PathBuf = python::installed("aics-witness", "aics-witness", &PACKAGES, INSTALL);
        let config = folder.join("witness.json");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let command = |name: &str| {
            let mut command = Command::new(&program);
            command.arg(name).arg("--config").arg(&config);
            command
        };
        let made = command("init").args(["--name", "witness.example/w1", "--listen", &free]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let origin = checkpoint::default_origin(&log_key().public());
        assert!(command("add-log").args(["--origin", &origin, "--vkey", &vkey()]).output().unwrap().status.success());
        let child = command("serve").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, named: audit::Witness { key, url: format!("http://{free}") } }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_implementation_of_a_witness_cosigns_and_proves_what_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let witness = Other::start(folder.path());
    let world = World::with(Backend::Sqlite, |settings| {
        put_key(settings);
        settings.ledger.witnesses = vec![witness.named.clone()];
        settings.ledger.witness_every = 1;
    })
    .await;
    let rep = world.caller(company::REP).await;
    let trusted = WitnessKey::parse(&witness.named.key).unwrap();
    let cosigned = async |rep: &Caller, size: u64| {
        until("a cosignature of somebody else's", async || {
            let note = rep.get("/ledger/witnessed").await.text;
            Checkpoint::open(&note, &log_key().public()).filter(|head| head.size >= size).map(|_| note)
        })
        .await
    };
    for round in 0..3 {
        for _ in 0..100 {
            rep.graphql(ASK, json!({})).await.data();
        }
        let size = world.core.recorder.fold_now().await.unwrap();
        let note = cosigned(&rep, size).await;
        assert!(trusted.cosigned(&note).is_some(), "round {round}: {note}");
        // The log forgets how far the witness is, and learns it from its 409.
        world.home.tamper(Table::Ledger, FORGET).await.unwrap();
    }
    let (settings, token) = (world.settings.clone(), rep.token.clone().unwrap());
    let home = world.shutdown().await;
    let backup = Backup::take(&home);
    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(&token);
    let before = Checkpoint::open(&rep.get("/ledger/checkpoint").await.text, &log_key().public()).unwrap().size;
    for _ in 0..20 {
        rep.graphql(ASK, json!({})).await.data();
    }
    cosigned(&rep, before + 20).await;
    running.shutdown().await;
    backup.put_back(&home);
    std::fs::remove_file(home.folder().join("ledger.seen")).unwrap();
    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(&token);
    halted(&url, &home, &rep).await;
    acknowledged(&url, &home, &rep, "Restored on purpose").await;
    running.shutdown().await;
}
