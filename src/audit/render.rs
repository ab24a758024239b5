//! An entry as JSON for people and their tools: ids as their letters, digests in base64, fields by name. Keys stand in the order
//! of their letters and nothing between them, so that the same entry always gives the same text.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::record::{Changed, Decision, Disclosure, Entry, FieldsUsed, Number, OperationKind, Tail};
use crate::{
    domain::{Digest, FieldSet, Id, Subject, SubjectKind},
    policy::{Agreed, Code, Marking},
};

impl Decision {
    /// Its name in GraphQL and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::Denied => "DENIED",
            Self::Invalid => "INVALID",
            Self::Failed => "FAILED",
        }
    }
}

impl OperationKind {
    /// Its name in GraphQL and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "QUERY",
            Self::Mutation => "MUTATION",
            Self::Token => "TOKEN",
            Self::Command => "COMMAND",
            Self::Unknown => "UNKNOWN",
            Self::Subscription => "SUBSCRIPTION",
        }
    }
}

impl Entry {
    /// Adds the entry as JSON. What the record does not have is left out.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let record = &self.record;
        let mut map = Map::begin(out);
        map.list("agreements", &record.agreements, agreement);
        map.shown("at", record.at);
        map.list("changed", record.changed.iter().zip(record.changed_from..), changed);
        map.some("code", record.code.map(Code::name), plain);
        map.put("decision", record.decision.name(), plain);
        map.some("detailCommitment", record.detail.as_ref(), digest);
        map.list("disclosures", &record.disclosures, disclosure);
        map.some("documentSha256", record.operation.document.as_ref(), digest);
        map.put("durationMicros", record.duration, plain);
        map.put("epoch", self.epoch, letters);
        map.some("follows", self.follows, place);
        map.list("grants", record.grants.iter().copied(), letters);
        map.some("ip", record.client.ip.as_deref(), plain);
        map.put("marking", record.marking, marking);
        map.put("notice", record.notice, plain);
        map.list("numbers", &self.numbers, number);
        map.put("operation", record.operation.kind.name(), plain);
        map.some("operationName", record.operation.name.as_deref(), plain);
        map.some("part", (self.parts > 1).then_some((self.part, self.parts)), part);
        map.put("policyRevision", record.policy_revision, plain);
        map.put("policySha256", &record.policy_sha256, digest);
        map.put("previous", &self.previous, digest);
        map.some("purpose", record.purpose.as_deref(), plain);
        map.list("reasons", &record.reasons, plain);
        map.some("reminder", record.reminder.then_some(true), plain);
        map.put("request", record.request, letters);
        map.put("rows", record.rows, plain);
        map.put("rseq", self.rseq, plain);
        map.put("subject", &record.subject, subject);
        map.some("used", (record.used != FieldsUsed::default()).then_some(record.used), used);
        map.some("userAgent", record.client.user_agent.as_deref(), plain);
        map.put("version", self.version, plain);
        map.end();
    }
}

/// A map being written.
struct Map<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Map<'o> {
    fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    fn end(self) {
        self.out.push(b'}');
    }

    /// Adds a key, which needs no escapes.
    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(if std::mem::take(&mut self.empty) { b"\"" } else { b",\"" });
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn put<T>(&mut self, key: &str, value: T, write: impl FnOnce(&mut Vec<u8>, T)) {
        self.key(key);
        write(self.out, value);
    }

    fn some<T>(&mut self, key: &str, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
        if let Some(value) = value {
            self.put(key, value, write);
        }
    }

    /// Adds a list, unless it is empty.
    fn list<T>(&mut self, key: &str, items: impl IntoIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.put(key, items, |out, items| list(out, items, write));
        }
    }

    /// Adds what is written without quotation marks and escapes.
    fn shown(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        let written = write!(self.out, "\"{value}\"");
        debug_assert!(written.is_ok(), "a Vec takes every byte");
    }
}

/// A text, a number, a boolean.
fn plain(out: &mut Vec<u8>, value: impl Serialize) {
    let written = serde_json::to_writer(out, &value);
    debug_assert!(written.is_ok(), "a Vec takes every byte");
}

fn list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (number, item) in items.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn letters(out: &mut Vec<u8>, id: Id) {
    out.push(b'"');
    out.extend_from_slice(&id.letters());
    out.push(b'"');
}

/// Adds a hash.
pub fn digest(out: &mut Vec<u8>, digest: &Digest) {
    // 32 bytes are 44 letters.
    let mut letters = [0; 44];
    let written = STANDARD.encode_slice(digest, &mut letters);
    debug_assert_eq!(written, Ok(letters.len()), "so many letters");
    out.push(b'"');
    out.extend_from_slice(&letters);
    out.push(b'"');
}

fn names(out: &mut Vec<u8>, fields: FieldSet) {
    list(out, fields.iter(), |out, field| plain(out, field.name()));
}

fn agreement(out: &mut Vec<u8>, agreed: &Agreed) {
    let mut map = Map::begin(out);
    map.put("acceptance", agreed.acceptance, letters);
    map.put("kind", agreed.kind.name(), plain);
    map.put("version", agreed.version, plain);
    map.end();
}

fn changed(out: &mut Vec<u8>, (changed, number): (&Changed, u64)) {
    let mut map = Map::begin(out);
    map.some("commitment", changed.commitment.as_ref(), digest);
    map.put("item", &changed.item, plain);
    map.put("kind", &changed.kind, plain);
    map.put("number", number, plain);
    map.end();
}

fn disclosure(out: &mut Vec<u8>, shown: &Disclosure) {
    let mut map = Map::begin(out);
    map.put("clear", shown.clear, names);
    map.put("leads", shown.leads.iter().copied(), |out, leads| list(out, leads, letters));
    map.put("masked", shown.masked, names);
    map.end();
}

fn place(out: &mut Vec<u8>, tail: Tail) {
    let mut map = Map::begin(out);
    map.put("epoch", tail.epoch, letters);
    map.put("rseq", tail.rseq, plain);
    map.end();
}

fn marking(out: &mut Vec<u8>, marking: Marking) {
    let compartments = (0..u64::BITS).filter(|bit| marking.compartments >> bit & 1 == 1);
    let mut map = Map::begin(out);
    map.put("compartments", compartments, |out, bits| list(out, bits, plain));
    map.put("level", marking.level.name(), plain);
    map.end();
}

fn number(out: &mut Vec<u8>, number: &Number) {
    let (number, before) = match number {
        Number::First(before) => (0, Some(*before)),
        Number::Next(number) => (*number, None),
    };
    let mut map = Map::begin(out);
    map.some("before", before, |out, before| {
        let mut map = Map::begin(out);
        map.put("records", before.records, plain);
        map.put("size", before.size, plain);
        map.end();
    });
    map.put("number", number, plain);
    map.end();
}

fn part(out: &mut Vec<u8>, (number, of): (u64, u64)) {
    let mut map = Map::begin(out);
    map.put("number", number, plain);
    map.put("of", of, plain);
    map.end();
}

fn subject(out: &mut Vec<u8>, subject: &Subject) {
    let kind = match subject.kind() {
        SubjectKind::Person => "PERSON",
        SubjectKind::App => "APP",
        SubjectKind::Operator => "OPERATOR",
        SubjectKind::Anonymous => "ANONYMOUS",
    };
    let mut map = Map::begin(out);
    map.some("app", subject.app, letters);
    map.put("kind", kind, plain);
    map.some("person", subject.person, letters);
    map.some("session", subject.session, letters);
    map.end();
}

fn used(out: &mut Vec<u8>, used: FieldsUsed) {
    let mut map = Map::begin(out);
    for (key, fields) in [("filter", used.filter), ("group", used.group), ("search", used.search), ("sort", used.sort)] {
        map.some(key, (!fields.is_empty()).then_some(fields), names);
    }
    map.end();
}
