//! A restored backup or a fork is noticed, and nothing is answered until the operator has acknowledged it.

use leadkeep::{
    audit,
    config::Settings,
    ledger::{Breach, Checkpoint},
    server,
};
use serde_json::json;

use crate::{
    ASK, log_key, metric, on_both,
    support::{self, Backend, Caller, Home, Table, TestClock, WitnessProcess, World, company, on_both_backends, process},
    text, until, vkey, world,
};

/// Refused with 503, told by `/readyz`, the metrics and the command line, which refuses as well.
pub(crate) async fn halted(url: &str, home: &Home, caller: &Caller) {
    let ready = Caller::anonymous(url).get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("not the one that was seen before"), "{}", ready.text);
    let answer = caller.graphql(ASK, json!({})).await;
    assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")), "{}", answer.text);
    let shown = process::run(home, &["ledger", "status"]);
    assert!(shown.status.code() == Some(3) && text(&shown).contains("FOUND "), "{}", text(&shown));
    let refused = process::run(home, &["team", "add", "Nobody"]);
    assert!(refused.status.code() == Some(1) && text(&refused).contains("nothing was done"), "{}", text(&refused));
}

/// The operator acknowledges; then everything goes on, and the verifier tells of it.
pub(crate) async fn acknowledged(url: &str, home: &Home, caller: &Caller, reason: &str) {
    let done = process::run(home, &["ledger", "acknowledge", "--reason", reason]);
    assert!(done.status.success() && text(&done).contains("acknowledged: the log "), "{}", text(&done));
    until("answers again", async || (caller.graphql(ASK, json!({})).await.status == 200).then_some(())).await;
    assert_eq!(Caller::anonymous(url).get("/readyz").await.status, 200);
    let shown = process::run(home, &["ledger", "status"]);
    assert!(shown.status.success() && text(&shown).contains(reason), "{}", text(&shown));
    let again = process::run(home, &["ledger", "acknowledge", "--reason", "again"]);
    assert_eq!(again.status.code(), Some(4), "{}", text(&again));
}

async fn verified_but_for_what_was_acknowledged(home: &Home) {
    let verified = process::run(home, &["ledger", "verify"]);
    let said = text(&verified);
    assert!(
        verified.status.success() && said.contains("acknowledged by the operator") && said.contains("but for what was acknowledged"),
        "{said}"
    );
}

const FILES: [&str; 2] = ["leadkeep.db", "ledger.db"];

/// A copy of both databases, and putting it back.
pub(crate) enum Backup {
    Files(tempfile::TempDir),
    Database(String),
}

impl Backup {
    pub(crate) fn take(home: &Home) -> Self {
        if let Some(url) = &home.database_url {
            return Self::Database(support::postgres::dump(url));
        }
        let folder = tempfile::tempdir().unwrap();
        for name in FILES {
            // A copy of the files would be torn if the server that has just ended still moved its log into them.
            let database = rusqlite::Connection::open(home.folder().join(name)).unwrap();
            database.execute("VACUUM INTO ?1", [folder.path().join(name).to_str().unwrap()]).unwrap();
        }
        Self::Files(folder)
    }

    pub(crate) fn put_back(&self, home: &Home) {
        match self {
            Self::Files(folder) => {
                // Removed first: whoever still has them open writes to what is gone.
                for name in FILES {
                    for part in ["", "-wal", "-shm"] {
                        let _ = std::fs::remove_file(home.folder().join(format!("{name}{part}")));
                    }
                    std::fs::copy(folder.path().join(name), home.folder().join(name)).unwrap();
                }
            }
            Self::Database(dump) => support::postgres::restore(home.database_url.as_deref().unwrap(), dump),
        }
    }
}

/// A server in this process on these databases.
pub(crate) async fn serve(settings: &Settings) -> (server::RunningServer, String) {
    let random = std::sync::Arc::new(support::SeededRandom::new(11));
    let core = server::build_core(settings, std::sync::Arc::new(TestClock::running()), random).await.unwrap();
    let running = server::start(core, settings).await.unwrap();
    let url = format!("http://{}", running.address);
    (running, url)
}

/// A backup, then records, then the backup put back.
async fn restored(world: World) -> (Home, Settings, Caller) {
    let rep = world.caller(company::REP).await;
    let (settings, token) = (world.settings.clone(), rep.token.clone().unwrap());
    let home = world.shutdown().await;
    let backup = Backup::take(&home);
    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(&token);
    for _ in 0..20 {
        rep.graphql(ASK, json!({})).await.data();
    }
    running.shutdown().await;
    backup.put_back(&home);
    (home, settings, rep)
}

async fn a_restored_backup_is_noticed_without_a_witness(backend: Backend) {
    let world = World::with(backend, |_| {}).await;
    let (home, settings, rep) = restored(world).await;
    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(rep.token.as_ref().unwrap());
    halted(&url, &home, &rep).await;
    acknowledged(&url, &home, &rep, "Disk failed, restored the nightly backup").await;
    running.shutdown().await;
    verified_but_for_what_was_acknowledged(&home).await;
    // And the next start finds nothing new.
    let (running, url) = serve(&settings).await;
    assert_eq!(Caller::anonymous(&url).get("/readyz").await.status, 200);
    running.shutdown().await;
}

async fn a_restored_backup_is_noticed_by_the_witness(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::start(folder.path(), &[&vkey()]);
    let world = world(backend, &witness, |_| {}).await;
    let seen = |text: &str| Checkpoint::open(text, &log_key().public()).map_or(0, |head| head.size);
    let (settings, rep) = (world.settings.clone(), world.caller(company::REP).await);
    let home = world.shutdown().await;
    let backup = Backup::take(&home);
    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(rep.token.as_ref().unwrap());
    let before = seen(&rep.get("/ledger/checkpoint").await.text);
    for _ in 0..20 {
        rep.graphql(ASK, json!({})).await.data();
    }
    until("the witness to see it", async || (seen(&rep.get("/ledger/witnessed").await.text) >= before + 20).then_some(())).await;
    running.shutdown().await;
    backup.put_back(&home);
    std::fs::remove_file(home.folder().join("ledger.seen")).unwrap();

    let (running, url) = serve(&settings).await;
    let rep = Caller::anonymous(&url).with_token(rep.token.as_ref().unwrap());
    halted(&url, &home, &rep).await;
    acknowledged(&url, &home, &rep, "Restored on purpose").await;
    // The witness signs no other history, and the status says so, but nothing is halted again, not even beyond its head.
    for _ in 0..30 {
        rep.graphql(ASK, json!({})).await.data();
    }
    let said = until("what to do about the witness", async || {
        let shown = text(&process::run(&home, &["ledger", "status"]));
        shown.contains("replace it by a new witness").then_some(shown)
    })
    .await;
    assert!(said.contains("FAILING since"), "{said}");
    assert_eq!(rep.get("/readyz").await.status, 200);
    running.shutdown().await;
    verified_but_for_what_was_acknowledged(&home).await;
}

async fn a_fork_is_noticed_by_the_witness(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::start(folder.path(), &[&vkey()]);
    let world = world(backend, &witness, |settings| settings.ledger.witnesses.clear()).await;
    let (mut settings, rep) = (world.settings.clone(), world.caller(company::REP).await);
    settings.ledger.witnesses = vec![audit::Witness { key: witness.key.clone(), url: witness.url.clone() }];
    let home = world.shutdown().await;
    let backup = Backup::take(&home);
    let (running, url) = serve(&settings).await;
    let seen = |text: &str| Checkpoint::open(text, &log_key().public()).map_or(0, |head| head.size);
    let before = seen(&rep.with_url(&url).get("/ledger/checkpoint").await.text);
    for _ in 0..5 {
        rep.with_url(&url).graphql(ASK, json!({})).await.data();
    }
    let known = until("the witness to see it", async || {
        Some(seen(&rep.with_url(&url).get("/ledger/witnessed").await.text)).filter(|size| *size >= before + 5)
    })
    .await;
    running.shutdown().await;
    // Another history of more records, signed with the same key while nobody was looking.
    backup.put_back(&home);
    std::fs::remove_file(home.folder().join("ledger.seen")).unwrap();
    let unwitnessed = Settings { ledger: audit::Settings { witnesses: Vec::new(), ..settings.ledger.clone() }, ..settings.clone() };
    let (running, url) = serve(&unwitnessed).await;
    for _ in 0..40 {
        rep.with_url(&url).graphql(ASK, json!({})).await.data();
    }
    running.shutdown().await;
    std::fs::remove_file(home.folder().join("ledger.seen")).unwrap();

    let (running, url) = serve(&settings).await;
    let found = running_breach(&home).await;
    assert!(matches!(found, Breach::Forked { known: size } if size >= known), "{found}");
    halted(&url, &home, &rep.with_url(&url)).await;
    running.shutdown().await;
}

async fn running_breach(home: &Home) -> Breach {
    let store = leadkeep::store::Store::open(&home.location(), 2).await.unwrap();
    store.breaches().await.unwrap().first().unwrap().breach
}

on_both_backends!(a_record_held_back_is_acknowledged_and_told_of_for_good, |world| async {
    let rep = world.caller(company::REP).await;
    rep.graphql(ASK, json!({})).await.data();
    world.core.recorder.fold_now().await.unwrap();
    let epoch = *world.core.recorder.epochs().last().unwrap();
    let next = world.core.store.ledger_entries_back(epoch, u64::MAX, 1).await.unwrap()[0].rseq + 1;
    let (zero, text_of) = if world.home.backend == Backend::Sqlite {
        ("zeroblob(32)", "x'00'")
    } else {
        ("decode(repeat('00', 32), 'hex')", "'\\x00'::bytea")
    };
    let slipped = format!("INSERT INTO ledger_entry (epoch, rseq, leaf, body) VALUES ({}, {next}, {zero}, {text_of})", epoch.0);
    world.home.tamper(Table::Ledger, &slipped).await.unwrap();
    world.core.recorder.fold_now().await.unwrap();
    assert!(!world.core.recorder.standing().is_sound());
    rep.graphql(ASK, json!({})).await.data();
    let found = process::run(&world.home, &["ledger", "verify"]);
    assert_eq!(found.status.code(), Some(3), "{}", text(&found));
    let done = process::run(&world.home, &["ledger", "acknowledge", "--reason", "A test slipped it in"]);
    assert!(done.status.success() && text(&done).contains("has no place in the tree"), "{}", text(&done));
    until("the server to know", async || world.core.recorder.standing().is_sound().then_some(())).await;
    let ready = world.anonymous().get("/readyz").await;
    assert_eq!((ready.status, &ready.text[..]), (200, "ready\n"));
    assert_eq!(metric(&world, "leadkeep_ledger_refused").await, "leadkeep_ledger_refused 0");
    let home = world.shutdown().await;
    let verified = process::run(&home, &["ledger", "verify"]);
    assert!(verified.status.success() && text(&verified).contains("still so: "), "{}", text(&verified));
    verified_but_for_what_was_acknowledged(&home).await;
});

on_both! {
    a_restored_backup_is_noticed_without_a_witness
    a_restored_backup_is_noticed_by_the_witness
    a_fork_is_noticed_by_the_witness
}
