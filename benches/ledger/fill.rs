//! A year of records.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use leadkeep::{
    app::Core,
    audit::record::{AccessRecord, Decision, Disclosure, Draft, FieldsUsed, Operation, OperationKind},
    domain::{Client, Clock, Digest, FieldSet, Id, Subject, Timestamp, clock::DAY},
    policy::{Level, Marking},
};

use super::Failed;

/// Leads there are.
pub(super) const LEADS: u64 = 1_000_000;
/// People who see them.
pub(super) const PEOPLE: u64 = 200;
/// Leads in a record.
pub(super) const SHOWN: usize = 20;
/// Records on their way at a time.
const AT_ONCE: usize = 1_024;
/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600_000_000;
const YEAR: i64 = 365 * DAY;

/// Stands where it was last put.
#[derive(Debug)]
pub(super) struct YearClock(AtomicI64);

impl Default for YearClock {
    fn default() -> Self {
        Self(AtomicI64::new(BEGIN))
    }
}

impl YearClock {
    /// The year is over.
    pub(super) fn end(&self) {
        self.0.store(BEGIN + YEAR, Ordering::Relaxed);
    }
}

impl Clock for YearClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A number below `below` that looks random, and is another for another `n`.
pub(super) fn spread(n: u64, below: u64) -> u64 {
    let mut word = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) % below
}

/// The id of a person.
pub(super) const fn person(number: u64) -> i64 {
    1_000 + number as i64
}

/// What is recorded.
pub(super) struct Traffic {
    pub(super) records: u64,
    leads: Vec<Id>,
    policy: Digest,
}

impl Traffic {
    /// A year with so many records, evenly spread, all decided by this policy.
    pub(super) fn new(records: u64, policy: Digest) -> Self {
        // Made at any time in three years: 2^37 ms.
        let lead = |number| Id((spread(number, 1 << 37) << 22 | spread(number + LEADS, 1 << 22)) as i64);
        let mut leads: Vec<Id> = (0..LEADS).map(lead).collect();
        leads.sort_unstable();
        leads.dedup();
        Self { records, leads, policy }
    }

    /// A lead by its number.
    pub(super) fn lead(&self, number: u64) -> Id {
        self.leads[number as usize % self.leads.len()]
    }

    /// Appends these records and waits until they are durable; returns how many had no place in the tree yet, at most.
    pub(super) async fn append(&self, core: &Arc<Core>, clock: &YearClock, numbers: Range<u64>) -> Result<u64, Failed> {
        let (mut next, mut behind) = (numbers.start, 0);
        while next < numbers.end {
            let end = numbers.end.min(next + AT_ONCE as u64);
            clock.0.store(self.at(end), Ordering::Relaxed);
            let appends = (next..end).map(|n| core.recorder.append(self.draft(n)));
            for sealed in futures_util::future::join_all(appends).await {
                sealed?;
            }
            next = end;
            behind = behind.max(next.saturating_sub(core.recorder.standing().size));
        }
        Ok(behind)
    }

    fn at(&self, n: u64) -> i64 {
        BEGIN + (i128::from(n) * i128::from(YEAR) / i128::from(self.records)) as i64
    }

    /// A record by its number.
    pub(super) fn draft(&self, n: u64) -> Draft {
        let mut leads: Vec<Id> = (0..SHOWN as u64).map(|lead| self.lead(spread(n * 64 + lead, LEADS))).collect();
        leads.sort_unstable();
        leads.dedup();
        let who = spread(n, PEOPLE);
        let record = AccessRecord {
            request: Id(1 << 60 | n as i64),
            at: Timestamp(self.at(n)),
            subject: Subject { person: Some(Id(person(who))), session: Some(Id(1 << 60 | who as i64)), ..Subject::ANONYMOUS },
            client: Client { ip: Some(format!("192.0.2.{}", who % 50)), user_agent: Some("leadview/4.2".into()) },
            purpose: Some("RENEWAL".into()),
            policy_revision: 1,
            policy_sha256: self.policy,
            operation: Operation { kind: OperationKind::Query, name: Some("LeadList".into()), document: Some([1; 32]) },
            detail: Some([1; 32]),
            decision: Decision::Allowed,
            code: None,
            reasons: Vec::new(),
            grants: vec![Id(2_000 + who as i64)],
            disclosures: vec![Disclosure { clear: FieldSet(0xff), masked: FieldSet(1 << 14), leads }],
            used: FieldsUsed::default(),
            changed: Vec::new(),
            changed_from: 0,
            rows: SHOWN as u64,
            marking: Marking::new(Level::Confidential, 0),
            notice: true,
            duration: 900,
            agreements: Vec::new(),
            reminder: false,
        };
        Draft { record, detail: None, document: None, outbox: Vec::new() }
    }
}
