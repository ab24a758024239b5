//! A disk that stands still: what waits for it is bounded, everybody else is told at once to come back, and memory stays as
//! it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use reqwest::{Method, header::RETRY_AFTER};
use serde_json::json;
use support::{
    Backend, Caller, PATIENCE, World, company, ledger, on_both_backends,
    process::{self, Process},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LEADS: &str = "{ leads(first: 5) { nodes { id company emails } } }";
/// How many records may wait in these tests.
const QUEUE: usize = 4;

on_both_backends!(
    what_does_not_fit_the_queue_is_refused_unread,
    settings | settings | {
        settings.ledger.queue = QUEUE;
    },
    |world| async {
        let rep = world.caller(company::REP).await;
        rep.graphql(LEADS, json!({})).await.data();
        let held = world.home.hold_ledger().await;
        let waiting: Vec<_> = (0..QUEUE)
            .map(|_| {
                let rep = rep.clone();
                tokio::spawn(async move { rep.graphql(LEADS, json!({})).await })
            })
            .collect();
        while world.core.recorder.waiting().0 < QUEUE {
            tokio::task::yield_now().await;
        }
        let refused = rep.request(Method::POST, "/graphql").json(&json!({ "query": LEADS })).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()[RETRY_AFTER].as_bytes()), (503, &b"1"[..]));
        assert!(refused.text().await.unwrap().contains("AUDIT_UNAVAILABLE"));
        // Of a body that never comes nothing is waited for.
        let mut stream = TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = "POST /graphql HTTP/1.1\r\nHost: leadkeep\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&answer[..length]));
        let token = world.anonymous().request(Method::POST, "/auth/token").body("grant_type=client_credentials").send().await.unwrap();
        assert_eq!((token.status().as_u16(), token.headers()[RETRY_AFTER].as_bytes()), (503, &b"1"[..]));
        let ready = world.anonymous().request(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.status().as_u16(), 503);
        assert!(ready.text().await.unwrap().contains("wait for the disk"));

        held.release().await;
        for asked in waiting {
            assert!(ledger::receipt(&asked.await.unwrap().json).is_some(), "what waited is answered");
        }
        rep.graphql(LEADS, json!({})).await.data();
    }
);

/// The real program: thousands of requests with long documents against a disk that takes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_as_it_is() {
    let home = World::start(Backend::Sqlite).await.shutdown().await;
    let settings = [("LEADKEEP_LEDGER_QUEUE_BYTES", "4194304"), ("LEADKEEP_LEDGER_PATIENCE", "5000")];
    let process = Process::serve_with(&home, &settings).await;
    let rep = Caller::anonymous(&process.url).sign_in(company::REP.email, company::PASSWORD).await;
    let padding = "#".repeat(50_000);
    let hammer = async |requests: usize| {
        let clients = (0..50).map(|client| {
            let (rep, padding) = (rep.clone(), &padding);
            async move {
                let mut withheld = 0;
                for turn in 0..requests / 50 {
                    let document = format!("{LEADS} {padding} {client} {turn} {requests}");
                    withheld += usize::from(rep.graphql(&document, json!({})).await.status == 503);
                }
                withheld
            }
        });
        futures_util::future::join_all(clients).await.into_iter().sum::<usize>()
    };
    assert_eq!(hammer(500).await, 0, "nothing is wrong yet");
    let held = home.hold_ledger().await;
    assert_eq!(hammer(1_000).await, 1_000);
    let before = process.resident();
    assert_eq!(hammer(4_000).await, 4_000);
    let grown = process.resident().saturating_sub(before);
    assert!(grown < 16 * 1_024, "{grown} KiB more after 200 MB of documents that nobody could record");
    held.release().await;
    let goes_on = async {
        while rep.graphql("{ viewer { kind } }", json!({})).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, goes_on).await.expect("it does not go on");
    drop(process);
    let verified = process::run(&home, &["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
