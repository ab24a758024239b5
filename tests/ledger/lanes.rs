//! What one record waits for, the others do not; PostgreSQL takes several batches at once.

use leadkeep::{
    audit::{
        Settings,
        record::{AccessRecord, Before, Draft, Entry, Number},
    },
    domain::{Clock, Digest, Id, Subject},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use sha2::Digest as _;

use crate::{
    bench::{Bench, draft, record},
    support::{Backend, Home, on_both_databases},
};

/// Who waits for a lock of this kind, in this database alone: other tests have theirs in the same cluster.
const BLOCKED: &str = "\
SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database() AND l.locktype = $1";

/// Waits until so many wait for such a lock.
async fn blocked(outside: &DatabaseConnection, kind: &str, many: usize) {
    let found = Statement::from_sql_and_values(DbBackend::Postgres, BLOCKED, [kind.into()]);
    while outside.query_all_raw(found.clone()).await.unwrap().len() < many {
        tokio::task::yield_now().await;
    }
}

type Document<'t> = (Digest, &'t str);

fn document(text: &str) -> Document<'_> {
    (sha2::Sha256::digest(text).into(), text)
}

/// A record with this document.
fn with(bench: &Bench, (sha256, text): Document<'_>) -> Draft {
    let mut record = record(3, bench.clock.now());
    record.operation.document = Some(sha256);
    Draft { document: Some(text.into()), ..draft(record) }
}

/// Stores it as another server would, which goes on until its transaction ends.
async fn put(other: &impl ConnectionTrait, (sha256, text): Document<'_>) {
    let put = "INSERT INTO ledger_document (sha256, text) VALUES ($1, $2)";
    let values = [sha256.to_vec().into(), text.as_bytes().to_vec().into()];
    other.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, put, values)).await.expect("who came later holds nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_waits_does_not_hold_up_the_others() {
    let home = Home::new(Backend::Postgres).await;
    let bench = Bench::open(&home).await;
    let first = bench.append(0).await.unwrap();
    let outside = home.connect_ledger().await;
    let other = outside.begin().await.unwrap();
    put(&other, document("{ a }")).await;
    let mut waiting = Box::pin(bench.recorder.append(with(&bench, document("{ a }"))));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    blocked(&outside, "transactionid", 1).await;
    let mut beside = Vec::new();
    for request in 1..20 {
        beside.push(bench.append(request).await.unwrap().epoch);
    }
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(beside, [beside[0]; 19], "one chain more is enough");
    other.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap().epoch, first.epoch);
    bench.recorder.stop().await;
    let report = bench.verify().await;
    assert_eq!((report.entries, report.epochs, report.fault), (21, 2, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_store_the_same_documents_do_not_wait_for_each_other() {
    let home = Home::new(Backend::Postgres).await;
    let bench = Bench::open(&home).await;
    bench.append(1).await.unwrap();
    let outside = home.connect_ledger().await;
    let mut documents = ["{ a }", "{ b }"].map(document);
    documents.sort_unstable();
    let [low, high] = documents;

    // The higher first, in one batch: they wait while others are written, as many as are at once.
    let held = home.hold_ledger().await;
    let mut others: Vec<_> = (0..bench.recorder.writer().at_once()).map(|_| Box::pin(bench.append(2))).collect();
    for (other, many) in others.iter_mut().zip(1..) {
        assert!(futures_util::poll!(other).is_pending());
        blocked(&outside, "relation", many).await;
    }
    let mut waiting = [high, low].map(|document| Box::pin(bench.recorder.append(with(&bench, document))));
    for append in &mut waiting {
        assert!(futures_util::poll!(append).is_pending());
    }
    let other = outside.begin().await.unwrap();
    put(&other, low).await;
    held.release().await;
    for other in others {
        other.await.unwrap();
    }
    blocked(&outside, "transactionid", 1).await;
    put(&other, high).await;
    other.commit().await.unwrap();
    for append in waiting {
        append.await.unwrap();
    }
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
}

on_both_databases!(many_who_are_new_do_not_wait_for_the_tree, |home| async {
    let settings = Settings { batch: 1, fold_every: 1_000, ..Settings::default() };
    let bench = Bench::with(&home, settings).await;
    let of = |person| {
        let record = record(person, bench.clock.now());
        bench.recorder.append(draft(AccessRecord { subject: Subject { person: Some(Id(person)), ..Subject::ANONYMOUS }, ..record }))
    };
    futures_util::future::join_all((1..=200).map(of)).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let heads = bench.store.ledger_checkpoints(0, 1_000).await.unwrap().len();
    assert!(heads < 100, "the tree grew {heads} times while others waited");
    // Whoever comes alone names all that was recorded before.
    let alone = of(1_000).await.unwrap();
    let said = bench.entries().await.into_iter().find(|entry| (entry.epoch, entry.rseq) == (alone.epoch, alone.rseq)).unwrap();
    assert!(said.numbers.contains(&Number::First(Before { size: 200, records: 0 })), "{:?}", said.numbers);
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
});

on_both_databases!(among_others_little_is_read_for_who_is_new, |home| async {
    let settings = Settings { index_segment: 256, ..Settings::default() };
    let (here, there) = (Bench::with(&home, settings).await, Bench::open(&home).await);
    let of = |bench: &Bench, person| {
        let record =
            AccessRecord { subject: Subject { person: Some(Id(person)), ..Subject::ANONYMOUS }, ..record(person, bench.clock.now()) };
        let recorder = bench.recorder.clone();
        async move { recorder.append(draft(record)).await.unwrap() }
    };
    of(&here, 1).await;
    // For one of two or three who wait at most 256 or 170 of what other servers wrote are read, for one alone would be 512.
    for (others, new) in [(150, [2, 3]), (300, [4, 5])] {
        futures_util::future::join_all((0..others).map(|_| of(&there, 9))).await;
        there.recorder.fold_now().await.unwrap();
        let held = home.hold_ledger().await;
        let (_, one, other, ()) = tokio::join!(of(&here, 1), of(&here, new[0]), of(&here, new[1]), held.release());
        let of_these = |entry: &Entry| [one, other].iter().any(|at| (at.epoch, at.rseq) == (entry.epoch, entry.rseq));
        let said: Vec<_> = here.entries().await.into_iter().filter(of_these).flat_map(|entry| entry.numbers).collect();
        // Whichever was written first was not alone.
        let among = |number: &Number| matches!(number, Number::First(before) if (151..160).contains(&before.size));
        assert!(said.iter().any(among), "after {others}: {said:?}");
    }
    here.recorder.stop().await;
    there.recorder.stop().await;
    assert_eq!(here.verify().await.fault, None);
});
