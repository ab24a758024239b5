//! The access record: one operation, allowed, denied, invalid or failed.

use std::ops::Deref;

use sha2::{Digest as _, Sha256};

use crate::{
    domain::{Client, Digest, FieldSet, Id, Subject, Timestamp},
    policy::{Agreed, Code, Marking},
};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It was answered.
    Allowed,
    /// The policy refused it, wholly or in part.
    Denied,
    /// It made no sense.
    Invalid,
    /// A fault of ours.
    Failed,
}

impl Decision {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Allowed, Self::Denied, Self::Invalid, Self::Failed];
}

/// What kind of operation it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// A GraphQL query.
    Query,
    /// A GraphQL mutation.
    Mutation,
    /// Something on the authorization endpoints, `/auth/…`.
    Token,
    /// A command of the operator.
    Command,
    /// The document could not be read, so nobody knows.
    Unknown,
    /// A GraphQL subscription: that it was opened, what it delivered, why it ended.
    Subscription,
}

impl OperationKind {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::Query, Self::Mutation, Self::Token, Self::Command, Self::Unknown, Self::Subscription];
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its kind.
    pub kind: OperationKind,
    /// The operation's name in the document, the grant type, or the command; at most 256 bytes of it.
    pub name: Option<String>,
    /// SHA-256 of the document's text.
    pub document: Option<Digest>,
}

/// One group of leads that were shown with the same fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// Fields shown as they are.
    pub clear: FieldSet,
    /// Fields shown masked.
    pub masked: FieldSet,
    /// The leads, by rising id, each once.
    pub leads: Vec<Id>,
}

/// Fields whose values decided which rows came, in which order or group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldsUsed {
    /// In filters.
    pub filter: FieldSet,
    /// In sorts.
    pub sort: FieldSet,
    /// In the full-text search.
    pub search: FieldSet,
    /// In groupings.
    pub group: FieldSet,
}

/// Something that was changed: its kind (`lead`, `grant`, `session`, …) and its id or name. Before and after lie in an
/// erasable table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub item: String,
    /// [`change_commitment`] to before and after; `None` if nothing lies beside.
    pub commitment: Option<Digest>,
}

/// Everything one record says besides its place in the chain (epoch, rseq, previous leaf), which the recorder adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRecord {
    /// Made by the server for this operation; also in the logs.
    pub request: Id,
    /// When it began.
    pub at: Timestamp,
    /// Who.
    pub subject: Subject,
    /// From where.
    pub client: Client,
    /// The purpose code that was declared; free text lies with the variables.
    pub purpose: Option<String>,
    /// The policy revision that decided.
    pub policy_revision: i64,
    /// SHA-256 of that revision's document.
    pub policy_sha256: Digest,
    /// What was asked.
    pub operation: Operation,
    /// [`Detail::commitment`] to what was asked with and what was answered.
    pub detail: Option<Digest>,
    /// How it ended.
    pub decision: Decision,
    /// The code of the first error.
    pub code: Option<Code>,
    /// Short reasons and notable events (`refresh-reuse`, `throttled`, `interrupted`); never data of leads or persons.
    pub reasons: Vec<String>,
    /// The grants whose windows were used.
    pub grants: Vec<Id>,
    /// Which leads were shown with which fields.
    pub disclosures: Vec<Disclosure>,
    /// Fields that decided without being shown.
    pub used: FieldsUsed,
    /// What was changed.
    pub changed: Vec<Changed>,
    /// The number of the first of them among the changes of the request.
    pub changed_from: u64,
    /// Rows answered: leads, groups, records of the log.
    pub rows: u64,
    /// Highest marking disclosed.
    pub marking: Marking,
    /// Whether the notice went out with the answer (its text stands in the policy revision).
    pub notice: bool,
    /// From the first byte read to the record being handed over (µs).
    pub duration: u64,
    /// The acceptances in force by which leads were looked at.
    pub agreements: Vec<Agreed>,
    /// Whether the reminder of confidentiality went out with the answer (its text stands in the policy revision).
    pub reminder: bool,
}

/// The last entry of an epoch, as the first of the next names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tail {
    /// The epoch.
    pub epoch: Id,
    /// The entry's number in it.
    pub rseq: u64,
}

/// How many records one account, or the operator, or strangers had in the tree, whichever epochs they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Before {
    /// How many entries the tree had.
    pub size: u64,
    /// How many of those are records of the account; a record in parts counts once, where its first part stands.
    pub records: u64,
}

/// The number of an entry among those of one account, or of the operator, or of strangers, in its epoch: without a gap, so
/// that one that is missing shows even in an extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// 0: the first in this epoch. How many there were before it.
    First(Before),
    /// 1 and on.
    Next(u64),
}

impl Number {
    /// The number.
    pub const fn value(self) -> u64 {
        match self {
            Self::First(_) => 0,
            Self::Next(number) => number,
        }
    }
}

/// The operation's name in the record of an exported file. No GraphQL operation can have it.
pub const EXPORT_FILE: &str = "export file";
/// The operation's name in the record of an evidence file. No GraphQL operation can have it.
pub const EVIDENCE_FILE: &str = "evidence file";
/// The reason in the record of the operation that asked for a file.
pub const EXPORTED: &str = "exported";

/// What begins the reason that names a lead which was asked for by its id and not shown: there is none, or none that the caller
/// sees. The id follows.
pub const ASKED_FOR: &str = "asked for lead ";

/// The leads that were asked for by their ids and not shown.
pub fn asked_for(record: &AccessRecord) -> impl Iterator<Item = Id> {
    record.reasons.iter().filter_map(|reason| reason.strip_prefix(ASKED_FOR)?.parse().ok())
}

/// The reason in the record of what a subscription delivered.
pub const DELIVERED: &str = "delivered";

/// Whether it is the record of what a subscription delivered. Subscriptions leave it out: else each of them would have something
/// new to tell whenever another, or it itself, has told something.
pub fn is_delivery(record: &AccessRecord) -> bool {
    record.operation.kind == OperationKind::Subscription && record.reasons.iter().any(|reason| reason == DELIVERED)
}

/// Whether it is the record of a file that left.
pub fn is_export_file(record: &AccessRecord) -> bool {
    record.operation.name.as_deref() == Some(EXPORT_FILE)
}

/// Whether it is the record of the operation that asked for such a file; it names the same leads.
pub fn is_asked_export(record: &AccessRecord) -> bool {
    record.reasons.iter().any(|reason| reason == EXPORTED)
}

/// Those whose entries are counted: an account by its id, [`OPERATOR`] or [`STRANGERS`].
pub type Counter = i64;
/// The counter of the operator's entries.
pub const OPERATOR: Counter = -1;
/// The counter of entries of nobody who has signed in.
pub const STRANGERS: Counter = -2;

/// The counter of all entries together; entries are not numbered for it.
pub const EVERYBODY: Counter = -3;

/// One counter or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters([Counter; 2], usize);

impl Deref for Counters {
    type Target = [Counter];

    fn deref(&self) -> &[Counter] {
        &self.0[..self.1]
    }
}

impl IntoIterator for Counters {
    type Item = Counter;
    type IntoIter = std::iter::Take<std::array::IntoIter<Counter, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().take(self.1)
    }
}

/// Whose entries one of this subject's is among: those of the person and those of the app, else the operator's or the strangers'.
pub fn counters(subject: &Subject) -> Counters {
    match (subject.person, subject.app) {
        (Some(person), Some(app)) => Counters([person.0, app.0], 2),
        (Some(account), None) | (None, Some(account)) => Counters([account.0, 0], 1),
        (None, None) => Counters([if subject.operator { OPERATOR } else { STRANGERS }, 0], 1),
    }
}

/// An entry of the ledger, read back: a record, or a part of one, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Version of the format.
    pub version: u64,
    /// The chain it stands in.
    pub epoch: Id,
    /// Its number in that chain, from 0.
    pub rseq: u64,
    /// The leaf before it; of an epoch's first entry, the last leaf of the epoch before, or zeros.
    pub previous: Digest,
    /// Where that leaf stands; only in the first entry of an epoch, if there was one before.
    pub follows: Option<Tail>,
    /// Its number for each of the [`counters`] of its subject.
    pub numbers: Vec<Number>,
    /// Which part of the record this is, from 1. Parts repeat all but grants, disclosures and changes.
    pub part: u64,
    /// Of how many.
    pub parts: u64,
    /// What it says.
    pub record: AccessRecord,
}

/// Random bytes that make a commitment say nothing once they are erased.
pub type Salt = [u8; 16];

/// The erasable side of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Random.
    pub salt: Salt,
    /// A JSON object: `variables` as they were sent, secrets redacted, and `purposeText`.
    pub variables: Option<String>,
    /// SHA-256 of the answer's `data` as sent, or of the whole answer where that is no GraphQL.
    pub response: Option<Digest>,
}

impl Detail {
    /// What the record keeps of it: SHA-256(salt ‖ SHA-256(variables) ‖ response), 32 zeros in the place of what is not there.
    /// So either can be proven without showing the other.
    pub fn commitment(&self) -> Digest {
        let variables = self.variables.as_ref().map_or([0; 32], |text| Sha256::digest(text).into());
        let hash = Sha256::new().chain_update(self.salt).chain_update(variables);
        hash.chain_update(self.response.unwrap_or_default()).finalize().into()
    }
}

/// What a record keeps of the before and after of a change: SHA-256(salt ‖ before ‖ after), each a zero byte if there is
/// none, else a byte 1, its length in 8 bytes, the most significant first, and its text.
pub fn change_commitment(salt: &[u8], before: Option<&str>, after: Option<&str>) -> Digest {
    let mut hash = Sha256::new().chain_update(salt);
    for text in [before, after] {
        match text {
            None => hash.update([0]),
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
    }
    hash.finalize().into()
}

/// A record on its way to the recorder.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The record.
    pub record: AccessRecord,
    /// Its erasable side.
    pub detail: Option<Detail>,
    /// The document's text, kept once by its hash.
    pub document: Option<String>,
    /// Rows of the outbox that this record makes superfluous.
    pub outbox: Vec<Id>,
}
