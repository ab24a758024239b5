//! SIGKILL in mid-load: whatever answer a client holds in full, its record stands in the ledger, and what was answered
//! is what the record says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and says its seed")]

mod support;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use leadkeep::{
    domain::{Id, Random},
    ledger::Receipt,
};
use serde_json::{Value, json};
use support::{
    Backend, Caller, SeededRandom, World, company,
    ledger::{self, LedgerCopy},
    process::{self, Process},
};
use tokio::sync::Notify;

const ROUNDS_SQLITE: usize = 20;
const ROUNDS_POSTGRES: usize = 5;
const CLIENTS: u64 = 16;

/// An answer that arrived whole.
struct Held {
    receipt: Receipt,
    /// Ids of the leads in it.
    leads: BTreeSet<Id>,
    /// The lead it says was changed.
    changed: Option<Id>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_times_on_sqlite() {
    rounds(Backend::Sqlite, ROUNDS_SQLITE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_times_on_postgres() {
    rounds(Backend::Postgres, ROUNDS_POSTGRES).await;
}

async fn rounds(backend: Backend, rounds: usize) {
    let home = World::start(backend).await.shutdown().await;
    let key = ledger::public_key(&home);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed {seed}");
    let random = SeededRandom::new(seed);
    let mut held = 0;
    for round in 0..rounds {
        let process = Process::serve(&home).await;
        let (answers, first) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let score = Arc::new(AtomicU64::new(0));
        let people = [company::REP, company::MANAGER, company::ANALYST, company::AUDITOR];
        let mut callers = Vec::new();
        for person in people {
            callers.push(Caller::anonymous(&process.url).sign_in(person.email, company::PASSWORD).await);
        }
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let caller = callers[number as usize % people.len()].clone();
                tokio::spawn(client(number, caller, score.clone(), answers.clone(), first.clone()))
            })
            .collect();
        tokio::time::timeout(Duration::from_mins(1), first.notified()).await.expect("nobody was answered");
        tokio::time::sleep(Duration::from_micros(number(&random) % 500_000)).await;
        process.kill();
        for client in clients {
            client.await.unwrap();
        }
        let answers = std::mem::take(&mut *answers.lock().unwrap());
        held += answers.len();
        let copy = LedgerCopy::read(&home).await;
        for answer in &answers {
            let record = copy.promised(&answer.receipt, &key).record;
            let recorded: BTreeSet<Id> = record.disclosures.iter().flat_map(|shown| shown.leads.iter().copied()).collect();
            assert_eq!(recorded, answer.leads, "leads recorded, leads answered");
            let changed = answer.changed.map(|lead| lead.to_string());
            assert!(changed.is_none_or(|lead| record.changed.iter().any(|one| one.item == lead)), "a change that its record does not name");
        }
        let verified = process::run(&home, &["ledger", "verify"]);
        assert!(verified.status.success(), "round {round}, seed {seed}: {}", String::from_utf8_lossy(&verified.stdout));
    }
    // One more start appends what the last crash left in the outbox.
    drop(Process::serve(&home).await);
    let left = ledger::outbox(&home).await;
    assert_eq!(left, 0, "changes without a record");
    let verified = process::run(&home, &["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    println!("{held} answers held, all of them recorded");
}

fn number(random: &SeededRandom) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Asks until the server is gone; keeps every answer that arrived whole.
async fn client(number: u64, caller: Caller, score: Arc<AtomicU64>, answers: Arc<Mutex<Vec<Held>>>, first: Arc<Notify>) {
    for turn in number.. {
        let lead = Id(company::LEADS.start() + (turn % 4 * 4) as i64).to_string();
        let (document, variables) = match turn % 5 {
            0 => ("{ leads(first: 10) { nodes { id company emails } } }", json!({})),
            1 => ("query($id: ID!) { lead(id: $id) { id stage notes } }", json!({ "id": lead })),
            2 => (
                "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id score } } }",
                json!({ "input": { "id": lead, "values": { "score": score.fetch_add(1, Ordering::Relaxed) % 100 } } }),
            ),
            3 => ("{ accessLog(first: 5) { edges { node { index } } } }", json!({})),
            _ => ("{ leads(first: 3, orderBy: {field: SCORE}) { nodes { id } } }", json!({})),
        };
        let body = json!({ "query": document, "variables": variables });
        let sent = caller.request(reqwest::Method::POST, "/graphql").json(&body).send().await;
        let Ok(response) = sent else { return };
        let Ok(text) = response.bytes().await else { return };
        let answer: Value = serde_json::from_slice(&text).expect("a whole answer is JSON");
        let Some(receipt) = ledger::receipt(&answer) else {
            assert!(answer["data"].is_null(), "data without a receipt: {answer}");
            continue;
        };
        let changed = answer["data"]["updateLead"]["lead"]["id"].as_str().map(|id| id.parse().unwrap());
        answers.lock().unwrap().push(Held { receipt, leads: ids(&answer["data"]), changed });
        first.notify_one();
    }
}

/// Every lead id in an answer.
fn ids(value: &Value) -> BTreeSet<Id> {
    match value {
        Value::Array(items) => items.iter().flat_map(ids).collect(),
        Value::Object(members) => {
            let own = members.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
            members.values().flat_map(ids).chain(own).collect()
        }
        _ => BTreeSet::new(),
    }
}
