//! The index over the ledger: it says what the records say, whether it is there, lags, is merged, or is made anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may panic")]

mod support;

use std::{collections::BTreeMap, sync::Arc};

use leadkeep::{
    app::ledger_verify::{Trust, verify},
    audit::{
        Recorder, Settings,
        daily::Days,
        index::{DaysOf, keeper::Step, walk},
        key,
        record::{AccessRecord, Changed, Counter, Disclosure, Draft, EVERYBODY, EXPORT_FILE, Number, counters},
    },
    domain::{Clock, FieldSet, Id, Random, Subject, Timestamp, clock::DAY},
    ledger::Wrong,
    policy::Marking,
    store::{
        Store,
        ledger::index::{DailyRow, IndexWrite, SegmentRow, lease},
    },
};
use support::{Backend, Home, SeededRandom, Table, TestClock, on_both_databases};

const EVER: u64 = i64::MAX as u64;

struct Bench {
    store: Store,
    recorder: Recorder,
    clock: Arc<TestClock>,
    public: ed25519_dalek::VerifyingKey,
}

impl Bench {
    async fn open(home: &Home) -> Self {
        let store = Store::open(&home.location(), 6).await.unwrap();
        let clock = Arc::new(TestClock::running());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(clock.now().0 as u64));
        let ledger_key = key::load_or_create(home.folder(), &store, &*random).await.unwrap();
        let public = ledger_key.public();
        let settings = Settings { index_segment: 16, ..Settings::default() };
        let recorder = Recorder::start(&store, ledger_key, &settings, Arc::clone(&clock) as _, random).await.unwrap();
        Self { store, recorder, clock, public }
    }

    /// Records of five people and an app, who see a lead of twenty, some of ninety, or none.
    async fn append(&self, from: u64, count: u64) {
        let drafts = (from..from + count)
            .map(|n| self.recorder.append(Draft { record: record(n, self.clock.now()), detail: None, document: None, outbox: Vec::new() }));
        futures_util::future::join_all(drafts).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        self.recorder.fold_now().await.unwrap();
    }

    async fn keep(&self) {
        let keeper = self.recorder.index_keeper();
        while keeper.step().await.unwrap() != Step::Idle {}
        // Somebody else may go on at once.
        self.clock.advance_seconds(60);
    }

    /// Which records have a term, read from the records themselves.
    async fn truth(&self) -> BTreeMap<i64, Vec<u64>> {
        let mut found: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        let each = |index, entry: Option<leadkeep::audit::record::Entry>| {
            for term in leadkeep::audit::index::terms(&entry.unwrap()) {
                found.entry(term).or_default().push(index);
            }
        };
        walk(&self.store, 0, EVER, each).await.unwrap();
        found
    }

    /// What an account did by day, counted from the records themselves.
    async fn true_days(&self, counter: Counter) -> Days {
        let mut days = Days::new();
        let each = |_, entry: Option<leadkeep::audit::record::Entry>| {
            let entry = entry.unwrap();
            if counter == EVERYBODY || counters(&entry.record.subject).contains(&counter) {
                days.entry(entry.record.at.day()).or_default().count(&entry);
            }
        };
        walk(&self.store, 0, EVER, each).await.unwrap();
        days
    }

    async fn assert_true(&self) {
        let truth = self.truth().await;
        let last = truth.values().flatten().max().unwrap() + 1;
        for (term, entries) in &truth {
            let newest_first = |from: u64, until: u64| entries.iter().rev().copied().filter(move |entry| (from..until).contains(entry));
            for (from, until, limit) in
                [(0, EVER, 10_000), (0, EVER, 3), (last / 3, last / 2, 10_000), (last / 2, last - 20, 2), (last, EVER, 9)]
            {
                let wanted: Vec<_> = newest_first(from, until).take(limit).collect();
                assert_eq!(self.recorder.index().entries(*term, from, until, limit).await.unwrap(), wanted, "{term} in {from}..{until}");
            }
        }
        assert_eq!(self.recorder.index().entries(999_999, 0, EVER, 9).await.unwrap(), [0_u64; 0]);
    }

    async fn fault(&self) -> Option<Wrong> {
        let trust = Trust { key: &self.public, origin: None, kept: None };
        verify(&self.store, trust, self.clock.now(), &mut |_| {}).await.unwrap().fault.map(|fault| fault.wrong)
    }
}

fn record(n: u64, at: Timestamp) -> AccessRecord {
    let lead = |n: u64| Id(1_000 + (n * n % 20) as i64);
    let mut leads: Vec<Id> = match n % 7 {
        0 => Vec::new(),
        1 => (0..90).map(|more| Id(2_000 + more * 3)).collect(),
        _ => vec![lead(n), lead(n + 1)],
    };
    leads.sort_unstable();
    leads.dedup();
    let shown = Disclosure { clear: FieldSet(1), masked: FieldSet(2), leads };
    AccessRecord {
        request: Id(n as i64),
        at: Timestamp(at.0 + (n / 40) as i64 * DAY),
        subject: Subject {
            person: (!n.is_multiple_of(6)).then_some(Id(100 + (n % 5) as i64)),
            app: n.is_multiple_of(3).then_some(Id(9)),
            ..Subject::ANONYMOUS
        },
        client: leadkeep::domain::Client { ip: Some(format!("192.0.2.{}", n % 3)), user_agent: None },
        purpose: None,
        policy_revision: 0,
        policy_sha256: [4; 32],
        operation: leadkeep::audit::record::Operation {
            kind: leadkeep::audit::record::OperationKind::Query,
            name: (n % 20 == 8).then(|| EXPORT_FILE.into()),
            document: None,
        },
        detail: None,
        decision: leadkeep::audit::record::Decision::Allowed,
        code: None,
        reasons: Vec::new(),
        grants: Vec::new(),
        disclosures: if shown.leads.is_empty() { Vec::new() } else { vec![shown] },
        used: leadkeep::audit::record::FieldsUsed::default(),
        changed: if n % 11 == 5 {
            vec![Changed { kind: "lead".into(), item: Id(4_000).to_string(), commitment: None }]
        } else {
            Vec::new()
        },
        changed_from: 0,
        rows: 0,
        marking: Marking::PUBLIC,
        notice: true,
        duration: 1,
        agreements: Vec::new(),
        reminder: false,
    }
}

on_both_databases!(says_what_the_records_say, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 40).await;
    bench.assert_true().await;
    bench.keep().await;
    bench.assert_true().await;
    bench.append(40, 400).await;
    // Nothing of these is indexed yet, and the answers know them.
    bench.assert_true().await;
    bench.keep().await;
    assert!(bench.store.index_segments().await.unwrap().iter().any(|segment| segment.level == 1), "nothing was merged");
    bench.append(440, 21).await;
    let second = Bench::open(&home).await;
    bench.assert_true().await;
    second.assert_true().await;
    assert_eq!(bench.fault().await, None);
});

on_both_databases!(days_add_up, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 300).await;
    let wanted = [103, 9, EVERYBODY, 555].map(|counter| DaysOf { counter, from: 0, until: i64::MAX, brief: false });
    let before = bench.recorder.index().days(&wanted).await.unwrap();
    bench.keep().await;
    let after = bench.recorder.index().days(&wanted).await.unwrap();
    assert_eq!(before, after);
    for (days, of) in after.iter().zip(&wanted) {
        assert_eq!(*days, bench.true_days(of.counter).await);
    }
    // Part of them, and of some only part of what they say.
    let (first, last) = after[0].keys().next().copied().zip(after[0].keys().last().copied()).unwrap();
    let some = [DaysOf { from: first + 1, until: last, ..wanted[0] }, DaysOf { brief: true, ..wanted[1] }];
    let found = bench.recorder.index().days(&some).await.unwrap();
    let inner: Days = after[0].range(first + 1..last).map(|(day, daily)| (*day, daily.clone())).collect();
    assert_eq!(found[0], inner);
    let figures = |days: &Days| -> Vec<_> {
        days.iter().map(|(day, daily)| (*day, daily.views, daily.leads, daily.downloaded, daily.denied())).collect()
    };
    assert_eq!(figures(&found[1]), figures(&after[1]));
    let after = &after[0];
    let sum = |pick: fn(&leadkeep::audit::daily::Daily) -> u64| after.values().map(pick).sum::<u64>();
    // Of 300, those with n % 5 = 3 and n % 6 > 0; of those, files where n % 20 = 8.
    let own: Vec<u64> = (0..300).filter(|n| n % 5 == 3 && n % 6 > 0).collect();
    assert_eq!(sum(|day| day.records), own.len() as u64);
    assert_eq!(sum(|day| day.downloads), own.iter().filter(|n| *n % 20 == 8).count() as u64);
    assert_eq!(sum(|day| day.views), own.iter().filter(|n| *n % 20 != 8 && *n % 7 != 0).count() as u64);
    assert_eq!(after.values().flat_map(|day| day.addresses.values()).sum::<u64>(), own.len() as u64);
    assert_eq!(after.values().flat_map(|day| day.hours).sum::<u64>(), own.len() as u64);
    assert!(after.len() > 3);
});

on_both_databases!(a_wrong_index_is_named_and_made_anew, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 300).await;
    bench.keep().await;
    assert_eq!(bench.fault().await, None);
    let tampered = [
        "DELETE FROM ledger_index_block WHERE term = (SELECT MAX(term) FROM ledger_index_block)",
        "UPDATE ledger_index_segment SET until = until - 16 WHERE until = (SELECT MAX(until) FROM ledger_index_segment)",
        "DELETE FROM ledger_daily WHERE counter = 103",
        "UPDATE ledger_daily SET body = (SELECT body FROM ledger_daily WHERE counter = 9 LIMIT 1)",
    ];
    for sql in tampered {
        home.tamper(Table::Ledger, sql).await.unwrap();
        assert_eq!(bench.fault().await, Some(Wrong::Index), "{sql}");
        let keeper = bench.recorder.index_keeper();
        assert_eq!(keeper.clear().await.unwrap(), Step::Done);
        assert_eq!(bench.fault().await, None, "what is not indexed is not wrong");
        bench.assert_true().await;
        while keeper.step().await.unwrap() != Step::Idle {}
        bench.assert_true().await;
        assert_eq!(bench.fault().await, None);
        bench.clock.advance_seconds(60);
    }
});

on_both_databases!(what_comes_late_is_verified_too, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 400).await;
    // Days that were over long ago, in the order of the tree.
    bench.append(20, 200).await;
    bench.append(300, 150).await;
    bench.keep().await;
    assert_eq!(bench.fault().await, None);
    home.tamper(Table::Ledger, "DELETE FROM ledger_daily WHERE span = (SELECT MIN(span) FROM ledger_daily) AND counter = 9").await.unwrap();
    assert_eq!(bench.fault().await, Some(Wrong::Index));
});

on_both_databases!(an_index_begun_anew_misleads_no_number, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 64).await;
    bench.keep().await;
    assert_eq!(bench.store.index_ends().await.unwrap(), (64, 64), "nothing is read but segments");
    bench.recorder.stop().await;
    // A new epoch, in which only one account has acted when the index goes.
    let next = Bench::open(&home).await;
    next.append(65, 1).await;
    // The first keeper's lease is over.
    next.clock.advance_seconds(60);
    let keeper = next.recorder.index_keeper();
    assert_eq!(keeper.clear().await.unwrap(), Step::Done);
    next.append(66, 3).await;
    // And with a part of it made again, which has older entries of theirs.
    assert_eq!(keeper.step().await.unwrap(), Step::Done);
    next.append(69, 20).await;
    assert_eq!(next.fault().await, None, "the first record of each account says how many it had before");
});

on_both_databases!(whoever_was_held_up_lists_nothing_twice, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 64).await;
    bench.keep().await;
    let before = bench.store.index_segments().await.unwrap();
    // A keeper that had read what was to be indexed next before another did it, and goes on when that one's lease is over.
    let late = |first, until, replaced| IndexWrite {
        owner: 1,
        lease: lease(bench.clock.now(), 60),
        segment: 99,
        daily: vec![DailyRow { counter: 7, span: 1, body: Vec::new() }],
        replaced,
        listed: Some(SegmentRow { id: 99, level: 0, first, until }),
        ..IndexWrite::default()
    };
    assert!(!bench.recorder.writer().write_index(late(48, 64, Vec::new())).await.unwrap());
    assert!(!bench.recorder.writer().write_index(late(0, 128, vec![before[0].id, 98])).await.unwrap());
    assert_eq!(bench.store.index_segments().await.unwrap(), before);
    bench.assert_true().await;
    bench.append(64, 16).await;
    assert!(bench.recorder.writer().write_index(late(64, 80, Vec::new())).await.unwrap());
});

on_both_databases!(a_number_does_not_wait_for_an_index_far_behind, |home| async {
    let mut bench = Bench::open(&home).await;
    bench.append(0, 48).await;
    assert!(bench.recorder.index_keeper().cover(16).await.unwrap());
    // Two segments' entries have none yet, then one more: it is not waited for them.
    for (index, named) in [(48, 48), (49, 16)] {
        bench.recorder.stop().await;
        bench = Bench::open(&home).await;
        bench.append(index, 1).await;
        let mut said = Vec::new();
        walk(&bench.store, index, EVER, |_, entry| said.extend(entry.unwrap().numbers)).await.unwrap();
        assert!(said.iter().all(|number| matches!(number, Number::First(before) if before.size == named)), "{said:?}");
    }
    bench.recorder.stop().await;
    // Several first ones at once, and more of the same accounts with them.
    bench = Bench::open(&home).await;
    bench.append(50, 40).await;
    assert_eq!(bench.fault().await, None);
});

on_both_databases!(recording_goes_on_without_an_index_that_can_be_read, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 64).await;
    bench.keep().await;
    bench.recorder.stop().await;
    let garbage = if home.backend == Backend::Sqlite { "x'ff'" } else { "decode('ff', 'hex')" };
    home.tamper(Table::Ledger, &format!("UPDATE ledger_daily SET body = {garbage}")).await.unwrap();
    let next = Bench::open(&home).await;
    next.append(64, 20).await;
    assert_eq!(next.fault().await, Some(Wrong::Index));
    next.clock.advance_seconds(60);
    let keeper = next.recorder.index_keeper();
    assert_eq!(keeper.clear().await.unwrap(), Step::Done);
    next.keep().await;
    assert_eq!(next.fault().await, None, "what was recorded meanwhile claims nothing that is not so");
});

on_both_databases!(the_index_covers_what_is_asked, |home| async {
    let bench = Bench::open(&home).await;
    bench.append(0, 60).await;
    let keeper = bench.recorder.index_keeper();
    assert!(keeper.cover(53).await.unwrap());
    assert_eq!(bench.store.index_ends().await.unwrap().0, 53, "whole segments, and a short one");
    bench.assert_true().await;
    let other = bench.recorder.index_keeper();
    assert!(other.cover(53).await.unwrap(), "nothing is to be done");
    assert!(!other.cover(55).await.unwrap(), "another is at work");
    bench.append(60, 60).await;
    while keeper.step().await.unwrap() != Step::Idle {}
    bench.assert_true().await;
    assert_eq!(bench.fault().await, None);
});

on_both_databases!(one_keeper_at_a_time, |home| async {
    let (one, two) = (Bench::open(&home).await, Bench::open(&home).await);
    one.append(0, 600).await;
    let (first, second) = (one.recorder.index_keeper(), two.recorder.index_keeper());
    assert_eq!(first.step().await.unwrap(), Step::Done);
    assert_eq!(second.step().await.unwrap(), Step::Elsewhere);
    // The first is gone; what it had begun is taken up.
    two.clock.advance_seconds(120);
    while second.step().await.unwrap() != Step::Idle {}
    two.assert_true().await;
    assert_eq!(first.step().await.unwrap(), Step::Idle);
    assert_eq!(two.fault().await, None);
});
