//! SIGKILL in mid-load, on a disk that misbehaves as well: whatever answer a client holds in full, its record stands in the
//! ledger, what was answered is what the record says, no change is without a record, nothing is there by half, and the server
//! starts again by itself.
//!
//! `TEST_KILLS=all` kills two hundred times instead of twenty-five; `scripts/test` and so `.ci/run` do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and says its seed")]

mod support;

use std::{
    collections::{BTreeSet, HashMap},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ed25519_dalek::VerifyingKey;
use leadkeep::{
    domain::{Id, Random},
    ledger::Receipt,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use support::{
    Backend, Caller, Home, PATIENCE, SeededRandom, Watchdog, World, company,
    faulty_disk::{Fault, FaultyDisk},
    ledger::{self, LedgerCopy},
    postgres,
    process::{self, Process},
};
use tokio::sync::Notify;

const CLIENTS: u64 = 16;
/// After so many rounds the ledger begins anew, so that verifying it takes no longer and longer.
const ROUNDS_OF_A_WORLD: usize = 20;
/// Whatever port a server has, tokens of the one before stay good.
const SETTINGS: [(&str, &str); 2] = [("LEADKEEP_AUTH_ISSUER", "http://leadkeep.test"), ("LEADKEEP_LEDGER_RESERVE", "1048576")];

/// What is wrong with the disk in a round, in turn. Chances are of a million.
const WRONG: [&[(Fault, u64)]; 8] = [
    &[],
    &[(Fault::ShortWrite, 300_000)],
    &[(Fault::TornWrite, 10_000)],
    &[(Fault::WriteError, 10_000)],
    &[(Fault::SyncError, 30_000)],
    &[(Fault::NoSpace, 10_000)],
    &[(Fault::SlowSync, 5_000)],
    &[
        (Fault::ShortWrite, 100_000),
        (Fault::TornWrite, 3_000),
        (Fault::WriteError, 3_000),
        (Fault::SyncError, 10_000),
        (Fault::SlowSync, 1_000),
    ],
];

/// An answer that arrived whole.
struct Held {
    receipt: Receipt,
    /// Ids of the leads in it.
    leads: BTreeSet<Id>,
    /// The lead it says was changed.
    changed: Option<Id>,
    /// Whether something of it failed: then its record may name more than it shows.
    failed: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    kill(Backend::Sqlite, 20, 160).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    kill(Backend::Postgres, 5, 40).await;
}

async fn kill(backend: Backend, few: usize, all: usize) {
    let rounds = if std::env::var("TEST_KILLS").is_ok_and(|kills| kills == "all") { all } else { few };
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed {seed}");
    let random = SeededRandom::new(seed);
    let (mut done, mut held, mut seen) = (0, 0, HashMap::new());
    while done < rounds {
        let of_this = ROUNDS_OF_A_WORLD.min(rounds - done);
        held += world(backend, done..done + of_this, &random, &mut seen).await;
        done += of_this;
    }
    println!("{rounds} kills, {held} answers held, all of them recorded; of the disk's faults: {seen:?}");
    if backend == Backend::Sqlite && rounds == all {
        assert!(Fault::ALL.iter().filter(|fault| **fault != Fault::Room).all(|fault| seen.contains_key(&format!("{fault:?}"))), "{seen:?}");
    }
}

/// Some rounds on databases of their own; returns how many answers were held.
async fn world(backend: Backend, rounds: std::ops::Range<usize>, random: &SeededRandom, seen: &mut HashMap<String, u64>) -> usize {
    let _watched = Watchdog::start("killed");
    let home = World::start(backend).await.shutdown().await;
    let key = ledger::public_key(&home);
    let disk = FaultyDisk::under(&home, number(random));
    let mut process = Process::serve_on(&home, &disk, &SETTINGS).await;
    let people = [company::REP, company::MANAGER, company::ANALYST, company::AUDITOR];
    let mut callers = Vec::new();
    for person in people {
        callers.push(Caller::anonymous(&process.url).sign_in(person.email, company::PASSWORD).await);
    }
    let score = Arc::new(AtomicU64::new(0));
    let mut held = 0;
    for round in rounds {
        let (answers, first) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let mut caller = callers[number as usize % people.len()].clone();
                caller.url.clone_from(&process.url);
                tokio::spawn(client(number, caller, score.clone(), answers.clone(), first.clone()))
            })
            .collect();
        somebody_is_answered(&first).await;
        for (fault, value) in WRONG[round % WRONG.len()] {
            disk.set(*fault, *value);
        }
        tokio::time::sleep(Duration::from_micros(number(random) % 500_000)).await;
        if backend == Backend::Postgres && round % 2 == 1 {
            kill_a_backend(&home);
            // One answer of each client may have been on its way.
            let before = answers.lock().unwrap().len();
            while answers.lock().unwrap().len() <= before + CLIENTS as usize {
                somebody_is_answered(&first).await;
            }
        }
        process.kill();
        for client in clients {
            client.await.unwrap();
        }
        disk.mend();
        process = Process::serve_on(&home, &disk, &SETTINGS).await;
        ledger::outbox_empties(&home).await;
        let answers = std::mem::take(&mut *answers.lock().unwrap());
        held += answers.len();
        check(&home, &key, &answers).await;
        let verified = process::run(&home, &["ledger", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stdout));
    }
    drop(process);
    for fault in Fault::ALL.into_iter().filter(|fault| disk.seen(*fault) > 0) {
        *seen.entry(format!("{fault:?}")).or_default() += disk.seen(fault);
    }
    held
}

async fn somebody_is_answered(first: &Notify) {
    tokio::time::timeout(PATIENCE, first.notified()).await.expect("nobody was answered");
}

/// As the kernel does when memory runs out: PostgreSQL then ends all its sessions and recovers.
fn kill_a_backend(home: &Home) {
    let url = home.database_url.as_deref().unwrap();
    let backends = "SELECT pid FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1";
    let pid = postgres::psql(url, backends).unwrap();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success(), "there was no backend to kill");
}

/// Every answer has its record, every change has one, and the files are whole.
async fn check(home: &Home, key: &VerifyingKey, answers: &[Held]) {
    let copy = LedgerCopy::read(home).await;
    for answer in answers {
        let record = copy.promised(&answer.receipt, key).record;
        let recorded: BTreeSet<Id> = record.disclosures.iter().flat_map(|shown| shown.leads.iter().copied()).collect();
        assert!(
            if answer.failed { recorded.is_superset(&answer.leads) } else { recorded == answer.leads },
            "leads recorded, leads answered"
        );
        let changed = answer.changed.map(|lead| lead.to_string());
        assert!(changed.is_none_or(|lead| record.changed.iter().any(|one| one.item == lead)), "a change that its record does not name");
    }
    let mut recorded: HashMap<String, i64> = HashMap::new();
    for changed in copy.entries().flat_map(|entry| entry.record.changed).filter(|changed| changed.kind == "lead") {
        *recorded.entry(changed.item).or_default() += 1;
    }
    let database = home.connect().await;
    for lead in entity::lead::Entity::find().all(&database).await.unwrap() {
        let changes = recorded.get(&Id(lead.id).to_string()).copied().unwrap_or_default();
        assert!(lead.version - 1 <= changes, "lead {}: version {}, {changes} changes recorded", Id(lead.id), lead.version);
    }
    database.close().await.unwrap();
    if home.backend == Backend::Sqlite {
        for file in ["leadkeep.db", "ledger.db"] {
            let database = rusqlite::Connection::open(home.folder().join(file)).unwrap();
            let whole: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(whole, "ok", "{file}");
        }
    }
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
            tokio::task::yield_now().await;
            continue;
        };
        let changed = answer["data"]["updateLead"]["lead"]["id"].as_str().map(|id| id.parse().unwrap());
        let failed = !answer["errors"].is_null();
        answers.lock().unwrap().push(Held { receipt, leads: ids(&answer["data"]), changed, failed });
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
