//! The databases: their schema, the guards on the ledger, and settings under which nothing may be promised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{
    domain::Id,
    store::{Location, Store},
};
use serde_json::json;
use support::{Table, company, on_both_backends, on_both_databases};

on_both_databases!(migrating_again_changes_nothing, |home| async {
    assert_eq!(Store::migrate(&home.location()).await.unwrap(), 0);
    let store = Store::open(&home.location(), 2).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.generation().await.unwrap(), 0);
});

on_both_databases!(the_database_refuses_to_rewrite_the_ledger, |home| async {
    let insert = "INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES (0, 1, 0, 1)";
    home.tamper(Table::Ledger, insert).await.unwrap();
    for sql in ["UPDATE ledger_run SET length = 2", "DELETE FROM ledger_run"] {
        let refused = home.tamper(Table::Ledger, sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
});

#[tokio::test]
async fn a_postgresql_that_may_lose_commits_is_refused() {
    let home = support::Home::new(support::Backend::Postgres).await;
    let url = home.database_url.clone().unwrap();
    let name = support::postgres::psql(&url, "SELECT current_database()").unwrap();
    support::postgres::psql(&url, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    let refused = Store::open(&Location::Postgres(url), 2).await.unwrap_err().to_string();
    assert!(refused.contains("synchronous_commit=off"), "{refused}");
}

#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    let home = support::Home::new(support::Backend::Sqlite).await;
    for file in ["leadkeep.db", "ledger.db"] {
        let mode = std::fs::metadata(home.folder().join(file)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_server_goes_on_when_its_connections_were_ended() {
    let world = support::World::start(support::Backend::Postgres).await;
    let rep = world.caller(company::REP).await;
    let document = format!("{{ lead(id: \"{}\") {{ id }} }}", Id(*company::LEADS.start()));
    assert_eq!(rep.graphql(&document, json!({})).await.status, 200);
    let end =
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended = support::postgres::psql(world.home.database_url.as_deref().unwrap(), end).unwrap();
    assert_ne!(ended, "0");
    // Whoever is handed one that is gone hears of it; those that were kept with it are not handed to others.
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(rep.graphql(&document, json!({})).await.status);
    }
    assert_eq!(answers[10..], [200; 10], "{answers:?}");
    world.shutdown().await;
}

on_both_backends!(a_server_answers, |world| async {
    assert_eq!(world.anonymous().get("/healthz").await.status, 200);
    let sibling = world.sibling().await;
    assert_eq!(support::Caller::anonymous(&sibling.url).get("/healthz").await.status, 200);
    world.shutdown().await;
});
