//! What changes left in the outbox: appended unless the ledger already has it, then removed. A process sees to its own rows, and
//! to those of processes that are gone.

use std::collections::HashSet;

use tokio::sync::mpsc;

use super::{
    codec,
    inside::Inside,
    record::{Draft, Entry},
    waiting::{self, Waiting},
};
use crate::{
    domain::{Id, Timestamp, clock::SECOND},
    store::{OutboxRow, Store, StoreError},
};

/// How many rows are looked at together.
const PAGE: u64 = 200;
/// How much clocks of servers may differ, and a record may take from its duration being measured to its commit (µs).
const SLACK: i64 = 300 * SECOND;
/// The reason in a record that was made before its change, and written without what came after.
const INTERRUPTED: &str = "interrupted";

/// Which rows of the outbox.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'w> {
    /// Its own whose records it could not write.
    Owed(&'w HashSet<Id>),
    /// Its own of operations that began before this moment, and so cannot be under way any more.
    Before(Timestamp),
    /// Those of this process, if it is gone.
    Of(Id),
}

/// The processes whose rows are left.
pub(super) async fn gone(inside: &Inside) -> Result<HashSet<Id>, StoreError> {
    let mut gone = HashSet::new();
    for owner in inside.store.outbox_owners().await?.into_iter().filter(|owner| *owner != inside.owner) {
        if inside.store.estate(owner).await?.is_some() {
            gone.insert(owner);
        }
    }
    Ok(gone)
}

/// Appends the records-to-be in the outbox; returns how many.
pub(super) async fn recover(inside: &Inside, queue: &mpsc::Sender<Waiting>, which: Which<'_>) -> Result<usize, StoreError> {
    let before = if let Which::Before(at) = which { at } else { Timestamp(i64::MAX) };
    let (owner, _estate) = match which {
        Which::Owed(_) | Which::Before(_) => (inside.owner, None),
        Which::Of(owner) => {
            let Some(estate) = inside.store.estate(owner).await? else { return Ok(0) };
            (owner, Some(estate))
        }
    };
    let (mut after, mut appended) = (None, 0);
    loop {
        let mut rows = inside.store.outbox_of(owner, before, after, PAGE).await?;
        let Some(last) = rows.last() else { break Ok(appended) };
        after = Some(last.id);
        rows.retain(|row| if let Which::Owed(owed) = which { owed.contains(&row.id) } else { true });
        let recorded = recorded(&inside.store, &rows).await?;
        for row in rows.iter().filter(|row| !recorded.contains(&row.id)) {
            let record = codec::decode_record(&row.body).map_err(|error| StoreError::Corrupt(format!("outbox row {}: {error}", row.id)))?;
            let draft = Draft { record, detail: None, document: None, outbox: Vec::new() };
            waiting::append(inside, queue, draft).await.map_err(|error| StoreError::Unsafe(error.to_string()))?;
            appended += 1;
        }
        if !rows.is_empty() {
            inside.store.clear_outbox(rows.iter().map(|row| row.id).collect()).await?;
        }
    }
}

/// Those of the rows whose records the ledger has: searched from its ends back to before the oldest row.
async fn recorded(store: &Store, rows: &[OutboxRow]) -> Result<HashSet<Id>, StoreError> {
    let mut found = HashSet::new();
    let Some(oldest) = rows.iter().map(|row| row.at.0).min() else { return Ok(found) };
    let mut epoch = None;
    while let Some(this) = store.ledger_epoch_before(epoch).await? {
        epoch = Some(this);
        let mut below = u64::MAX;
        'epoch: loop {
            let entries = store.ledger_entries_back(this, below, 256).await?;
            let Some(last) = entries.last() else { break };
            below = last.rseq;
            for entry in entries.iter().filter_map(|row| codec::decode(&row.body).ok()) {
                // Records are appended when their operation ends.
                if entry.record.at.0.saturating_add(entry.record.duration as i64) < oldest - SLACK {
                    break 'epoch;
                }
                found.extend(rows.iter().filter(|row| is_record_of(&entry, row)).map(|row| row.id));
            }
            if found.len() == rows.len() {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Whether the entry is the full record of the row's operation, or what an earlier recovery made of this very row.
fn is_record_of(entry: &Entry, row: &OutboxRow) -> bool {
    if entry.record.request != row.request {
        return false;
    }
    let Ok(record) = codec::decode_record(&row.body) else { return false };
    let interrupted = entry.record.reasons.iter().any(|reason| reason == INTERRUPTED);
    if interrupted {
        return record.changed.starts_with(&entry.record.changed);
    }
    // A commit that was reported failed may have happened: then the full record does not know of the change. The last of
    // a row's changes stands for all: a record in parts may have them in two.
    record.changed.last().is_none_or(|changed| entry.record.changed.contains(changed))
}
