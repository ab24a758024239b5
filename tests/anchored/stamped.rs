//! Heads are stamped by OpenSSL's time stamping authority.

use leadkeep::ledger::Checkpoint;
use serde_json::json;

use crate::{
    ASK, log_key, on_both, put_key, status,
    support::{Backend, World, authority::Authority, company, process},
    text, until,
};

async fn heads_are_time_stamped(backend: Backend) {
    let authority = Authority::start();
    let world = World::with(backend, |settings| {
        put_key(settings);
        settings.ledger.timestamp_authority = Some(authority.url.clone());
        settings.ledger.timestamp_every = 1;
    })
    .await;
    world.caller(company::REP).await.graphql(ASK, json!({})).await.data();
    let told = until("a stamp", async || {
        let told = status(&world).await;
        (told["attesters"][0]["size"].as_u64() > Some(0)).then_some(told)
    })
    .await;
    assert_eq!(told["attesters"][0]["kind"], "AUTHORITY");
    let home = world.shutdown().await;
    let config = home.folder().join("leadkeep.toml");
    std::fs::write(&config, format!("[ledger]\ntimestamp_authority = \"{}\"\n", authority.url)).unwrap();
    let bundle = home.folder().join("bundle");
    let exported = process::run(&home, &["ledger", "export", "--out", bundle.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", text(&exported));
    assert!(process::run(&home, &["ledger", "verify", bundle.to_str().unwrap()]).status.success());
    authority.verifies(&bundle.join("checkpoint.stamped"), &bundle.join("checkpoint.tsr"));
    let stamped = std::fs::read_to_string(bundle.join("checkpoint.stamped")).unwrap();
    let checkpoint = std::fs::read_to_string(bundle.join("checkpoint")).unwrap();
    assert!(checkpoint.starts_with(&stamped) && Checkpoint::open(&stamped, &log_key().public()).is_some());
    // One that answers with an old stamp is not believed.
    authority.replays();
    let refused = home.folder().join("second");
    let exported = process::run(&home, &["ledger", "export", "--out", refused.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", text(&exported));
    let shown = text(&process::run(&home, &["ledger", "status", "--config", config.to_str().unwrap()]));
    assert!(shown.contains("FAILING") && shown.contains("something else than what was sent"), "{shown}");
}

on_both! {
    heads_are_time_stamped
}
