//! What an intruder with the database in hand does to entries, runs and checkpoints is named.

use leadkeep::{
    audit::codec,
    audit::record::{AccessRecord, Before, Number},
    domain::{Clock, Id, Subject},
    ledger::{Wrong, tree},
};

use crate::{
    bench::{Bench, draft, record},
    support::{Backend, Home, Table, on_both_databases},
};

/// Takes the guards away.
async fn disarm(home: &Home) {
    for table in ["ledger_entry", "ledger_run", "ledger_checkpoint"] {
        let guards: &[&str] =
            if home.backend == Backend::Sqlite { &["no_update", "no_delete", "no_replace"] } else { &["no_change", "no_truncate"] };
        for guard in guards {
            let on = if home.backend == Backend::Sqlite { String::new() } else { format!(" ON {table}") };
            home.tamper(Table::Ledger, &format!("DROP TRIGGER {table}_{guard}{on}")).await.unwrap();
        }
    }
}

/// Ten records folded, nobody writing any more, guards taken away: what an intruder with the database in hand can do.
pub async fn intruder(home: &Home) -> (Bench, Id) {
    let bench = Bench::open(home).await;
    for request in 0..10 {
        bench.append(request).await.unwrap();
    }
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    disarm(home).await;
    let epoch = bench.store.ledger_epoch_after(None).await.unwrap().unwrap();
    (bench, epoch)
}

/// Does this, and tells what the verifier finds: in which way, and which record.
pub async fn found(home: &Home, sql: &[&str]) -> (Option<Wrong>, Option<u64>) {
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
pub async fn put_in_place_of(home: &Home, body: &[u8]) {
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

on_both_databases!(a_first_number_that_counts_otherwise_is_named, |home| async {
    // Three of the person, then others' in a chain whose tenth is the person's first there.
    let before = Bench::open(&home).await;
    for request in 0..3 {
        before.append(request).await.unwrap();
    }
    before.recorder.stop().await;
    let bench = Bench::open(&home).await;
    let other = Subject { person: Some(Id(8)), ..Subject::ANONYMOUS };
    for request in 0..9 {
        bench.recorder.append(draft(AccessRecord { subject: other, ..record(request, bench.clock.now()) })).await.unwrap();
    }
    let epoch = bench.append(9).await.unwrap().epoch;
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
    disarm(&home).await;
    let row = bench.store.ledger_entries(epoch, 9, 1).await.unwrap().remove(0);
    let entry = codec::decode(&row.body).unwrap();
    for (size, records, wrong) in [(3, 2, true), (3, 4, true), (2, 2, false), (11, 3, false), (13, 3, true)] {
        let numbers = vec![Number::First(Before { size, records })];
        let place = codec::Place { epoch, rseq: 9, previous: entry.previous, follows: None, numbers };
        put_in_place_of(&home, &codec::place(&place, &codec::encode(&entry.record))).await;
        let fault = bench.verify().await.fault.unwrap();
        // Another true number only the root knows.
        assert_eq!(fault.wrong, if wrong { Wrong::Number } else { Wrong::CheckpointRoot }, "{records} of {size}");
    }
});
