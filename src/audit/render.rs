//! An entry as JSON for people and their tools: ids as their letters, digests in base64, fields by name.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::record::{Changed, Decision, Entry, Number, OperationKind, Tail};
use crate::domain::{Digest, FieldSet, Id, Subject};

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
    /// The entry as JSON. What the record does not have is left out.
    pub fn to_json(&self) -> Value {
        let record = &self.record;
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| {
            if !empty(&value) {
                out.insert(key.to_owned(), value);
            }
        };
        put("version", self.version.into());
        put("epoch", letters(self.epoch));
        put("rseq", self.rseq.into());
        put("previous", digest(&self.previous));
        put("follows", self.follows.map_or(Value::Null, place));
        put("numbers", self.numbers.iter().map(number).collect());
        if self.parts > 1 {
            put("part", json!({ "number": self.part, "of": self.parts }));
        }
        put("at", record.at.to_string().into());
        put("request", letters(record.request));
        put("subject", subject(&record.subject));
        put("ip", record.client.ip.clone().into());
        put("userAgent", record.client.user_agent.clone().into());
        put("purpose", record.purpose.clone().into());
        put("policyRevision", record.policy_revision.into());
        put("policySha256", digest(&record.policy_sha256));
        put("operation", record.operation.kind.name().into());
        put("operationName", record.operation.name.clone().into());
        put("documentSha256", record.operation.document.as_ref().map_or(Value::Null, digest));
        put("detailCommitment", record.detail.as_ref().map_or(Value::Null, digest));
        put("decision", record.decision.name().into());
        put("code", record.code.map(crate::policy::Code::name).into());
        put("reasons", record.reasons.clone().into());
        put("grants", record.grants.iter().copied().map(letters).collect());
        let shown = record.disclosures.iter().map(|shown| {
            let leads: Value = shown.leads.iter().copied().map(letters).collect();
            json!({ "clear": names(shown.clear), "masked": names(shown.masked), "leads": leads })
        });
        put("disclosures", shown.collect());
        let used =
            [("filter", record.used.filter), ("sort", record.used.sort), ("search", record.used.search), ("group", record.used.group)];
        let used = used.into_iter().filter(|(_, fields)| !fields.is_empty()).map(|(key, fields)| (key.to_owned(), names(fields)));
        put("used", Value::Object(used.collect()));
        put("changed", record.changed.iter().zip(record.changed_from..).map(changed).collect());
        put("rows", record.rows.into());
        let marking = record.marking;
        let compartments: Value = (0..u64::BITS).filter(|bit| marking.compartments >> bit & 1 == 1).collect();
        put("marking", json!({ "level": marking.level.name(), "compartments": compartments }));
        put("notice", record.notice.into());
        put("durationMicros", record.duration.into());
        let agreed = record.agreements.iter();
        put(
            "agreements",
            agreed.map(|one| json!({ "kind": one.kind.name(), "version": one.version, "acceptance": letters(one.acceptance) })).collect(),
        );
        if record.reminder {
            put("reminder", true.into());
        }
        Value::Object(out)
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

fn place(tail: Tail) -> Value {
    json!({ "epoch": letters(tail.epoch), "rseq": tail.rseq })
}

fn number(number: &Number) -> Value {
    match number {
        Number::First(None) => json!({ "number": 0 }),
        Number::First(Some(tail)) => json!({ "number": 0, "after": place(*tail) }),
        Number::Next(number) => json!({ "number": number }),
    }
}

fn changed((changed, number): (&Changed, u64)) -> Value {
    let mut out = json!({ "number": number, "kind": changed.kind, "item": changed.item });
    if let Some(commitment) = &changed.commitment {
        out["commitment"] = digest(commitment);
    }
    out
}

fn letters(id: Id) -> Value {
    id.to_string().into()
}

fn digest(digest: &Digest) -> Value {
    STANDARD.encode(digest).into()
}

fn names(fields: FieldSet) -> Value {
    fields.iter().map(crate::domain::Field::name).collect()
}

fn subject(subject: &Subject) -> Value {
    let kind = match subject.kind() {
        crate::domain::SubjectKind::Person => "PERSON",
        crate::domain::SubjectKind::App => "APP",
        crate::domain::SubjectKind::Operator => "OPERATOR",
        crate::domain::SubjectKind::Anonymous => "ANONYMOUS",
    };
    let mut out = Map::from_iter([("kind".to_owned(), kind.into())]);
    for (key, id) in [("person", subject.person), ("app", subject.app), ("session", subject.session)] {
        if let Some(id) = id {
            out.insert(key.to_owned(), letters(id));
        }
    }
    Value::Object(out)
}
