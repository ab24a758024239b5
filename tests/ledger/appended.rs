//! What is appended is durable, folded and proven.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use leadkeep::{
    app::ledger_verify::{Progress, Trust, verify},
    audit::record::{AccessRecord, Before, Changed, Detail, Disclosure, Draft, Entry, Number},
    audit::{Recorder, Settings, Unrecorded, key},
    domain::{Clock, FieldSet, Id, Subject},
    ledger::tree,
    store::{Store, StoreError},
};
use sha2::Digest as _;

use crate::{
    bench::{Bench, append_many, draft, record},
    support::{SeededRandom, Table, on_both_databases},
};

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
    assert_eq!((report.entries, report.folded, report.outstanding, report.fault), (700, 700, 0, None));
    let epochs = report.epochs as usize;
    assert!((1..=bench.recorder.writer().at_once()).contains(&epochs), "{epochs}");
    assert_eq!(report.origin.as_deref(), Some(bench.recorder.origin()));
    assert!(report.checkpoints >= 1);

    // Another process follows the first, and what the first appends later is folded as well.
    let second = Bench::open(&home).await;
    append_many(&second, 10).await;
    append_many(&bench, 10).await;
    assert_eq!(second.recorder.fold_now().await.unwrap(), 720);
    let heads: Vec<_> = second.entries().await.into_iter().filter(|entry| entry.rseq == 0).collect();
    assert!(heads[epochs].follows.is_some_and(|tail| heads[..epochs].iter().any(|head| head.epoch == tail.epoch)));
    let report = second.verify().await;
    assert_eq!((report.entries, report.fault), (720, None));
    assert!(report.epochs as usize > epochs);
});

/// What a first number says.
fn first(size: u64, records: u64) -> Number {
    Number::First(Before { size, records })
}

on_both_databases!(entries_of_a_subject_are_numbered_without_a_gap, |home| async {
    let person = |id| Subject { person: Some(Id(id)), ..Subject::ANONYMOUS };
    let both = Subject { app: Some(Id(9)), ..person(7) };
    let bench = Bench::open(&home).await;
    let put = async |bench: &Bench, subject| {
        bench.recorder.append(draft(AccessRecord { subject, ..record(1, bench.clock.now()) })).await.unwrap()
    };
    for subject in
        [person(7), person(8), both, person(7), Subject::ANONYMOUS, Subject::OPERATOR, Subject { app: Some(Id(9)), ..Subject::ANONYMOUS }]
    {
        put(&bench, subject).await;
    }
    // How large the tree was when they came is another matter: it has nothing of theirs.
    let told = |number: &Number| if let Number::First(before) = number { first(0, before.records) } else { *number };
    let all: Vec<Vec<_>> = bench.entries().await.iter().map(|entry| entry.numbers.iter().map(told).collect()).collect();
    let (none, next) = (first(0, 0), Number::Next);
    assert_eq!(all, [vec![none], vec![none], vec![next(1), none], vec![next(2)], vec![none], vec![none], vec![next(1)]]);

    // Another process counts from 0, and says how many there were before: of the person three, of the app two.
    let second = Bench::open(&home).await;
    let follow = put(&second, both).await;
    put(&bench, person(7)).await;
    put(&second, person(7)).await;
    bench.recorder.fold_now().await.unwrap();
    put(&second, person(6)).await;
    // So does the next epoch; the process of the first went on beside the one before.
    second.clock.advance_seconds(3_601);
    second.recorder.fold_now().await.unwrap();
    let third = put(&second, person(7)).await;
    let entries = second.entries().await;
    let of = |epoch| entries.iter().filter(move |entry| entry.epoch == epoch).map(|entry| entry.numbers.as_slice()).collect::<Vec<_>>();
    assert_eq!(of(follow.epoch), [&[first(7, 3), first(7, 2)][..], &[next(1)], &[first(10, 0)]]);
    assert_eq!(of(third.epoch), [&[first(11, 6)][..]]);
    bench.recorder.stop().await;
    second.recorder.stop().await;
    assert_eq!(second.verify().await.fault, None);
});

on_both_databases!(an_epoch_lasts_a_day, |home| async {
    let bench = Bench::open(&home).await;
    let first = bench.append(0).await.unwrap().epoch;
    for request in 1..29 {
        bench.clock.advance_seconds(3_000);
        assert_eq!(bench.append(request).await.unwrap().epoch, first);
    }
    bench.clock.advance_seconds(3_000);
    let next = bench.append(29).await.unwrap();
    assert_ne!(next.epoch, first);
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
});

on_both_databases!(a_log_that_grows_meanwhile_is_not_taken_for_wrong, |home| async {
    let bench = Bench::open(&home).await;
    append_many(&bench, 3).await;
    bench.recorder.fold_now().await.unwrap();
    let (mut grown, trust) = (false, Trust { key: &bench.public, origin: Some(bench.recorder.origin()), kept: None });
    // After the verifier has found out how far the tree goes, others come, whose first records name a larger one.
    let mut grow = |_: Progress| {
        if !std::mem::replace(&mut grown, true) {
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    append_many(&bench, 5).await;
                    bench.recorder.fold_now().await.unwrap();
                    bench.clock.advance_seconds(4_000);
                    bench.append(9).await.unwrap();
                });
            });
        }
    };
    let report = verify(&bench.store, trust, bench.clock.now(), &mut grow).await.unwrap();
    assert!(grown);
    assert_eq!((report.entries, report.folded, report.fault), (9, 3, None));
    assert_eq!(bench.verify().await.fault, None);
});

/// Whether this is all that one person has in a tree up to the last place that a record of theirs names, as the documentation of the
/// record tells how to see it; their records with their places, rising.
fn is_complete(extract: &[(u64, Entry)]) -> bool {
    let mut next: HashMap<Id, u64> = HashMap::new();
    extract.iter().all(|(_, entry)| {
        let next = next.entry(entry.epoch).or_default();
        *next += 1;
        match entry.numbers[0] {
            Number::Next(number) => number == *next - 1,
            Number::First(before) => {
                *next == 1 && extract.iter().filter(|(index, _)| *index < before.size).count() as u64 == before.records
            }
        }
    })
}

on_both_databases!(what_is_left_out_of_an_extract_shows, |home| async {
    let servers = [Bench::open(&home).await, Bench::open(&home).await, Bench::open(&home).await];
    // Side by side: one has much of the person, one a little, one a single record.
    for (server, many) in [(0, 5), (1, 2), (0, 1), (2, 1), (1, 1), (0, 2)] {
        for request in 0..many {
            servers[server].append(request).await.unwrap();
        }
    }
    let last = Bench::open(&home).await;
    let named = last.recorder.fold_now().await.unwrap();
    for request in 0..3 {
        last.append(request).await.unwrap();
    }
    assert_eq!(last.recorder.fold_now().await.unwrap(), 15);
    let mut extract = Vec::new();
    for entry in last.entries().await {
        extract.push((last.store.ledger_index(entry.epoch, entry.rseq).await.unwrap().unwrap(), entry));
    }
    extract.sort_unstable_by_key(|(index, _)| *index);
    assert!(is_complete(&extract));
    for left_out in 0..named as usize {
        let mut extract = extract.clone();
        extract.remove(left_out);
        assert!(!is_complete(&extract), "without {left_out}");
    }
    // Nor is a chain, or the end of one, whichever it is.
    for epoch in extract.iter().map(|(_, entry)| entry.epoch).collect::<HashSet<_>>() {
        for from in 0..3 {
            let mut rest = extract.clone();
            rest.retain(|(index, entry)| entry.epoch != epoch || entry.rseq < from || *index >= named);
            assert_eq!(is_complete(&rest), rest.len() == extract.len(), "without {epoch} from {from} on");
        }
    }
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

on_both_databases!(a_full_queue_refuses_at_once, |home| async {
    let bench = Bench::with(&home, Settings { queue: 1, ..Settings::default() }).await;
    let results = futures_util::future::join_all((0..1_000).map(|request| bench.append(request))).await;
    let full = results.iter().filter(|result| **result == Err(Unrecorded::Full)).count();
    let durable = results.iter().filter(|result| result.is_ok()).count();
    assert!(full > 0 && full + durable == 1_000, "{full} refused, {durable} durable");
    assert_eq!(bench.entries().await.len(), durable);
    bench.append(1).await.unwrap();
});

on_both_databases!(the_queue_takes_as_many_as_it_says, |home| async {
    let bench = Bench::with(&home, Settings { queue: 3, ..Settings::default() }).await;
    bench.append(0).await.unwrap();
    let held = home.hold_ledger().await;
    assert_eq!((bench.recorder.waiting(), bench.recorder.refuses()), ((0, 3), None));
    let mut waiting: Vec<_> = (1..=3).map(|request| Box::pin(bench.append(request))).collect();
    for append in &mut waiting {
        assert!(futures_util::poll!(append).is_pending());
    }
    assert_eq!((bench.recorder.waiting(), bench.recorder.refuses()), ((3, 3), Some(Unrecorded::Full)));
    assert_eq!(bench.append(4).await, Err(Unrecorded::Full));
    held.release().await;
    for append in waiting {
        append.await.unwrap();
    }
    assert_eq!((bench.recorder.waiting(), bench.recorder.refuses()), ((0, 3), None));
    bench.append(5).await.unwrap();
    let mut requests: Vec<_> = bench.entries().await.iter().map(|entry| entry.record.request.0).collect();
    requests.sort_unstable();
    assert_eq!(requests, [0, 1, 2, 3, 5]);
});

on_both_databases!(the_queue_takes_as_many_bytes_as_it_says, |home| async {
    let bench = Bench::with(&home, Settings { queue_bytes: 65_536, ..Settings::default() }).await;
    bench.append(0).await.unwrap();
    let held = home.hold_ledger().await;
    let with_bytes = |request, bytes: usize| {
        let detail = Detail { salt: [1; 16], variables: Some("7".repeat(bytes)), response: None };
        bench.recorder.append(Draft { detail: Some(detail), ..draft(record(request, bench.clock.now())) })
    };
    let mut half = Box::pin(with_bytes(1, 33_000));
    assert!(futures_util::poll!(&mut half).is_pending());
    assert_eq!(with_bytes(2, 33_000).await, Err(Unrecorded::Full), "two halves and a little do not fit");
    let mut rest = Box::pin(with_bytes(3, 30_000));
    assert!(futures_util::poll!(&mut rest).is_pending());
    held.release().await;
    half.await.unwrap();
    rest.await.unwrap();
    with_bytes(4, 200_000).await.expect("what is longer than the queue has it to itself");
});

on_both_databases!(a_disk_that_is_stuck_is_not_waited_for, |home| async {
    let bench = Bench::with(&home, Settings { patience: 2_000, ..Settings::default() }).await;
    bench.append(0).await.unwrap();
    let held = home.hold_ledger().await;
    assert_eq!(bench.append(1).await, Err(Unrecorded::Late));
    // The record waited a moment before it was given to the disk.
    let limit = Instant::now() + Duration::from_secs(5);
    while bench.recorder.refuses() != Some(Unrecorded::Late) {
        assert!(Instant::now() < limit, "{:?}", bench.recorder.refuses());
        tokio::task::yield_now().await;
    }
    held.release().await;
    while bench.recorder.refuses().is_some() {
        tokio::task::yield_now().await;
    }
    bench.append(2).await.unwrap();
    let requests: Vec<_> = bench.entries().await.iter().map(|entry| entry.record.request.0).collect();
    assert_eq!(requests, [0, 1, 2], "what came late stands");
    bench.recorder.stop().await;
    assert_eq!(bench.verify().await.fault, None);
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

on_both_databases!(a_key_is_made_for_an_empty_ledger_only, |home| async {
    Bench::open(&home).await.append(1).await.unwrap();
    std::fs::remove_file(key::file(home.folder())).unwrap();
    let store = Store::open(&home.location(), 2).await.unwrap();
    let refused = key::load_or_create(home.folder(), &store, &SeededRandom::new(1)).await;
    assert!(matches!(refused, Err(StoreError::Unsafe(_))));
});
