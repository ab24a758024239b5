//! The ledger on both databases: what is appended is durable, folded and proven; what is altered is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use leadkeep::{
    app::ledger_verify::{Report, Trust, verify},
    audit::{
        Recorder, Sealed, Settings, Unrecorded, codec, key,
        record::{
            AccessRecord, Changed, Decision, Detail, Disclosure, Draft, Entry, FieldsUsed, Number, Operation, OperationKind, Tail,
            change_commitment,
        },
    },
    domain::{Client, Clock, FieldSet, Id, Random, Subject, Timestamp},
    ledger::{Wrong, tree},
    policy::Marking,
    store::{Change, ChangeNote, Noted, Store, StoreError},
};
use sha2::Digest as _;
use support::{Backend, Home, SeededRandom, Table, TestClock, on_both_databases};

/// The outside of a ledger under test.
struct Bench {
    store: Store,
    recorder: Recorder,
    clock: Arc<TestClock>,
    public: ed25519_dalek::VerifyingKey,
}

impl Bench {
    async fn open(home: &Home) -> Self {
        Self::with(home, Settings::default()).await
    }

    async fn with(home: &Home, settings: Settings) -> Self {
        let store = Store::open(&home.location(), 6).await.unwrap();
        let clock = Arc::new(TestClock::running());
        // Every opening has randomness of its own, as processes do.
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(clock.now().0 as u64));
        let ledger_key = key::load_or_create(home.folder(), &store, &*random).await.unwrap();
        let public = ledger_key.public();
        let recorder = Recorder::start(&store, ledger_key, &settings, Arc::clone(&clock) as _, random).await.unwrap();
        Self { store, recorder, clock, public }
    }

    async fn append(&self, request: i64) -> Result<Sealed, Unrecorded> {
        self.recorder.append(draft(record(request, self.clock.now()))).await
    }

    async fn verify(&self) -> Report {
        let trust = Trust { key: &self.public, origin: Some(self.recorder.origin()), kept: None };
        verify(&self.store, trust, self.clock.now(), &mut |_| {}).await.unwrap()
    }

    /// Every entry there is, by epoch and number.
    async fn entries(&self) -> Vec<Entry> {
        let (mut found, mut epoch) = (Vec::new(), None);
        while let Some(this) = self.store.ledger_epoch_after(epoch).await.unwrap() {
            epoch = Some(this);
            let rows = self.store.ledger_entries(this, 0, 100_000).await.unwrap();
            found.extend(rows.iter().map(|row| codec::decode(&row.body).unwrap()));
        }
        found
    }
}

fn record(request: i64, at: Timestamp) -> AccessRecord {
    AccessRecord {
        request: Id(request),
        at,
        subject: Subject { person: Some(Id(7)), ..Subject::ANONYMOUS },
        client: Client { ip: Some("192.0.2.1".into()), user_agent: Some("test".into()) },
        purpose: Some("SALES".into()),
        policy_revision: 0,
        policy_sha256: [4; 32],
        operation: Operation { kind: OperationKind::Query, name: Some("list".into()), document: None },
        detail: None,
        decision: Decision::Allowed,
        code: None,
        reasons: Vec::new(),
        grants: vec![Id(9)],
        disclosures: vec![Disclosure { clear: FieldSet(7), masked: FieldSet(8), leads: vec![Id(100), Id(200)] }],
        used: FieldsUsed::default(),
        changed: Vec::new(),
        changed_from: 0,
        rows: 2,
        marking: Marking::PUBLIC,
        notice: true,
        duration: 1_000,
    }
}

fn draft(record: AccessRecord) -> Draft {
    Draft { record, detail: None, document: None, outbox: Vec::new() }
}

/// `count` records at once, so that they share commits.
async fn append_many(bench: &Bench, count: i64) -> Vec<Sealed> {
    let appends = (0..count).map(|request| bench.append(request));
    futures_util::future::join_all(appends).await.into_iter().map(Result::unwrap).collect()
}

on_both_databases!(appended_folded_and_verified, |home| async {
    let bench = Bench::open(&home).await;
    let sealed = append_many(&bench, 700).await;
    assert_eq!(bench.recorder.fold_now().await.unwrap(), 700);
    for sealed in &sealed {
        assert!(bench.recorder.receipt(sealed).is_signed_by(&bench.public));
        let row = bench.store.ledger_entries(sealed.epoch, sealed.rseq, 1).await.unwrap().remove(0);
        assert_eq!(tree::leaf(&row.body), sealed.leaf);
    }
    let report = bench.verify().await;
    assert_eq!((report.entries, report.folded, report.epochs, report.outstanding, report.fault), (700, 700, 1, 0, None));
    assert_eq!(report.origin.as_deref(), Some(bench.recorder.origin()));
    assert!(report.checkpoints >= 1);

    // Another process follows the first, and what the first appends later is folded as well.
    let second = Bench::open(&home).await;
    append_many(&second, 10).await;
    append_many(&bench, 10).await;
    assert_eq!(second.recorder.fold_now().await.unwrap(), 720);
    let heads: Vec<_> = second.entries().await.into_iter().filter(|entry| entry.rseq == 0).collect();
    assert_eq!(heads[1].follows.unwrap().epoch, heads[0].epoch);
    let report = second.verify().await;
    assert_eq!((report.entries, report.epochs, report.fault), (720, 2, None));
});

/// Of whose subject it is, and its numbers.
fn numbered(entry: &Entry) -> (Subject, Vec<Number>) {
    (entry.record.subject, entry.numbers.clone())
}

on_both_databases!(entries_of_a_subject_are_numbered_without_a_gap, |home| async {
    let person = |id| Subject { person: Some(Id(id)), ..Subject::ANONYMOUS };
    let both = Subject { app: Some(Id(9)), ..person(7) };
    let bench = Bench::open(&home).await;
    let put = async |bench: &Bench, subject| {
        bench.recorder.append(draft(AccessRecord { subject, ..record(1, bench.clock.now()) })).await.unwrap()
    };
    let mut places = Vec::new();
    for subject in
        [person(7), person(8), both, person(7), Subject::ANONYMOUS, Subject::OPERATOR, Subject { app: Some(Id(9)), ..Subject::ANONYMOUS }]
    {
        places.push(put(&bench, subject).await);
    }
    let (first, next) = (Number::First, Number::Next);
    let all: Vec<_> = bench.entries().await.iter().map(|entry| entry.numbers.clone()).collect();
    let wanted = [
        vec![first(None)],
        vec![first(None)],
        vec![next(1), first(None)],
        vec![next(2)],
        vec![first(None)],
        vec![first(None)],
        vec![next(1)],
    ];
    assert_eq!(all, wanted);

    // Another process counts from 0, and names what it follows: of the person the last, of the app another one.
    let second = Bench::open(&home).await;
    let follow = put(&second, both).await;
    put(&bench, person(7)).await;
    put(&second, person(7)).await;
    put(&second, person(6)).await;
    let entries = second.entries().await;
    let told: Vec<_> = entries.iter().filter(|entry| entry.epoch == follow.epoch).map(numbered).collect();
    let place = |sealed: &Sealed| Some(Tail { epoch: sealed.epoch, rseq: sealed.rseq });
    assert_eq!(told[0], (both, vec![first(place(&places[3])), first(place(&places[6]))]));
    assert_eq!((told[1].1.as_slice(), told[2].1.as_slice()), (&[next(1)][..], &[first(None)][..]));
    bench.recorder.stop().await;
    second.recorder.stop().await;
    assert_eq!(second.verify().await.fault, None);
});

on_both_databases!(an_entry_with_another_number_is_named, |home| async {
    let (bench, epoch) = intruder(&home).await;
    // As if another of the subject's entries had been cut out when the log was written anew: hashes and chain fit.
    let row = bench.store.ledger_entries(epoch, 9, 1).await.unwrap().remove(0);
    let entry = codec::decode(&row.body).unwrap();
    let place = codec::Place { epoch, rseq: 9, previous: entry.previous, follows: None, numbers: vec![Number::Next(10)] };
    put_in_place_of(&home, &codec::place(&place, &codec::encode(&entry.record))).await;
    let fault = bench.verify().await.fault.unwrap();
    assert_eq!((fault.wrong, fault.rseq), (Wrong::Number, Some(9)));
});

on_both_databases!(altered_before_and_after_are_named, |home| async {
    let bench = Bench::open(&home).await;
    let salt = [3; 16];
    let change = |item: &str| Change { kind: "lead", item: item.into(), before: None, after: Some(r#"{"city":"Ulm"}"#.into()) };
    let changes: Vec<_> = ["1", "2"].map(|item| Noted { change: change(item), salt: Some(salt) }).to_vec();
    let commitment = Some(change_commitment(&salt, None, Some(r#"{"city":"Ulm"}"#)));
    let changed = ["1", "2"].map(|item| Changed { kind: "lead".into(), item: item.into(), commitment }).to_vec();
    let record = AccessRecord { changed, ..record(11, bench.clock.now()) };
    let note = ChangeNote { id: Id(1), request: Id(11), at: record.at, body: codec::encode(&record), first: 0, changes };
    let put = bench.store.write(move |tx| Box::pin(async move { tx.put_change(&note).await }));
    put.await.map_err(|error: StoreError| error.to_string()).unwrap();
    bench.recorder.append(Draft { outbox: vec![Id(1)], ..draft(record) }).await.unwrap();
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    home.tamper(Table::Main, "DELETE FROM change_detail WHERE item = '1'").await.unwrap();
    assert_eq!(bench.verify().await.fault, None, "what was erased is missing, not wrong");
    home.tamper(Table::Main, "UPDATE change_detail SET after = '{\"city\":\"Bonn\"}'").await.unwrap();
    assert_eq!(bench.verify().await.fault.map(|fault| fault.wrong), Some(Wrong::Change));
});

on_both_databases!(two_sequencers_make_one_tree, |home| async {
    let first = Bench::open(&home).await;
    let second = Bench::open(&home).await;
    let appends = async {
        for _ in 0..20 {
            tokio::join!(append_many(&first, 8), append_many(&second, 8));
        }
    };
    let folds = |recorder: Recorder| async move {
        for _ in 0..30 {
            recorder.fold_now().await.unwrap();
        }
    };
    tokio::join!(appends, folds(first.recorder.clone()), folds(second.recorder.clone()));
    assert_eq!(first.recorder.fold_now().await.unwrap(), 320);
    assert_eq!(first.verify().await.fault, None);
});

on_both_databases!(detail_and_document_are_kept_beside, |home| async {
    let bench = Bench::open(&home).await;
    let text = "{ lead }\u{0}";
    let mut with = record(1, bench.clock.now());
    with.operation.document = Some(sha2::Sha256::digest(text).into());
    let detail = Detail { salt: [1; 16], variables: Some("{\"variables\":{}}".into()), response: Some([5; 32]) };
    with.detail = Some(detail.commitment());
    for _ in 0..2 {
        let draft = Draft { record: with.clone(), detail: Some(detail.clone()), document: Some(text.into()), outbox: Vec::new() };
        bench.recorder.append(draft).await.unwrap();
    }
    let bench = Bench::open(&home).await;
    let draft = Draft { record: with, detail: Some(detail), document: Some(text.into()), outbox: Vec::new() };
    bench.recorder.append(draft).await.unwrap();
    bench.recorder.stop().await;
    let report = bench.verify().await;
    assert_eq!((report.entries, report.folded, report.fault), (3, 3, None));
});

on_both_databases!(a_record_too_large_for_an_entry_is_split, |home| async {
    let bench = Bench::open(&home).await;
    let mut large = record(1, bench.clock.now());
    let leads: Vec<_> = (0..50_000).map(|number| Id(1 << 60 | number << 30)).collect();
    large.disclosures = leads
        .chunks(10_000)
        .map(|leads| Disclosure { clear: FieldSet(1), masked: FieldSet(leads[0].0 as u32), leads: leads.to_vec() })
        .collect();
    large.changed = (0..1_000).map(|number| Changed { kind: "lead".into(), item: Id(number).to_string(), commitment: None }).collect();
    let sealed = bench.recorder.append(draft(large.clone())).await.unwrap();
    let parts = bench.entries().await;
    assert_eq!((sealed.rseq + 1, parts[0].parts), (parts.len() as u64, parts.len() as u64));
    assert!(parts.iter().zip(1..).all(|(entry, part)| entry.part == part && entry.record.request == large.request));
    let together: Vec<_> = parts.iter().flat_map(|entry| &entry.record.disclosures).flat_map(|shown| &shown.leads).copied().collect();
    assert_eq!(together, leads);
    assert_eq!(parts.iter().map(|entry| entry.record.changed.len()).sum::<usize>(), 1_000);
    assert_eq!(bench.verify().await.fault, None);
});

/// Ten records folded, nobody writing any more, guards taken away: what an intruder with the database in hand can do.
async fn intruder(home: &Home) -> (Bench, Id) {
    let bench = Bench::open(home).await;
    for request in 0..10 {
        bench.append(request).await.unwrap();
    }
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    for table in ["ledger_entry", "ledger_run", "ledger_checkpoint"] {
        let guards: &[&str] =
            if home.backend == Backend::Sqlite { &["no_update", "no_delete", "no_replace"] } else { &["no_change", "no_truncate"] };
        for guard in guards {
            let on = if home.backend == Backend::Sqlite { String::new() } else { format!(" ON {table}") };
            home.tamper(Table::Ledger, &format!("DROP TRIGGER {table}_{guard}{on}")).await.unwrap();
        }
    }
    let epoch = bench.store.ledger_epoch_after(None).await.unwrap().unwrap();
    (bench, epoch)
}

/// Does this, and tells what the verifier finds: in which way, and which record.
async fn found(home: &Home, sql: &[&str]) -> (Option<Wrong>, Option<u64>) {
    let (bench, _) = intruder(home).await;
    for sql in sql {
        home.tamper(Table::Ledger, sql).await.unwrap();
    }
    let fault = bench.verify().await.fault;
    if let Some(fault) = &fault {
        assert!(!fault.to_string().is_empty());
    }
    fault.map_or((None, None), |fault| (Some(fault.wrong), fault.rseq))
}

on_both_databases!(an_altered_byte_is_named, |home| async {
    let flip = match home.backend {
        Backend::Sqlite => "UPDATE ledger_entry SET body = CAST(substr(body, 1, 99) || x'00' || substr(body, 101) AS BLOB) WHERE rseq = 4",
        Backend::Postgres => "UPDATE ledger_entry SET body = set_byte(body, 99, get_byte(body, 99) # 1) WHERE rseq = 4",
    };
    assert_eq!(found(&home, &[flip]).await, (Some(Wrong::Altered), Some(4)));
});

on_both_databases!(an_altered_leaf_is_named, |home| async {
    let swap = "UPDATE ledger_entry SET leaf = (SELECT x.leaf FROM ledger_entry x WHERE x.rseq = 1) WHERE rseq = 4";
    assert_eq!(found(&home, &[swap]).await, (Some(Wrong::Altered), Some(4)));
});

on_both_databases!(reordered_records_are_named, |home| async {
    let swap = [
        "UPDATE ledger_entry SET rseq = 99 WHERE rseq = 4",
        "UPDATE ledger_entry SET rseq = 4 WHERE rseq = 5",
        "UPDATE ledger_entry SET rseq = 5 WHERE rseq = 99",
    ];
    assert_eq!(found(&home, &swap).await, (Some(Wrong::Moved), Some(4)));
});

on_both_databases!(a_deleted_record_is_named, |home| async {
    assert_eq!(found(&home, &["DELETE FROM ledger_entry WHERE rseq = 4"]).await, (Some(Wrong::Missing), Some(4)));
});

on_both_databases!(a_deleted_record_is_named_though_the_rest_moves_up, |home| async {
    let close = ["DELETE FROM ledger_entry WHERE rseq = 4", "UPDATE ledger_entry SET rseq = 4 WHERE rseq = 5"];
    assert_eq!(found(&home, &close).await, (Some(Wrong::Moved), Some(4)));
});

on_both_databases!(a_cut_tail_is_named, |home| async {
    assert_eq!(found(&home, &["DELETE FROM ledger_entry WHERE rseq >= 8"]).await, (Some(Wrong::Missing), Some(8)));
});

on_both_databases!(a_tail_cut_with_its_runs_is_noticed, |home| async {
    let (bench, epoch) = intruder(&home).await;
    let second = Bench::open(&home).await;
    second.append(1).await.unwrap();
    second.recorder.stop().await;
    let cut =
        [format!("DELETE FROM ledger_entry WHERE epoch <> {}", epoch.0), format!("DELETE FROM ledger_run WHERE epoch <> {}", epoch.0)];
    for sql in cut {
        home.tamper(Table::Ledger, &sql).await.unwrap();
    }
    let fault = bench.verify().await.fault.unwrap();
    assert_eq!((fault.wrong, fault.index), (Wrong::CheckpointRoot, Some(11)));
});

on_both_databases!(a_lost_run_is_noticed, |home| async {
    assert!(found(&home, &["UPDATE ledger_run SET length = length - 1 WHERE first_index = 0"]).await.0.is_some());
});

on_both_databases!(a_forged_checkpoint_is_noticed, |home| async {
    let forged = "UPDATE ledger_checkpoint SET note = replace(note, 'leadkeep/', 'leadkeeq/')";
    assert_eq!(found(&home, &[forged]).await, (Some(Wrong::CheckpointSignature), None));
});

on_both_databases!(a_missing_checkpoint_is_noticed, |home| async {
    assert_eq!(found(&home, &["DELETE FROM ledger_checkpoint"]).await, (Some(Wrong::Unsigned), None));
});

/// Puts other bytes in the place of the tenth entry, with the leaf that fits.
async fn put_in_place_of(home: &Home, body: &[u8]) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let (body, leaf) = (hex(body), hex(&tree::leaf(body)));
    let sql = match home.backend {
        Backend::Sqlite => format!("UPDATE ledger_entry SET body = x'{body}', leaf = x'{leaf}' WHERE rseq = 9"),
        Backend::Postgres => {
            format!("UPDATE ledger_entry SET body = decode('{body}', 'hex'), leaf = decode('{leaf}', 'hex') WHERE rseq = 9")
        }
    };
    home.tamper(Table::Ledger, &sql).await.unwrap();
}

on_both_databases!(history_rewritten_with_fitting_hashes_is_noticed, |home| async {
    let (bench, epoch) = intruder(&home).await;
    // The last record says something else, its leaf fits, and no other entry stands on it: only the signed root knows.
    let row = bench.store.ledger_entries(epoch, 9, 1).await.unwrap().remove(0);
    let entry = codec::decode(&row.body).unwrap();
    let place = codec::Place { epoch, rseq: 9, previous: entry.previous, follows: None, numbers: entry.numbers };
    let body = codec::place(&place, &codec::encode(&AccessRecord { rows: 1, ..entry.record }));
    put_in_place_of(&home, &body).await;
    let fault = bench.verify().await.fault.unwrap();
    assert_eq!((fault.wrong, fault.index), (Wrong::CheckpointRoot, Some(10)));
});

/// One record with a text and a document beside it, folded.
async fn one_of_everything(bench: &Bench) -> AccessRecord {
    let text = "{ lead }";
    let detail = Detail { salt: [1; 16], variables: Some("{\"variables\":{}}".into()), response: Some([5; 32]) };
    let mut record = record(1, bench.clock.now());
    record.operation.document = Some(sha2::Sha256::digest(text).into());
    record.detail = Some(detail.commitment());
    let draft = Draft { detail: Some(detail), document: Some(text.into()), ..draft(record.clone()) };
    bench.recorder.append(draft).await.unwrap();
    bench.recorder.fold_now().await.unwrap();
    record
}

const COLUMNS: [(&str, &str, &str, &str); 7] = [
    ("ledger_epoch", "id", "id, started_at", "id, 1"),
    ("ledger_entry", "epoch, rseq", "epoch, rseq, leaf, body", "epoch, rseq, body, body"),
    ("ledger_run", "first_index", "first_index, epoch, first_rseq, length", "first_index, epoch, 1, length"),
    ("ledger_checkpoint", "size", "size, root, note, at", "size, root, note, 1"),
    ("ledger_tile", "level, number", "level, number, hashes", "level, number, hashes"),
    ("ledger_detail", "epoch, rseq", "epoch, rseq, salt, response, variables", "epoch, rseq, salt, response, 'other'"),
    ("ledger_document", "sha256", "sha256, text", "sha256, sha256"),
];

on_both_databases!(nothing_rewrites_the_ledger, |home| async {
    let bench = Bench::open(&home).await;
    one_of_everything(&bench).await;
    bench.recorder.stop().await;
    // No tile is full yet; one of a level that will never be looked at.
    home.tamper(Table::Ledger, "INSERT INTO ledger_tile SELECT 7, 0, leaf FROM ledger_entry").await.unwrap();
    for (table, key, columns, altered) in COLUMNS {
        let erasable = ["ledger_detail", "ledger_document"].contains(&table);
        let last = columns.rsplit(", ").next().unwrap();
        let mut refused = vec![format!("UPDATE {table} SET {last} = {last}")];
        let upsert = format!(
            "INSERT INTO {table} SELECT {altered} FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {last} = {table}.{last}"
        );
        let replace = format!("INSERT OR REPLACE INTO {table} ({columns}) SELECT {altered} FROM {table}");
        if !erasable {
            refused.push(format!("DELETE FROM {table}"));
        }
        match home.backend {
            Backend::Postgres => refused.push(upsert),
            Backend::Sqlite => {
                refused.push(format!("UPDATE OR REPLACE {table} SET {last} = {last}"));
                if table == "ledger_document" {
                    // Put in again by every process, so that it is ignored instead.
                    home.tamper(Table::Ledger, &replace).await.unwrap();
                    home.tamper(Table::Ledger, &upsert).await.unwrap();
                } else {
                    refused.extend([upsert, replace]);
                }
            }
        }
        for sql in refused {
            let refused = home.tamper(Table::Ledger, &sql).await.unwrap_err();
            assert!(refused.contains("append-only"), "{sql}: {refused}");
        }
    }
    assert_eq!(bench.verify().await.fault, None);
    for table in ["ledger_detail", "ledger_document"] {
        home.tamper(Table::Ledger, &format!("DELETE FROM {table}")).await.unwrap();
    }
    assert_eq!(bench.verify().await.fault, None, "what was erased is missing, not wrong");
});

/// Ten records, the last with everything beside it; the guards of what is beside are gone.
async fn beside(home: &Home) -> Bench {
    let (_, _) = intruder(home).await;
    let bench = Bench::open(home).await;
    one_of_everything(&bench).await;
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    for table in ["ledger_detail", "ledger_document", "ledger_epoch"] {
        let drop = match (home.backend, table) {
            (Backend::Sqlite, "ledger_epoch") => format!("DROP TRIGGER {table}_no_delete"),
            (Backend::Sqlite, _) => format!("DROP TRIGGER {table}_no_update"),
            (Backend::Postgres, _) => format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        };
        home.tamper(Table::Ledger, &drop).await.unwrap();
    }
    bench
}

async fn found_beside(home: &Home, sql: &str) -> (Wrong, Option<u64>, Option<u64>) {
    let bench = beside(home).await;
    home.tamper(Table::Ledger, sql).await.unwrap();
    let fault = bench.verify().await.fault.unwrap();
    (fault.wrong, fault.rseq, fault.index)
}

on_both_databases!(altered_variables_are_named, |home| async {
    let sql = "UPDATE ledger_detail SET variables = 'other'";
    assert_eq!(found_beside(&home, sql).await, (Wrong::Detail, Some(0), Some(10)));
});

on_both_databases!(variables_of_a_record_that_had_none_are_named, |home| async {
    let sql = "INSERT INTO ledger_detail SELECT MIN(epoch), 4, leaf, 'put in', NULL FROM ledger_entry GROUP BY leaf ORDER BY 1 LIMIT 1";
    assert_eq!(found_beside(&home, sql).await, (Wrong::Detail, Some(4), Some(4)));
});

on_both_databases!(an_altered_document_is_named, |home| async {
    assert_eq!(found_beside(&home, "UPDATE ledger_document SET text = sha256").await, (Wrong::Document, Some(0), Some(10)));
});

on_both_databases!(an_epoch_missing_from_the_list_is_named, |home| async {
    let sql = "DELETE FROM ledger_epoch WHERE id = (SELECT MAX(id) FROM ledger_epoch)";
    assert_eq!(found_beside(&home, sql).await, (Wrong::Epoch, Some(0), Some(10)));
});

on_both_databases!(a_policy_revision_that_does_not_fit_is_named, |home| async {
    let bench = Bench::open(&home).await;
    let stored = |number: i64, byte: &str| {
        let (sha256, at) = (byte.repeat(32), "1, NULL, 1");
        match home.backend {
            Backend::Sqlite => format!("INSERT INTO policy_revision VALUES ({number}, x'{sha256}', {at})"),
            Backend::Postgres => format!("INSERT INTO policy_revision VALUES ({number}, decode('{sha256}', 'hex'), {at})"),
        }
    };
    home.tamper(Table::Main, &stored(1, "04")).await.unwrap();
    home.tamper(Table::Main, &stored(2, "04")).await.unwrap();
    for policy_revision in [1, 2, 1] {
        bench.recorder.append(draft(AccessRecord { policy_revision, ..record(1, bench.clock.now()) })).await.unwrap();
    }
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    let altered = format!("DELETE FROM policy_revision WHERE number = 2; {}", stored(2, "05"));
    for sql in ["DELETE FROM policy_revision WHERE number = 2", altered.as_str()] {
        home.tamper(Table::Main, sql).await.unwrap();
        let fault = bench.verify().await.fault.unwrap();
        assert_eq!((fault.wrong, fault.rseq), (Wrong::Policy, Some(1)));
    }
});

/// The role that docs/operations.md describes adds to the ledger and cannot change it, triggers or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_serving_role_only_adds() {
    let mut home = Home::new(Backend::Postgres).await;
    let manual = include_str!("../docs/operations.md");
    let roles = manual.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    home.tamper(Table::Ledger, roles).await.unwrap();
    for table in COLUMNS.map(|(table, ..)| table) {
        home.tamper(Table::Ledger, &format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await.unwrap();
    }
    home.database_url = home.database_url.map(|url| url.replace("postgres@", "leadkeep@"));
    let bench = Bench::open(&home).await;
    one_of_everything(&bench).await;
    leave_in_outbox(&bench, 1, 1).await;
    bench.recorder.recover().await.unwrap();
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    for (table, _, columns, _) in COLUMNS {
        let last = columns.rsplit(", ").next().unwrap();
        let refused = home.tamper(Table::Ledger, &format!("UPDATE {table} SET {last} = {last}")).await.unwrap_err();
        assert!(refused.contains("permission denied"), "{refused}");
        let deleted = home.tamper(Table::Ledger, &format!("DELETE FROM {table}")).await;
        assert_eq!(deleted.is_ok(), ["ledger_detail", "ledger_document"].contains(&table), "{table}: {deleted:?}");
    }
}

on_both_databases!(a_full_queue_refuses_at_once, |home| async {
    let bench = Bench::with(&home, Settings { queue: 1, ..Settings::default() }).await;
    let results = futures_util::future::join_all((0..1_000).map(|request| bench.append(request))).await;
    let full = results.iter().filter(|result| **result == Err(Unrecorded::Full)).count();
    let durable = results.iter().filter(|result| result.is_ok()).count();
    assert!(full > 0 && full + durable == 1_000, "{full} refused, {durable} durable");
    assert_eq!(bench.entries().await.len(), durable);
    bench.append(1).await.unwrap();
});

on_both_databases!(a_killed_recorder_records_nothing_and_says_so, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(1).await.unwrap();
    bench.recorder.kill();
    while bench.append(2).await != Err(Unrecorded::Stopped) {
        tokio::task::yield_now().await;
    }
    let again = Bench::open(&home).await;
    again.append(3).await.unwrap();
    assert_eq!(again.recorder.fold_now().await.unwrap(), again.entries().await.len() as u64);
    assert_eq!(again.verify().await.fault, None);
});

on_both_databases!(a_failed_commit_is_an_error_and_the_next_epoch_goes_on, |home| async {
    let bench = Bench::open(&home).await;
    let first = bench.append(1).await.unwrap();
    home.tamper(Table::Ledger, "ALTER TABLE ledger_entry RENAME TO elsewhere").await.unwrap();
    assert_eq!(bench.append(2).await, Err(Unrecorded::Failed));
    assert_eq!(bench.append(3).await, Err(Unrecorded::Failed));
    home.tamper(Table::Ledger, "ALTER TABLE elsewhere RENAME TO ledger_entry").await.unwrap();
    let next = bench.append(4).await.unwrap();
    assert_ne!(first.epoch, next.epoch);
    let requests: Vec<_> = bench.entries().await.iter().map(|entry| entry.record.request.0).collect();
    assert_eq!(requests, [1, 4]);
    bench.recorder.stop().await;
    let report = bench.verify().await;
    assert_eq!((report.folded, report.epochs, report.fault), (2, 2, None));
});

async fn leave_in_outbox(bench: &Bench, id: i64, request: i64) {
    let mut record = record(request, bench.clock.now());
    record.reasons = vec!["interrupted".into()];
    record.decision = Decision::Failed;
    record.changed = vec![Changed { kind: "lead".into(), item: id.to_string(), commitment: None }];
    let change = Change { kind: "lead", item: id.to_string(), before: None, after: None };
    let changes = vec![Noted { change, salt: Some([3; 16]) }];
    let note = ChangeNote { id: Id(id), request: Id(request), at: bench.clock.now(), body: codec::encode(&record), first: id, changes };
    let put = bench.store.write(move |tx| Box::pin(async move { tx.put_change(&note).await }));
    put.await.map_err(|error: StoreError| error.to_string()).unwrap();
}

on_both_databases!(what_a_crash_leaves_in_the_outbox_is_appended_once, |home| async {
    let bench = Bench::open(&home).await;
    // Two changes of one operation and one of another died before their records; a fourth had its record written.
    leave_in_outbox(&bench, 1, 11).await;
    leave_in_outbox(&bench, 2, 11).await;
    leave_in_outbox(&bench, 3, 12).await;
    leave_in_outbox(&bench, 4, 13).await;
    let changed = vec![Changed { kind: "lead".into(), item: "4".into(), commitment: None }];
    bench.recorder.append(draft(AccessRecord { changed, ..record(13, bench.clock.now()) })).await.unwrap();
    bench.recorder.kill();
    assert_eq!(bench.verify().await.outstanding, 4);

    let again = Bench::open(&home).await;
    assert_eq!(again.recorder.recover().await.unwrap(), 3);
    assert_eq!(again.recorder.recover().await.unwrap(), 0);
    let mut requests: Vec<_> = again.entries().await.iter().map(|entry| entry.record.request.0).collect();
    requests.sort_unstable();
    assert_eq!(requests, [11, 11, 12, 13]);
    again.recorder.stop().await;
    let report = again.verify().await;
    assert_eq!((report.outstanding, report.fault), (0, None));
});

on_both_databases!(a_change_whose_record_failed_is_recorded_when_it_can_be, |home| async {
    let bench = Bench::open(&home).await;
    leave_in_outbox(&bench, 1, 11).await;
    let owed = Draft { outbox: vec![Id(1)], ..draft(record(11, bench.clock.now())) };
    home.tamper(Table::Ledger, "ALTER TABLE ledger_entry RENAME TO elsewhere").await.unwrap();
    assert_eq!(bench.recorder.append(owed).await, Err(Unrecorded::Failed));
    home.tamper(Table::Ledger, "ALTER TABLE elsewhere RENAME TO ledger_entry").await.unwrap();
    for _ in 0..200 {
        if bench.store.outbox(None, 1).await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let entries = bench.entries().await;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].record.request, &entries[0].record.reasons[..]), (Id(11), &["interrupted".to_owned()][..]));
});

on_both_databases!(a_settled_change_leaves_the_outbox, |home| async {
    let bench = Bench::open(&home).await;
    leave_in_outbox(&bench, 1, 11).await;
    bench.recorder.append(Draft { outbox: vec![Id(1)], ..draft(record(11, bench.clock.now())) }).await.unwrap();
    bench.recorder.stop().await;
    assert_eq!(bench.store.outbox(None, 1).await.unwrap(), []);
    assert_eq!(bench.entries().await.len(), 1);
    assert_eq!(bench.append(1).await, Err(Unrecorded::Stopped));
});

on_both_databases!(a_key_is_made_for_an_empty_ledger_only, |home| async {
    Bench::open(&home).await.append(1).await.unwrap();
    std::fs::remove_file(key::file(home.folder())).unwrap();
    let store = Store::open(&home.location(), 2).await.unwrap();
    let refused = key::load_or_create(home.folder(), &store, &SeededRandom::new(1)).await;
    assert!(matches!(refused, Err(StoreError::Unsafe(_))));
});
