//! Reading the access log: newest first, filtered, a bounded number of records at a time. Every read is itself recorded.

use serde::{Deserialize, Serialize};

use super::{Error, Op, redact};
use crate::{
    audit::{
        codec,
        record::{AccessRecord, Decision, Entry, OperationKind},
    },
    domain::{Digest, Id, Timestamp, clock::SECOND},
    policy::{Permission, Refusal},
    store::{LogEntry, StoreError},
};

/// How many records a page holds at most.
pub const MAX_PAGE: u32 = 500;
/// How many changes of one operation are listed at most; an import makes more.
pub const MAX_CHANGES: u64 = 500;
/// How many entries are read from the database at once: 256 of the largest are 16 MiB.
const CHUNK: u32 = 256;
/// How far the clocks of two servers may lie apart (µs) before a search by time misses something.
const CLOCK_SKEW: i64 = 300 * SECOND;

/// How the access log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many records one page may look at. A page whose filter matches too few ends there and has a next one.
    pub scan: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { scan: 20_000 }
    }
}

/// Which records are wanted; all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Began at this moment or later.
    pub since: Option<Timestamp>,
    /// Began before this moment.
    pub until: Option<Timestamp>,
    /// Done by this person, or by an app on their behalf.
    pub person: Option<Id>,
    /// Done by this app.
    pub app: Option<Id>,
    /// Ended so.
    pub decision: Option<Decision>,
    /// Has this code.
    pub code: Option<String>,
    /// Was of this kind.
    pub kind: Option<OperationKind>,
    /// Had this name.
    pub name: Option<String>,
    /// Declared this purpose.
    pub purpose: Option<String>,
    /// Disclosed or changed this lead.
    pub lead: Option<Id>,
    /// Came from this internet address.
    pub ip: Option<String>,
    /// Is about this request.
    pub request: Option<Id>,
}

impl LogFilter {
    fn matches(&self, record: &AccessRecord) -> bool {
        self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
            && self.person.is_none_or(|person| record.subject.person == Some(person))
            && self.app.is_none_or(|app| record.subject.app == Some(app))
            && self.decision.is_none_or(|decision| record.decision == decision)
            && self.code.as_ref().is_none_or(|code| record.code.is_some_and(|found| found.name() == code))
            && self.kind.is_none_or(|kind| record.operation.kind == kind)
            && self.name.as_ref().is_none_or(|name| record.operation.name.as_ref() == Some(name))
            && self.purpose.as_ref().is_none_or(|purpose| record.purpose.as_ref() == Some(purpose))
            && self.ip.as_ref().is_none_or(|ip| record.client.ip.as_ref() == Some(ip))
            && self.request.is_none_or(|request| record.request == request)
            && self.lead.is_none_or(|lead| is_about(record, lead))
    }
}

fn is_about(record: &AccessRecord, lead: Id) -> bool {
    let shown = record.disclosures.iter().any(|disclosure| disclosure.leads.binary_search(&lead).is_ok());
    shown || record.changed.iter().any(|changed| changed.kind == "lead" && changed.item.parse() == Ok(lead))
}

/// A record with its place in the tree.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Hash of its leaf.
    pub leaf: Digest,
    /// What it says.
    pub entry: Entry,
}

/// Part of the access log, newest first.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The records that match.
    pub records: Vec<Logged>,
    /// Go on with records below this index; `None` when none below it can match.
    pub next: Option<u64>,
}

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

/// The records that match `filter`, newest first, at most `first`, with an index below `after`.
pub async fn access_log(op: &Op, filter: &LogFilter, first: u32, after: Option<u64>) -> Result<LogPage, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} records.")).into());
    }
    catch_up(op).await?;
    let store = &op.core.store;
    let floor = match filter.since {
        Some(since) => store.log_floor(Timestamp(since.0.saturating_sub(CLOCK_SKEW))).await?,
        None => 0,
    };
    let mut page = LogPage { records: Vec::new(), next: Some(after.unwrap_or(u64::MAX)) };
    let mut left = op.core.access_log.scan;
    while let Some(before) = page.next {
        if page.records.len() == first as usize || left == 0 {
            break;
        }
        let chunk = store.log_before(permit, before, CHUNK.min(left)).await?;
        left -= chunk.len() as u32;
        // An empty chunk, or one that reached the floor, is the last.
        page.next = chunk.last().map(|entry| entry.index).filter(|lowest| *lowest > floor);
        for entry in chunk {
            let index = entry.index;
            let logged = logged(entry)?;
            if index >= floor && filter.matches(&logged.entry.record) {
                page.records.push(logged);
            }
            if page.records.len() == first as usize {
                page.next = Some(index).filter(|lowest| *lowest > floor);
                break;
            }
        }
    }
    op.trace().rows += page.records.len() as u64;
    Ok(page)
}

/// The record with this index.
pub async fn access_record(op: &Op, index: u64) -> Result<Logged, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    catch_up(op).await?;
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

/// Folds what has been recorded up to this moment into the tree, so that the log ends now and not a moment ago.
async fn catch_up(op: &Op) -> Result<(), Error> {
    op.core.recorder.fold_now().await?;
    Ok(())
}

fn logged(entry: LogEntry) -> Result<Logged, Error> {
    let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
    Ok(Logged { index: entry.index, leaf: entry.leaf, entry: codec::decode(&entry.body).map_err(unreadable)? })
}
