//! One record, and what lies beside and around it.

use serde::Deserialize;

use super::{Logged, logged, now};
use crate::{
    app::{Error, Op, redact},
    audit::record::{AccessRecord, OperationKind, counters},
    policy::{Permission, Refusal},
};

/// How many changes of one operation are listed at most; an import makes more.
pub const MAX_CHANGES: u64 = 500;
/// How many records are looked through at once for the next of a subject; four times as many each time.
const WINDOW: u64 = 65_536;

/// Before and after of something an operation changed, as far as an auditor may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeShown {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub item: String,
    /// Names of the fields that differ.
    pub fields: Vec<String>,
    /// What it was, as JSON; never of a lead.
    pub before: Option<String>,
    /// What it is since, as JSON; never of a lead.
    pub after: Option<String>,
}

/// The record with this index.
pub async fn access_record(op: &Op, index: u64) -> Result<Logged, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    now(op).await?;
    let entry = op.core.store.log_entry(permit, index).await?.ok_or_else(Refusal::not_found)?;
    op.trace().rows += 1;
    logged(entry)
}

/// The text of a record's document, its literals hidden; `None` if it has none, it was erased, or nobody could read it:
/// in such a text there is no telling what is a literal.
pub async fn document(op: &Op, record: &AccessRecord) -> Result<Option<String>, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    let operation = &record.operation;
    let Some(sha256) = operation.document.as_ref().filter(|_| operation.kind != OperationKind::Unknown) else {
        return Ok(None);
    };
    Ok(op.core.store.log_document(permit, sha256).await?.map(|text| redact::literals(&text)))
}

/// What lies beside a record in the erasable table, as far as an auditor may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The variables as JSON, their values hidden.
    pub variables: Option<String>,
    /// What the caller said of their purpose.
    pub purpose_text: Option<String>,
}

/// What lies beside a record; nothing if there was nothing or it was erased.
pub async fn beside(op: &Op, logged: &Logged) -> Result<Beside, Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Detail {
        variables: Option<serde_json::Value>,
        purpose_text: Option<String>,
    }
    let permit = op.rights.permit(Permission::LogRead)?;
    let entry = &logged.entry;
    if entry.record.detail.is_none() {
        return Ok(Beside::default());
    }
    // Of a record in parts, it lies beside the first.
    let first = entry.rseq.saturating_sub(entry.part.saturating_sub(1));
    let json = op.core.store.log_detail(permit, entry.epoch, first).await?;
    let detail: Detail = json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    Ok(Beside { variables: detail.variables.map(redact::values), purpose_text: detail.purpose_text })
}

/// Before and after of what a record's operation changed, at most [`MAX_CHANGES`].
pub async fn changes(op: &Op, record: &AccessRecord) -> Result<Vec<ChangeShown>, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    if record.changed.is_empty() {
        return Ok(Vec::new());
    }
    let changes = op.core.store.log_changes(permit, record.request, MAX_CHANGES).await?;
    Ok(changes.into_iter().map(redact::change).collect())
}

/// The record before (or, `forward`, after) this one of the same person; of an app that acts for nobody, of the operator, of
/// strangers the same.
pub async fn neighbour(op: &Op, of: &Logged, forward: bool) -> Result<Option<Logged>, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    now(op).await?;
    let (store, index) = (&op.core.store, op.core.recorder.index());
    let Some(counter) = counters(&of.entry.record.subject).first().copied() else { return Ok(None) };
    let mut found = None;
    if forward {
        let (size, mut from, mut window) = (store.ledger_folded().await?, of.index + 1, WINDOW);
        while found.is_none() && from < size {
            found = index.entries(counter, from, from + window, usize::MAX).await?.last().copied();
            from += window;
            window *= 4;
        }
    } else {
        found = index.entries(counter, 0, of.index, 1).await?.first().copied();
    }
    let Some(found) = found else { return Ok(None) };
    op.trace().rows += 1;
    store.log_entry(permit, found).await?.map(logged).transpose()
}
