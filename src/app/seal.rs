//! The end of every operation: its record becomes durable, or nothing of it leaves.

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Op, agreements, quota};
use crate::{
    audit::{
        Unrecorded,
        record::{AccessRecord, Decision, Detail, Draft, Operation, OperationKind},
    },
    domain::{Digest, clock::random_bytes},
    ledger::Receipt,
    policy::Code,
};

/// What only the outside of an operation knows of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What kind of operation it was.
    pub kind: OperationKind,
    /// The operation's name in the document, the grant type, or the command.
    pub name: Option<String>,
    /// The document's text.
    pub document: Option<String>,
    /// The variables as JSON, secrets redacted.
    pub variables: Option<String>,
    /// How it ended.
    pub decision: Decision,
    /// SHA-256 of the answer's `data`, as it will be sent.
    pub response: Option<Digest>,
    /// Whether the notice goes out with the answer.
    pub notice: bool,
    /// Since the first byte was read (µs).
    pub duration: u64,
}

impl Outcome {
    /// Of a command that went well so far, without arguments and without an answer.
    pub(super) fn of_command(op: &Op, name: &str) -> Self {
        Self {
            kind: OperationKind::Command,
            name: Some(name.to_owned()),
            document: None,
            variables: None,
            decision: Decision::Allowed,
            response: None,
            notice: false,
            duration: op.core.now().0.abs_diff(op.at.0),
        }
    }
}

/// Makes the record of `op` durable and returns the receipt for it. On an error nothing of the operation may leave.
pub async fn seal(op: &Op, outcome: Outcome) -> Result<Receipt, Unrecorded> {
    if op.trace().code == Some(Code::DiskFull) {
        op.core.store.disk().found_full();
    }
    let draft = draft(op, outcome);
    let appended = op.core.recorder.append(draft).await;
    if appended.is_err() {
        quota::refund(op);
    }
    let sealed = appended?;
    Ok(op.core.recorder.receipt(&sealed))
}

fn draft(op: &Op, outcome: Outcome) -> Draft {
    let detail = detail(op, outcome.variables.as_deref(), outcome.response);
    let commitment = detail.as_ref().map(Detail::commitment);
    let trace = op.trace();
    let mut grants = trace.grants.clone();
    grants.sort_unstable();
    grants.dedup();
    let mut reasons = trace.reasons.clone();
    if trace.code == Some(Code::AgreementRequired) {
        reasons.extend(agreements::missing(op).into_iter().map(|point| format!("not accepted {}", point.kind.name())));
    }
    // Whoever looked through a window did so by these.
    let agreed = if grants.is_empty() { Vec::new() } else { op.rights.agreed().to_vec() };
    let record = AccessRecord {
        request: op.request,
        at: op.at,
        subject: op.subject,
        client: op.client.clone(),
        purpose: op.purpose.as_ref().map(|(code, _)| code.clone()),
        policy_revision: op.snapshot.revision,
        policy_sha256: op.snapshot.sha256,
        operation: Operation {
            kind: outcome.kind,
            name: outcome.name,
            document: outcome.document.as_ref().map(|text| Sha256::digest(text).into()),
        },
        detail: commitment,
        decision: outcome.decision,
        code: trace.code,
        reasons,
        grants,
        disclosures: trace.disclosures(),
        used: trace.used,
        changed: trace.changed.clone(),
        changed_from: 0,
        rows: trace.rows,
        marking: trace.marking,
        notice: outcome.notice,
        duration: outcome.duration,
        agreements: agreed,
        reminder: trace.reminded,
    };
    Draft { record, detail, document: outcome.document, outbox: trace.outbox.clone() }
}

/// The erasable side; nothing if there is nothing to say.
fn detail(op: &Op, variables: Option<&str>, response: Option<Digest>) -> Option<Detail> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Text<'t> {
        #[serde(skip_serializing_if = "Option::is_none")]
        variables: Option<&'t RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        purpose_text: Option<&'t str>,
    }
    let variables = variables.and_then(|json| serde_json::from_str(json).ok());
    let purpose_text = op.purpose.as_ref().and_then(|(_, text)| text.as_deref());
    let said = variables.is_some() || purpose_text.is_some();
    let variables = if said { serde_json::to_string(&Text { variables, purpose_text }).ok() } else { None };
    let salted = variables.is_some() || response.is_some();
    salted.then(|| Detail { salt: random_bytes(&*op.core.random), variables, response })
}
