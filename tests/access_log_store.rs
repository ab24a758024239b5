//! Reading the ledger back by index: from runs of several epochs, from either end, from a moment on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{
    domain::{Id, Timestamp},
    policy::{Permission, Permit, PolicyDocument, Rights},
    store::Store,
};
use support::{Backend, Home, Table, on_both_databases};

fn permit() -> Permit {
    Rights::operator(&PolicyDocument::default()).permit(Permission::LogRead).unwrap()
}

/// Entries whose body is their index, in these runs: (epoch, length); a checkpoint at 1000 × size after each.
async fn ledger(home: &Home, runs: &[(i64, i64)]) -> Store {
    let blob = |hex: String| if home.backend == Backend::Sqlite { format!("X'{hex}'") } else { format!("'\\x{hex}'::bytea") };
    let mut sql = Vec::new();
    let mut index = 0;
    for (position, (epoch, length)) in runs.iter().enumerate() {
        let first_rseq: i64 = runs[..position].iter().filter(|(other, _)| other == epoch).map(|(_, length)| length).sum();
        sql.push(format!(
            "INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES ({index}, {epoch}, {first_rseq}, {length});"
        ));
        for rseq in first_rseq..first_rseq + length {
            let (leaf, body) = (blob(format!("{index:064x}")), blob(format!("{index:08x}")));
            sql.push(format!("INSERT INTO ledger_entry (epoch, rseq, leaf, body) VALUES ({epoch}, {rseq}, {leaf}, {body});"));
            index += 1;
        }
        let (empty, at) = (blob(String::new()), index * 1_000);
        sql.push(format!("INSERT INTO ledger_checkpoint (size, root, note, at) VALUES ({index}, {empty}, '', {at});"));
    }
    home.tamper(Table::Ledger, &sql.concat()).await.unwrap();
    Store::open(&home.location(), 2).await.unwrap()
}

const RUNS: &[(i64, i64)] = &[(7, 3), (9, 1), (7, 2), (8, 4), (9, 5), (7, 1)];

on_both_databases!(newest_first_across_epochs, |home| async {
    let store = ledger(&home, RUNS).await;
    assert_eq!(store.ledger_folded().await.unwrap(), 16);
    for (before, limit) in [(u64::MAX, 100), (16, 5), (15, 1), (11, 7), (4, 2), (1, 3)] {
        let found = store.log_before(permit(), before, limit).await.unwrap();
        let indexes: Vec<u64> = found.iter().map(|entry| entry.index).collect();
        let wanted: Vec<u64> = (0..before.min(16)).rev().take(limit as usize).collect();
        assert_eq!(indexes, wanted, "below {before}, at most {limit}");
        assert!(found.iter().all(|entry| entry.body == (entry.index as u32).to_be_bytes() && entry.leaf[31] == entry.index as u8));
    }
    assert!(store.log_before(permit(), 0, 5).await.unwrap().is_empty());
    assert_eq!(store.log_entry(permit(), 9).await.unwrap().unwrap().index, 9);
    assert_eq!(store.log_entry(permit(), 16).await.unwrap(), None);
    assert_eq!(store.log_entry(permit(), u64::MAX).await.unwrap(), None);
});

on_both_databases!(oldest_first_without_some_epochs, |home| async {
    let store = ledger(&home, RUNS).await;
    let epochs: Vec<i64> = RUNS.iter().flat_map(|(epoch, length)| std::iter::repeat_n(*epoch, *length as usize)).collect();
    for (from, but, limit) in [(0, &[][..], 100), (0, &[7], 3), (2, &[9], 4), (5, &[7, 8], 100), (12, &[], 2), (16, &[], 5)] {
        let but: Vec<Id> = but.iter().copied().map(Id).collect();
        let wanted: Vec<u64> = (from..16).filter(|index| !but.contains(&Id(epochs[*index as usize]))).collect();
        let (mut next, mut found) = (from, Vec::new());
        loop {
            let (entries, after) = store.log_from(next, &but, limit).await.unwrap();
            assert!(entries.len() <= limit as usize);
            found.extend(entries.iter().map(|entry| entry.index));
            if after == next {
                break;
            }
            next = after;
        }
        assert_eq!((found, next), (wanted, 16), "from {from} without {but:?}, {limit} at a time");
    }
});

on_both_databases!(a_moment_bounds_the_search, |home| async {
    let store = ledger(&home, RUNS).await;
    for (moment, floor) in [(0, 0), (3_000, 0), (3_001, 3), (4_001, 4), (6_000, 4), (9_999, 6), (15_001, 15), (16_001, 16), (99_999, 16)] {
        assert_eq!(store.log_floor(Timestamp(moment)).await.unwrap(), floor, "{moment}");
    }
});
