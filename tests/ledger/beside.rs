//! What lies beside the ledger may be erased, not rewritten; the ledger itself neither.

use leadkeep::{
    audit::codec,
    audit::record::{AccessRecord, Changed, Detail, Draft, change_commitment},
    domain::{Clock, Id},
    ledger::Wrong,
    store::{Change, ChangeNote, Noted, StoreError},
};
use sha2::Digest as _;

use crate::{
    bench::{Bench, draft, record},
    outbox::leave_in_outbox,
    support::{Backend, Home, Table, on_both_databases},
    tampered::intruder,
};

/// One record with a text and a document beside it, folded.
pub async fn one_of_everything(bench: &Bench) -> AccessRecord {
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

pub const COLUMNS: [(&str, &str, &str, &str); 7] = [
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
pub async fn beside(home: &Home) -> Bench {
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

pub async fn found_beside(home: &Home, sql: &str) -> (Wrong, Option<u64>, Option<u64>) {
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
pub async fn the_serving_role_only_adds() {
    let mut home = Home::new(Backend::Postgres).await;
    let manual = include_str!("../../docs/operations.md");
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

on_both_databases!(altered_before_and_after_are_named, |home| async {
    let bench = Bench::open(&home).await;
    let salt = [3; 16];
    let change = |item: &str| Change { kind: "lead", item: item.into(), before: None, after: Some(r#"{"city":"Ulm"}"#.into()) };
    let changes: Vec<_> = ["1", "2"].map(|item| Noted { change: change(item), salt: Some(salt) }).to_vec();
    let commitment = Some(change_commitment(&salt, None, Some(r#"{"city":"Ulm"}"#)));
    let changed = ["1", "2"].map(|item| Changed { kind: "lead".into(), item: item.into(), commitment }).to_vec();
    let record = AccessRecord { changed, ..record(11, bench.clock.now()) };
    let owner = bench.recorder.owner();
    let note = ChangeNote { id: Id(1), request: Id(11), at: record.at, body: codec::encode(&record), first: 0, changes, owner };
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
