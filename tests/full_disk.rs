//! A full disk: what has begun ends in order, leads are neither read nor changed, operators still get in, and it goes on by
//! itself when there is room.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use serde_json::json;
use support::{
    Answer, Backend, Caller, Home, PATIENCE, Table, World, company,
    faulty_disk::{Fault, FaultyDisk},
    ledger::{self, LedgerCopy},
    process::{self, Process},
};

const RESERVE: u64 = 2 << 20;
const SETTINGS: [(&str, &str); 1] = [("LEADKEEP_LEDGER_RESERVE", "2097152")];
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";

async fn ask(caller: &Caller) -> Answer {
    caller.graphql("{ leads(first: 10) { nodes { id company emails notes } } }", json!({})).await
}

async fn change(caller: &Caller) -> Answer {
    let id = leadkeep::domain::Id(*company::LEADS.start()).to_string();
    let input = json!({ "id": id, "values": { "score": 7 } });
    caller.graphql("mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }", json!({ "input": input })).await
}

async fn sign_in(url: &str, who: company::Member, password: &str) -> Answer {
    Caller::anonymous(url).graphql(SIGN_IN, json!({ "input": { "email": who.email, "password": password } })).await
}

#[track_caller]
fn assert_full(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (503, Some("DISK_FULL")), "{}", answer.text);
    assert!(answer.header("retry-after").is_some());
    assert!(answer.json["data"].is_null() || answer.json["data"]["signIn"].is_null(), "{}", answer.text);
    assert!(!answer.text.contains("Customer") && !answer.text.contains(".example"), "lead data in {}", answer.text);
}

/// Asks until somebody is answered.
async fn answered(caller: &Caller) -> Answer {
    let asking = async {
        loop {
            let answer = ask(caller).await;
            if answer.status == 200 {
                break answer;
            }
            assert_full(&answer);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it does not go on although there is room")
}

/// What somebody sees of a server on a full disk.
async fn assert_only_operators(process: &Process, home: &Home, disk: &FaultyDisk, rep: Option<&Caller>) {
    if let Some(rep) = rep {
        for _ in 0..20 {
            assert_full(&ask(rep).await);
            assert_full(&change(rep).await);
        }
    }
    let anonymous = Caller::anonymous(&process.url);
    let ready = anonymous.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("the disk is full"), "{}", ready.text);
    assert!(anonymous.get("/metrics").await.text.contains("leadkeep_disk_full 1"));
    assert_full(&sign_in(&process.url, company::REP, company::PASSWORD).await);
    assert_eq!(sign_in(&process.url, company::REP, "not the password, but long").await.code(), Some("UNAUTHENTICATED"));
    let token = anonymous.form("/auth/token", &[("grant_type", "client_credentials")]).await;
    assert!(token.status == 503 && token.text.contains("DISK_FULL"), "{}", token.text);

    let admin = anonymous.sign_in(company::ADMIN.email, company::PASSWORD).await;
    let seen = admin.graphql("{ viewer { kind } }", json!({})).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    assert!(ledger::receipt(&seen.json).is_some());
    let port = format!("port={}", process.url.rsplit(':').next().unwrap());
    let status = process::run_on(home, disk, &["ledger", "status", "--set", &port]);
    let told = String::from_utf8_lossy(&status.stdout);
    assert!(status.status.success(), "{told}{}", String::from_utf8_lossy(&status.stderr));
    for part in ["records have their place", "signed 20", "the disk is full", "0 records wait"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fills_up_and_is_emptied() {
    let home = World::start(Backend::Sqlite).await.shutdown().await;
    let key = ledger::public_key(&home);
    let disk = FaultyDisk::under(&home, 1);
    let process = Process::serve_on(&home, &disk, &SETTINGS).await;
    let reserve = home.folder().join("reserve");
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), RESERVE);
    let rep = Caller::anonymous(&process.url).sign_in(company::REP.email, company::PASSWORD).await;
    let mut receipts = vec![ledger::receipt(&ask(&rep).await.json).unwrap(), ledger::receipt(&change(&rep).await.json).unwrap()];
    disk.set(Fault::Room, disk.used() + 64 * 1_024);
    let mut asked = 0;
    while !std::fs::exists(&reserve).is_ok_and(|there| !there) {
        for answer in [ask(&rep).await, change(&rep).await] {
            match ledger::receipt(&answer.json) {
                Some(receipt) => receipts.push(receipt),
                None => assert_full(&answer),
            }
        }
        asked += 1;
        assert!(asked < 2_000, "the disk never was full");
    }
    assert!(disk.seen(Fault::Room) > 0);
    assert_only_operators(&process, &home, &disk, Some(&rep)).await;

    disk.set(Fault::Room, disk.used() + RESERVE + (8 << 20));
    receipts.push(ledger::receipt(&answered(&rep).await.json).unwrap());
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), RESERVE, "room is kept again");
    assert_eq!(Caller::anonymous(&process.url).get("/readyz").await.status, 200);
    assert_eq!(change(&rep).await.status, 200);
    process.kill();
    let copy = LedgerCopy::read(&home).await;
    for receipt in &receipts {
        copy.promised(receipt, &key);
    }
    let verified = process::run(&home, &["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_on_a_full_disk() {
    let world = World::start(Backend::Sqlite).await;
    // A stop signs what is new: nothing can be signed on the full disk.
    ask(&world.caller(company::REP).await).await.data();
    let home = world.shutdown().await;
    let disk = FaultyDisk::under(&home, 2);
    drop(Process::serve_on(&home, &disk, &SETTINGS).await);
    disk.set(Fault::Room, disk.used());
    let process = Process::alive_on(&home, &disk, &SETTINGS).await;
    assert_only_operators(&process, &home, &disk, None).await;
    disk.set(Fault::Room, 0);
    let ready = async {
        while Caller::anonymous(&process.url).get("/readyz").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.expect("it does not go on although there is room");
    let rep = Caller::anonymous(&process.url).sign_in(company::REP.email, company::PASSWORD).await;
    assert_eq!(ask(&rep).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_says_that_its_disk_is_full() {
    let world = World::start(Backend::Postgres).await;
    let (rep, admin) = (world.caller(company::REP).await, world.caller(company::ADMIN).await);
    let refuse = |table: &str| format!("CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()");
    let raise = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$";
    world.home.tamper(Table::Main, raise).await.unwrap();
    world.home.tamper(Table::Main, &refuse("lead")).await.unwrap();
    ask(&rep).await.data();
    let failed = change(&rep).await;
    assert_full(&failed);
    assert_eq!(failed.record(&world.home).await.record.code, Some(leadkeep::policy::Code::DiskFull));
    assert_full(&ask(&rep).await);
    assert_eq!(admin.graphql("{ viewer { kind } }", json!({})).await.status, 200);
    world.home.tamper(Table::Main, "DROP TRIGGER full_disk ON lead").await.unwrap();
    answered(&rep).await;

    world.home.tamper(Table::Ledger, &refuse("ledger_entry")).await.unwrap();
    assert_full(&ask(&rep).await);
    let ready = world.anonymous().get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("the disk is full"), "{}", ready.text);
    world.home.tamper(Table::Ledger, "DROP TRIGGER full_disk ON ledger_entry").await.unwrap();
    answered(&rep).await;
    assert_eq!(change(&rep).await.status, 200);
    world.shutdown().await;
}
