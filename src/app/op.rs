//! The operation: who asks, what they may do, and the trace of what they were shown. Every use case takes one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Core, quota::Charge};
use crate::{
    audit::record::{Changed, Disclosure, FieldsUsed},
    domain::{Client, FieldSet, Id, Subject, Timestamp},
    policy::{Code, Marking, Rights, Snapshot},
    store::StoreError,
};

/// What an operation has done so far; becomes the access record.
#[derive(Debug)]
pub struct Trace {
    /// (clear, masked) → leads shown so.
    shown: BTreeMap<(FieldSet, FieldSet), Vec<Id>>,
    /// Fields that decided without being shown.
    pub used: FieldsUsed,
    /// Grants whose windows were used.
    pub grants: Vec<Id>,
    /// What was changed.
    pub changed: Vec<Changed>,
    /// Outbox rows of those changes.
    pub outbox: Vec<Id>,
    /// Whether the reminder of confidentiality goes out with the answer.
    pub reminded: bool,
    /// Rows answered.
    pub rows: u64,
    /// What was counted against the caller's quotas.
    pub charged: Charge,
    /// Highest marking disclosed.
    pub marking: Marking,
    /// Short reasons and events.
    pub reasons: Vec<String>,
    /// Code of the first refusal or failure.
    pub code: Option<Code>,
}

/// Nothing has happened and nothing has been disclosed, so the marking is the lowest, not that of the unknown.
impl Default for Trace {
    fn default() -> Self {
        Self {
            shown: BTreeMap::new(),
            used: FieldsUsed::default(),
            grants: Vec::new(),
            changed: Vec::new(),
            outbox: Vec::new(),
            reminded: false,
            rows: 0,
            charged: Charge::default(),
            marking: Marking::PUBLIC,
            reasons: Vec::new(),
            code: None,
        }
    }
}

impl Trace {
    /// Notes that `lead` was shown with these fields.
    pub fn show(&mut self, clear: FieldSet, masked: FieldSet, lead: Id) {
        self.shown.entry((clear, masked)).or_default().push(lead);
    }

    /// Adds what another trace, made on another thread, has noted.
    pub fn absorb(&mut self, other: Self) {
        for (fields, leads) in other.shown {
            self.shown.entry(fields).or_default().extend(leads);
        }
        self.used.filter = self.used.filter.union(other.used.filter);
        self.used.sort = self.used.sort.union(other.used.sort);
        self.used.search = self.used.search.union(other.used.search);
        self.used.group = self.used.group.union(other.used.group);
        self.grants.extend(other.grants);
        self.changed.extend(other.changed);
        self.outbox.extend(other.outbox);
        self.reminded |= other.reminded;
        self.rows += other.rows;
        self.charged.absorb(other.charged);
        self.marking = self.marking.join(other.marking);
        self.reasons.extend(other.reasons);
        self.code = self.code.or(other.code);
    }

    /// How many leads were shown, each as often as it was.
    pub fn leads_shown(&self) -> usize {
        self.shown.values().map(Vec::len).sum()
    }

    /// The leads that were shown, each once.
    pub fn leads_once(&self) -> Vec<Id> {
        let mut leads: Vec<Id> = self.shown.values().flatten().copied().collect();
        leads.sort_unstable();
        leads.dedup();
        leads
    }

    /// Takes back that anything was shown, because the answer is not going to leave; then `reason` goes into the record.
    pub fn withhold(&mut self, reason: impl Into<String>) {
        if self.rows > 0 || !self.shown.is_empty() {
            self.reasons.push(reason.into());
        }
        self.shown.clear();
        self.rows = 0;
        self.marking = Marking::PUBLIC;
    }

    /// The disclosures as the record has them: leads by rising id, each once.
    pub fn disclosures(&self) -> Vec<Disclosure> {
        let sorted = |leads: &Vec<Id>| {
            let mut leads = leads.clone();
            leads.sort_unstable();
            leads.dedup();
            leads
        };
        self.shown.iter().map(|((clear, masked), leads)| Disclosure { clear: *clear, masked: *masked, leads: sorted(leads) }).collect()
    }
}

/// One operation, from the first byte to its record.
#[derive(Debug)]
pub struct Op {
    /// What all operations share.
    pub core: Arc<Core>,
    /// Made for this operation; in the record, the logs and the answer's header.
    pub request: Id,
    /// When it began.
    pub at: Timestamp,
    /// Who asks.
    pub subject: Subject,
    /// From where.
    pub client: Client,
    /// Purpose code and free text they declared.
    pub purpose: Option<(String, Option<String>)>,
    /// The policy that decides.
    pub snapshot: Arc<Snapshot>,
    /// What they may do.
    pub rights: Arc<Rights>,
    trace: Mutex<Trace>,
}

impl Op {
    /// Opens an operation with the rights of this moment.
    pub async fn open(
        core: Arc<Core>,
        subject: Subject,
        client: Client,
        purpose: Option<(String, Option<String>)>,
    ) -> Result<Self, StoreError> {
        let snapshot = core.current.fresh(&core.store, &*core.clock).await?;
        let at = core.now();
        let rights = snapshot.rights(&subject, purpose.as_ref().map(|(code, _)| code.as_str()), at);
        let request = core.new_id();
        Ok(Self { core, request, at, subject, client, purpose, snapshot, rights, trace: Mutex::default() })
    }

    /// The code of the purpose they declared.
    pub fn purpose_code(&self) -> Option<&str> {
        self.purpose.as_ref().map(|(code, _)| code.as_str())
    }

    /// The trace. Hold it only for a moment, never across an `.await`.
    pub fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
