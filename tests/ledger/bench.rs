//! A ledger under test, and records to put into it.

use std::sync::Arc;

use leadkeep::{
    app::ledger_verify::{Report, Trust, verify},
    audit::record::{AccessRecord, Decision, Disclosure, Draft, Entry, FieldsUsed, Operation, OperationKind},
    audit::{Recorder, Sealed, Settings, Unrecorded, codec, key},
    domain::{Client, Clock, FieldSet, Id, Random, Subject, Timestamp},
    policy::Marking,
    store::Store,
};

use crate::support::{Home, SeededRandom, TestClock};

/// The outside of a ledger under test.
pub struct Bench {
    pub store: Store,
    pub recorder: Recorder,
    pub clock: Arc<TestClock>,
    pub public: ed25519_dalek::VerifyingKey,
}

impl Bench {
    pub async fn open(home: &Home) -> Self {
        Self::with(home, Settings::default()).await
    }

    pub async fn with(home: &Home, settings: Settings) -> Self {
        let store = Store::open(&home.location(), 6).await.unwrap();
        let clock = Arc::new(TestClock::running());
        // Every opening has randomness of its own, as processes do.
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(clock.now().0 as u64));
        let ledger_key = key::load_or_create(home.folder(), &store, &*random).await.unwrap();
        let public = ledger_key.public();
        let recorder = Recorder::start(&store, ledger_key, &settings, Arc::clone(&clock) as _, random).await.unwrap();
        Self { store, recorder, clock, public }
    }

    pub async fn append(&self, request: i64) -> Result<Sealed, Unrecorded> {
        self.recorder.append(draft(record(request, self.clock.now()))).await
    }

    pub async fn verify(&self) -> Report {
        let trust = Trust { key: &self.public, origin: Some(self.recorder.origin()), kept: None };
        verify(&self.store, trust, self.clock.now(), &mut |_| {}).await.unwrap()
    }

    /// Every entry there is, by epoch and number.
    pub async fn entries(&self) -> Vec<Entry> {
        let (mut found, mut epoch) = (Vec::new(), None);
        while let Some(this) = self.store.ledger_epoch_after(epoch).await.unwrap() {
            epoch = Some(this);
            let rows = self.store.ledger_entries(this, 0, 100_000).await.unwrap();
            found.extend(rows.iter().map(|row| codec::decode(&row.body).unwrap()));
        }
        found
    }
}

pub fn record(request: i64, at: Timestamp) -> AccessRecord {
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
        agreements: Vec::new(),
        reminder: false,
    }
}

pub fn draft(record: AccessRecord) -> Draft {
    Draft { record, detail: None, document: None, outbox: Vec::new() }
}

/// `count` records at once, so that they share commits.
pub async fn append_many(bench: &Bench, count: i64) -> Vec<Sealed> {
    let appends = (0..count).map(|request| bench.append(request));
    futures_util::future::join_all(appends).await.into_iter().map(Result::unwrap).collect()
}
