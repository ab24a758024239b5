//! The record's bytes: deterministic CBOR (RFC 8949 § 4.2), a map with integer keys, in the order of the keys, lengths
//! always definite, nothing written that is empty.
//!
//! The bytes of an entry are its record with the chain's place in front; they are hashed and stored as they are and
//! never made again. A record that would not fit one entry is split first ([`parts`]).

pub mod decode;
pub mod parts;

use std::convert::Infallible;

use minicbor::Encoder;

pub use decode::{Malformed, decode, decode_record};
pub use parts::split;

use super::record::{AccessRecord, Decision, Number, OperationKind, Tail};
use crate::{
    domain::{Digest, FieldSet, Id, packed},
    policy::Code,
};

/// The version of the format that is written.
pub const VERSION: u64 = 1;
/// An entry is at most this many bytes: entry bundles of C2SP tlog-tiles give lengths as 16 bits.
pub const MAX_ENTRY: usize = 65_535;

/// Keys of the map. Keys never change their meaning; a new one gets the next number.
pub mod key {
    #![allow(missing_docs, reason = "each is the field of the record it is named after")]
    pub const VERSION: u64 = 0;
    pub const EPOCH: u64 = 1;
    pub const RSEQ: u64 = 2;
    pub const PREVIOUS: u64 = 3;
    pub const FOLLOWS: u64 = 4;
    pub const NUMBERS: u64 = 5;
    pub const AT: u64 = 6;
    pub const REQUEST: u64 = 7;
    pub const SUBJECT: u64 = 8;
    pub const CLIENT: u64 = 9;
    pub const PURPOSE: u64 = 10;
    pub const POLICY_REVISION: u64 = 11;
    pub const POLICY_SHA256: u64 = 12;
    pub const OPERATION: u64 = 13;
    pub const DETAIL: u64 = 14;
    pub const DECISION: u64 = 15;
    // What most records say stands below 24, where a key takes one byte.
    pub const NOTICE: u64 = 16;
    pub const DURATION: u64 = 17;
    pub const GRANTS: u64 = 18;
    pub const DISCLOSURES: u64 = 19;
    pub const USED: u64 = 20;
    pub const AGREEMENTS: u64 = 21;
    pub const ROWS: u64 = 22;
    pub const MARKING: u64 = 23;
    pub const CODE: u64 = 24;
    pub const REASONS: u64 = 25;
    pub const PART: u64 = 26;
    pub const CHANGED: u64 = 27;
    pub const REMINDER: u64 = 28;
}

/// Where an entry stands in its epoch's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The epoch.
    pub epoch: Id,
    /// Its number in the epoch, from 0.
    pub rseq: u64,
    /// The leaf of the entry before it; of an epoch's first entry, the last leaf of the epoch before (zeros: there is none).
    pub previous: Digest,
    /// Where that leaf stands; only in the first entry of an epoch, if there was one before.
    pub follows: Option<Tail>,
    /// Its number for each of its subject's counters.
    pub numbers: Vec<Number>,
}

type Written = Result<(), minicbor::encode::Error<Infallible>>;
type Out<'o> = Encoder<&'o mut Vec<u8>>;

/// The record without its place in the chain: a CBOR map of its own, with keys above those of the place.
pub fn encode(record: &AccessRecord) -> Vec<u8> {
    encode_part(record, 1, 1)
}

/// The same for part `part` of `parts`, counted from 1.
pub fn encode_part(record: &AccessRecord, part: u64, parts: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut entries = Entries { out: Encoder::new(&mut out), count: 0 };
    let written = entries.record(record, part, parts);
    let count = entries.count;
    debug_assert!(written.is_ok(), "a Vec takes every byte");
    let mut body = Vec::with_capacity(out.len() + 2);
    map_head(&mut body, count);
    body.extend_from_slice(&out);
    body
}

/// The bytes of an entry: `record` as [`encode`] made it, with its place in front.
pub fn place(place: &Place, record: &[u8]) -> Vec<u8> {
    let (count, entries) = open_map(record);
    let mut out = Vec::with_capacity(record.len() + 72);
    map_head(&mut out, count + 5 + u64::from(place.follows.is_some()));
    let mut writer = Encoder::new(&mut out);
    let written = write_place(&mut writer, place);
    debug_assert!(written.is_ok(), "a Vec takes every byte");
    out.extend_from_slice(entries);
    out
}

fn write_place(out: &mut Out<'_>, place: &Place) -> Written {
    out.u64(key::VERSION)?.u64(VERSION)?;
    out.u64(key::EPOCH)?.u64(place.epoch.0 as u64)?;
    out.u64(key::RSEQ)?.u64(place.rseq)?;
    out.u64(key::PREVIOUS)?.bytes(&place.previous)?;
    if let Some(tail) = place.follows {
        out.u64(key::FOLLOWS)?.array(2)?.u64(tail.epoch.0 as u64)?.u64(tail.rseq)?;
    }
    out.u64(key::NUMBERS)?.array(place.numbers.len() as u64)?;
    for number in &place.numbers {
        match number {
            Number::Next(number) => out.u64(*number)?,
            Number::First(before) => out.array(2)?.u64(before.size)?.u64(before.records)?,
        };
    }
    Ok(())
}

/// The head of a map of fewer than 256 entries, in the shortest form.
fn map_head(out: &mut Vec<u8>, count: u64) {
    if count > 23 {
        out.push(0xb8);
        out.push(count as u8);
    } else {
        out.push(0xa0 | count as u8);
    }
}

/// What [`map_head`] wrote, and the rest.
fn open_map(bytes: &[u8]) -> (u64, &[u8]) {
    match bytes {
        [0xb8, count, rest @ ..] => (u64::from(*count), rest),
        [head, rest @ ..] => (u64::from(head & 0x1f), rest),
        [] => (0, &[]),
    }
}

struct Entries<'o> {
    out: Out<'o>,
    count: u64,
}

impl<'o> Entries<'o> {
    fn key(&mut self, key: u64) -> Result<&mut Out<'o>, minicbor::encode::Error<Infallible>> {
        self.count += 1;
        self.out.u64(key)
    }

    fn record(&mut self, record: &AccessRecord, part: u64, parts: u64) -> Written {
        self.key(key::AT)?.i64(record.at.0)?;
        self.key(key::REQUEST)?.u64(record.request.0 as u64)?;
        let subject = &record.subject;
        let ids = [subject.person, subject.app, subject.session].map(|id| id.map(|id| Value::Number(id.0 as u64)));
        self.map(key::SUBJECT, &[ids[0], ids[1], ids[2], subject.operator.then_some(Value::Number(1))])?;
        let ip = record.client.ip.as_deref().map(|ip| Value::Text(cut(ip, 64)));
        let user_agent = record.client.user_agent.as_deref().map(|agent| Value::Text(cut(agent, 256)));
        self.map(key::CLIENT, &[ip, user_agent])?;
        if let Some(purpose) = &record.purpose {
            self.key(key::PURPOSE)?.str(cut(purpose, 64))?;
        }
        self.key(key::POLICY_REVISION)?.i64(record.policy_revision)?;
        self.key(key::POLICY_SHA256)?.bytes(&record.policy_sha256)?;
        let operation = &record.operation;
        let name = operation.name.as_deref().map(|name| Value::Text(cut(name, 256)));
        let document = operation.document.as_ref().map(|digest| Value::Bytes(digest));
        self.map(key::OPERATION, &[Some(Value::Number(kind_number(operation.kind))), name, document])?;
        if let Some(commitment) = &record.detail {
            self.key(key::DETAIL)?.bytes(commitment)?;
        }
        self.key(key::DECISION)?.u64(decision_number(record.decision))?;
        if record.notice {
            self.key(key::NOTICE)?.bool(true)?;
        }
        self.key(key::DURATION)?.u64(record.duration)?;
        if !record.grants.is_empty() {
            let out = self.key(key::GRANTS)?.array(record.grants.len() as u64)?;
            for grant in &record.grants {
                out.u64(grant.0 as u64)?;
            }
        }
        if !record.disclosures.is_empty() {
            let out = self.key(key::DISCLOSURES)?.array(record.disclosures.len() as u64)?;
            for shown in &record.disclosures {
                out.array(3)?.u32(shown.clear.0)?.u32(shown.masked.0)?.bytes(&packed::pack_ids(&shown.leads))?;
            }
        }
        let used = record.used;
        let fields = [used.filter, used.sort, used.search, used.group].map(|set: FieldSet| (!set.is_empty()).then_some(set.0.into()));
        self.map(key::USED, &fields.map(|set| set.map(Value::Number)))?;
        if !record.agreements.is_empty() {
            let out = self.key(key::AGREEMENTS)?.array(record.agreements.len() as u64)?;
            for agreed in &record.agreements {
                out.array(3)?.u64(agreed.kind.number())?.u32(agreed.version)?.u64(agreed.acceptance.0 as u64)?;
            }
        }
        if record.rows > 0 {
            self.key(key::ROWS)?.u64(record.rows)?;
        }
        self.key(key::MARKING)?.array(2)?.u8(record.marking.level as u8)?.u64(record.marking.compartments)?;
        if let Some(code) = record.code {
            self.key(key::CODE)?.u64(code_number(code))?;
        }
        if !record.reasons.is_empty() {
            let reasons = &record.reasons[..record.reasons.len().min(parts::MAX_REASONS)];
            let out = self.key(key::REASONS)?.array(reasons.len() as u64)?;
            for reason in reasons {
                out.str(cut(reason, 128))?;
            }
        }
        if parts > 1 {
            self.key(key::PART)?.array(2)?.u64(part)?.u64(parts)?;
        }
        if !record.changed.is_empty() {
            let out = self.key(key::CHANGED)?.array(record.changed.len() as u64 + 1)?.u64(record.changed_from)?;
            for changed in &record.changed {
                out.array(2 + u64::from(changed.commitment.is_some()))?.str(cut(&changed.kind, 32))?.str(cut(&changed.item, 256))?;
                if let Some(commitment) = &changed.commitment {
                    out.bytes(commitment)?;
                }
            }
        }
        if record.reminder {
            self.key(key::REMINDER)?.bool(true)?;
        }
        Ok(())
    }

    /// A map with keys 0.. of those values that are there; nothing at all if none is.
    fn map(&mut self, key: u64, values: &[Option<Value<'_>>]) -> Written {
        let count = values.iter().flatten().count();
        if count == 0 {
            return Ok(());
        }
        let out = self.key(key)?.map(count as u64)?;
        for (key, value) in values.iter().enumerate() {
            match value {
                None => continue,
                Some(Value::Number(number)) => out.u64(key as u64)?.u64(*number)?,
                Some(Value::Text(text)) => out.u64(key as u64)?.str(text)?,
                Some(Value::Bytes(bytes)) => out.u64(key as u64)?.bytes(bytes)?,
            };
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Value<'v> {
    Number(u64),
    Text(&'v str),
    Bytes(&'v [u8]),
}

/// The longest beginning of `text` of at most `bytes` bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

const fn decision_number(decision: Decision) -> u64 {
    match decision {
        Decision::Allowed => 0,
        Decision::Denied => 1,
        Decision::Invalid => 2,
        Decision::Failed => 3,
    }
}

const fn kind_number(kind: OperationKind) -> u64 {
    match kind {
        OperationKind::Query => 0,
        OperationKind::Mutation => 1,
        OperationKind::Token => 2,
        OperationKind::Command => 3,
        OperationKind::Unknown => 4,
        OperationKind::Subscription => 5,
    }
}

const fn code_number(code: Code) -> u64 {
    match code {
        Code::Unauthenticated => 0,
        Code::Forbidden => 1,
        Code::QuotaExceeded => 2,
        Code::NotFound => 3,
        Code::BadUserInput => 4,
        Code::Conflict => 5,
        Code::TooComplex => 6,
        Code::AuditUnavailable => 7,
        Code::Internal => 8,
        Code::DiskFull => 9,
        Code::AgreementRequired => 10,
        Code::PurposeRequired => 11,
    }
}

#[cfg(test)]
mod tests;
