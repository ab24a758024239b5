//! The log anchored outside: heads cosigned by a witness in another process and stamped by OpenSSL's time stamping authority; one
//! that is down is told of and asked again; a restored backup or a fork is noticed, and nothing is answered until the operator has
//! acknowledged it, which the log itself tells for good.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod claimed;
mod elsewhere;
mod restored;
mod stamped;

use leadkeep::{
    audit,
    config::Settings,
    ledger::{Checkpoint, LedgerKey, WitnessKey, checkpoint},
    store::private,
};
use serde_json::json;
use support::{Backend, PATIENCE, WitnessProcess, World, company, process};

const ASK: &str = "{ viewer { __typename } }";
const STATUS: &str = "{ ledgerStatus { size attesters { name kind size failingSince error unproven } findings { found reason } } }";

/// The log's key is made before the server, so that a witness can know it.
fn log_key() -> LedgerKey {
    LedgerKey::from_seed(&[5; 32])
}

fn vkey() -> String {
    let public = log_key().public();
    checkpoint::verifier_key(&checkpoint::default_origin(&public), &public)
}

fn put_key(settings: &Settings) {
    private::write_file(&settings.data.join("keys/ledger.pem"), log_key().to_pem().unwrap().as_bytes()).unwrap();
}

/// A world whose log a witness knows that runs at this address.
async fn world(backend: Backend, witness: &WitnessProcess, change: impl FnOnce(&mut Settings)) -> World {
    let named = audit::Witness { key: witness.key.clone(), url: witness.url.clone() };
    World::with(backend, |settings| {
        put_key(settings);
        settings.ledger.witnesses = vec![named];
        settings.ledger.witness_every = 1;
        change(settings);
    })
    .await
}

/// Asks until the answer is the wanted one, or a minute has passed.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looked = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.unwrap_or_else(|_| panic!("not in {PATIENCE:?}: {what}"))
}

async fn status(world: &World) -> serde_json::Value {
    world.caller(company::AUDITOR).await.graphql(STATUS, json!({})).await.data()["ledgerStatus"].clone()
}

fn text(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn metric(world: &World, name: &str) -> String {
    let text = world.anonymous().get("/metrics").await.text;
    text.lines().filter(|line| line.starts_with(name)).collect::<Vec<_>>().join("\n")
}

async fn heads_are_cosigned_served_and_verified(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::start(folder.path(), &[&vkey()]);
    let world = world(backend, &witness, |_| {}).await;
    let key = WitnessKey::parse(&witness.key).unwrap();
    world.caller(company::REP).await.graphql(ASK, json!({})).await.data();
    let size = world.core.recorder.fold_now().await.unwrap();
    let note = until("a witnessed head", async || {
        let answer = world.anonymous().get("/ledger/witnessed").await;
        let head = Checkpoint::open(&answer.text, &log_key().public())?;
        (answer.status == 200 && head.size >= size).then_some(answer.text)
    })
    .await;
    assert!(key.cosigned(&note).is_some());
    // Nothing has been recorded since, so that is the newest.
    assert_eq!(world.anonymous().get("/ledger/checkpoint").await.text, note);
    let told = status(&world).await;
    assert_eq!((&told["attesters"][0]["name"], &told["attesters"][0]["kind"]), (&json!(key.name), &json!("WITNESS")));
    assert!(told["attesters"][0]["size"].as_u64().unwrap() >= size && told["attesters"][0]["failingSince"].is_null(), "{told}");
    assert_eq!(world.caller(company::REP).await.graphql(STATUS, json!({})).await.code(), Some("FORBIDDEN"));
    assert!(metric(&world, "leadkeep_ledger_unattested_since").await.ends_with(" 0"));

    let home = world.shutdown().await;
    let config = home.folder().join("leadkeep.toml");
    std::fs::write(&config, format!("[ledger]\nwitnesses = [{{ key = \"{}\", url = \"{}\" }}]\n", witness.key, witness.url)).unwrap();
    let (config, bundle) = (config.to_str().unwrap(), home.folder().join("bundle"));
    let bundle = bundle.to_str().unwrap();
    let exported = process::run(&home, &["ledger", "export", "--out", bundle, "--config", config]);
    assert!(exported.status.success(), "{}", text(&exported));
    let verified = process::run(&home, &["ledger", "verify", bundle, "--witness", &witness.key]);
    assert!(verified.status.success() && text(&verified).contains("witnessed up to size"), "{}", text(&verified));
    let verified = process::run(&home, &["ledger", "verify", "--witness", &witness.key]);
    assert!(verified.status.success() && text(&verified).contains("witnessed up to size"), "{}", text(&verified));
    let other = WitnessKey::new("other", log_key().public()).to_string();
    for arguments in [&["ledger", "verify", bundle, "--witness", &other][..], &["ledger", "verify", "--witness", &other]] {
        let refused = process::run(&home, arguments);
        assert!(refused.status.code() == Some(3) && text(&refused).contains("other has not signed"), "{}", text(&refused));
    }
    let shown = process::run(&home, &["ledger", "status", "--config", config]);
    assert!(shown.status.success() && text(&shown).contains(&format!("witness     {}", key.name)), "{}", text(&shown));
    assert!(text(&shown).contains("cosigned ") && !text(&shown).contains("FAILING"), "{}", text(&shown));
}

async fn a_witness_that_is_down_is_told_of_and_asked_again(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let witness = WitnessProcess::start(folder.path(), &[&vkey()]);
    let (url, address) = (witness.url.clone(), witness.url.trim_start_matches("http://").to_owned());
    let key = WitnessKey::parse(&witness.key).unwrap();
    let world = world(backend, &witness, |_| {}).await;
    witness.kill();
    let rep = world.caller(company::REP).await;
    rep.graphql(ASK, json!({})).await.data();
    let told = until("the failure in the status", async || {
        let told = status(&world).await;
        (!told["attesters"][0]["failingSince"].is_null()).then_some(told)
    })
    .await;
    assert!(!told["attesters"][0]["error"].as_str().unwrap().is_empty(), "{told}");
    assert!(!metric(&world, "leadkeep_ledger_unattested_since").await.ends_with(" 0"));
    assert_eq!(world.anonymous().get("/readyz").await.status, 200, "the server itself goes on");
    let size = world.core.recorder.fold_now().await.unwrap();

    let again = WitnessProcess::start_at(folder.path(), &[&vkey()], &address);
    assert_eq!(again.url, url);
    let note = until("a cosignature again", async || {
        let note = world.anonymous().get("/ledger/witnessed").await.text;
        Checkpoint::open(&note, &log_key().public()).filter(|head| head.size >= size).map(|_| note)
    })
    .await;
    assert!(key.cosigned(&note).is_some());
    until("the status to be well", async || status(&world).await["attesters"][0]["failingSince"].is_null().then_some(())).await;
}

/// Two tests of each, one on either back end.
macro_rules! on_both {
    ($($name:ident)*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(super::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(super::Backend::Postgres).await;
            }
        })*
    };
}
pub(crate) use on_both;

on_both! {
    heads_are_cosigned_served_and_verified
    a_witness_that_is_down_is_told_of_and_asked_again
}
