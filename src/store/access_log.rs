//! Reading the access log back: entries by their place in the tree, and the erasable things kept beside them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::PoisonError,
};

use entity::{change_detail, ledger_checkpoint, ledger_detail, ledger_document, ledger_run};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};

use super::{
    Store, StoreError,
    ledger::RunRow,
    rows::{Row, Sql},
};
use crate::{
    domain::{Digest, Id, Timestamp},
    policy::Permit,
};

/// How many runs are looked at to fill one chunk; a chunk may come out shorter for it.
const RUNS: u64 = 1_024;

/// How many moments are remembered.
const MOMENTS: usize = 65_536;
/// How many entries are looked up by one statement.
const AT_ONCE: usize = 1_000;
/// From so many on they are looked up in two halves side by side: each entry lies elsewhere on the disk.
const MANY: usize = 64;
/// Entries by their indexes: the run that each lies in is the last that begins at it or before.
const AT: Sql = Sql {
    sqlite: "\
SELECT w.value, e.leaf, e.body FROM json_each($1) w
JOIN ledger_run r ON r.first_index = (SELECT MAX(x.first_index) FROM ledger_run x WHERE x.first_index <= w.value)
JOIN ledger_entry e ON e.epoch = r.epoch AND e.rseq = r.first_rseq + w.value - r.first_index",
    postgres: "\
SELECT w.value, e.leaf, e.body FROM UNNEST($1::BIGINT[]) AS w(value)
CROSS JOIN LATERAL (SELECT * FROM ledger_run x WHERE x.first_index <= w.value ORDER BY x.first_index DESC LIMIT 1) r
JOIN ledger_entry e ON e.epoch = r.epoch AND e.rseq = r.first_rseq + w.value - r.first_index",
};
/// Entries of an epoch.
const BETWEEN: &str = "SELECT rseq, leaf, body FROM ledger_entry WHERE epoch = $1 AND rseq >= $2 AND rseq < $3";

/// An entry of the ledger with its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Hash of the leaf.
    pub leaf: Digest,
    /// The bytes that were hashed.
    pub body: Vec<u8>,
    /// Whether it was read from the archive.
    pub archived: bool,
}

/// Before and after of one thing that an operation changed; JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedChange {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub item: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is since.
    pub after: Option<String>,
}

impl Store {
    /// At most `limit` entries with an index below `before`, newest first; none means there are no more.
    pub async fn log_before(&self, _: Permit, before: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let found = ledger_run::Entity::find()
            .filter(ledger_run::Column::FirstIndex.lt(i64::try_from(before).unwrap_or(i64::MAX)))
            .order_by_desc(ledger_run::Column::FirstIndex)
            .limit(RUNS.min(limit.into()))
            .all(&self.0.ledger)
            .await?;
        let mut wanted = u64::from(limit);
        let mut runs = Vec::new();
        for run in found.iter().map(RunRow::of) {
            let until = (run.first_index + run.length).min(before);
            let length = (until - run.first_index).min(wanted);
            let skipped = until - length - run.first_index;
            runs.push(RunRow { first_index: run.first_index + skipped, first_rseq: run.first_rseq + skipped, length, ..run });
            wanted -= length;
            if wanted == 0 {
                break;
            }
        }
        self.entries_of(&runs).await
    }

    /// The entry with this index.
    pub async fn log_entry(&self, permit: Permit, index: u64) -> Result<Option<LogEntry>, StoreError> {
        let found = self.log_before(permit, index.saturating_add(1), 1).await?;
        Ok(found.into_iter().find(|entry| entry.index == index))
    }

    /// An index such that every entry below it was in the tree before `moment`: where a search back to `moment` ends.
    pub async fn log_floor(&self, moment: Timestamp) -> Result<u64, StoreError> {
        let earlier = ledger_checkpoint::Entity::find().filter(ledger_checkpoint::Column::At.lt(moment.0));
        let last = earlier.order_by_desc(ledger_checkpoint::Column::At).one(&self.0.ledger).await?;
        Ok(last.map_or(0, |checkpoint| checkpoint.size as u64))
    }

    /// What was remembered of the entry with this index; it never changes.
    pub fn log_moment(&self, index: u64) -> Option<Timestamp> {
        self.0.moments.lock().unwrap_or_else(PoisonError::into_inner).get(&index).copied()
    }

    /// Remembers when the operation of the entry with this index began.
    pub fn remember_log_moment(&self, index: u64, at: Timestamp) {
        let mut moments = self.0.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if moments.len() >= MOMENTS {
            moments.clear();
        }
        moments.insert(index, at);
    }

    /// The entries with these indexes, rising.
    pub async fn log_at(&self, _: Permit, indexes: &[u64]) -> Result<Vec<LogEntry>, StoreError> {
        let mut entries = Vec::with_capacity(indexes.len());
        for indexes in indexes.chunks(AT_ONCE) {
            if indexes.len() < MANY {
                entries.extend(self.stored_at(indexes).await?);
            } else {
                let (one, other) = indexes.split_at(indexes.len() / 2);
                let (one, other) = tokio::try_join!(self.stored_at(one), self.stored_at(other))?;
                entries.extend(one.into_iter().chain(other));
            }
        }
        if entries.len() < indexes.len() {
            let found: HashSet<u64> = entries.iter().map(|entry| entry.index).collect();
            let missing = indexes.iter().copied().filter(|index| !found.contains(index)).collect();
            entries.extend(self.read_archived(missing).await?);
        }
        entries.sort_unstable_by_key(|entry| entry.index);
        Ok(entries)
    }

    /// Those of these entries that are in the database.
    async fn stored_at(&self, indexes: &[u64]) -> Result<Vec<LogEntry>, StoreError> {
        let wanted: Vec<i64> = indexes.iter().map(|index| *index as i64).collect();
        let wanted = if self.0.entries.is_postgres() {
            Value::from(wanted)
        } else {
            Value::from(serde_json::to_string(&wanted).unwrap_or_default())
        };
        let row = |row: &dyn Row| {
            let index = row.number(0)? as u64;
            let leaf = row.bytes(1)?.try_into().map_err(|_| StoreError::Corrupt(format!("leaf of record {index}")))?;
            Ok(LogEntry { index, leaf, body: row.bytes(2)?.to_vec(), archived: false })
        };
        self.0.entries.list(AT, vec![wanted], row).await
    }

    /// Entries from index `from` on, oldest first, without those of the epochs `but`, and where to go on; nothing
    /// and `from` when there are no more. For counting what was disclosed, which needs nobody's permit.
    pub async fn log_from(&self, from: u64, but: &[Id], limit: u32) -> Result<(Vec<LogEntry>, u64), StoreError> {
        let (mut wanted, mut taken, mut next) = (u64::from(limit), Vec::new(), from);
        for run in self.ledger_runs_over(from, RUNS).await? {
            let skipped = from.saturating_sub(run.first_index);
            let (first_index, first_rseq, rest) = (run.first_index + skipped, run.first_rseq + skipped, run.length - skipped);
            let counted = !but.contains(&run.epoch);
            let length = if counted { rest.min(wanted) } else { rest };
            next = first_index + length;
            if counted {
                taken.push(RunRow { first_index, first_rseq, length, ..run });
                wanted -= length;
            }
            if wanted == 0 {
                break;
            }
        }
        let mut entries = self.entries_of(&taken).await?;
        entries.reverse();
        Ok((entries, next))
    }

    /// The text of the document with this hash, unless it was erased.
    pub async fn log_document(&self, _: Permit, sha256: &Digest) -> Result<Option<String>, StoreError> {
        let row = ledger_document::Entity::find_by_id(sha256.to_vec()).one(&self.0.ledger).await?;
        Ok(row.map(|row| String::from_utf8_lossy(&row.text).into_owned()))
    }

    /// The erasable side of an entry as JSON, unless it was erased.
    pub async fn log_detail(&self, _: Permit, epoch: Id, rseq: u64) -> Result<Option<String>, StoreError> {
        let row = ledger_detail::Entity::find_by_id((epoch.0, rseq as i64)).one(&self.0.ledger).await?;
        Ok(row.and_then(|row| row.variables))
    }

    /// What an operation changed, in the order it did, unless it was erased; at most `limit`.
    pub async fn log_changes(&self, _: Permit, request: Id, limit: u64) -> Result<Vec<LoggedChange>, StoreError> {
        let all = change_detail::Entity::find().filter(change_detail::Column::RequestId.eq(request.0));
        let rows = all.order_by_asc(change_detail::Column::Seq).limit(limit).all(&self.0.main).await?;
        let change = |row: change_detail::Model| LoggedChange { kind: row.kind, item: row.item, before: row.before, after: row.after };
        Ok(rows.into_iter().map(change).collect())
    }

    /// The entries of these runs, highest index first.
    async fn entries_of(&self, runs: &[RunRow]) -> Result<Vec<LogEntry>, StoreError> {
        let mut entries = Vec::new();
        for (epoch, mut runs) in by_epoch(runs) {
            // The tree takes an epoch's entries in their order, so its runs follow each other without a gap.
            runs.sort_unstable_by_key(|run| run.first_rseq);
            let first = runs.first().map_or(0, |run| run.first_rseq);
            let end = runs.last().map_or(0, |run| run.first_rseq + run.length);
            let row = move |row: &dyn Row| {
                let rseq = row.number(0)? as u64;
                let leaf = row.bytes(1)?.try_into().map_err(|_| StoreError::Corrupt(format!("leaf of entry {rseq} of {epoch}")))?;
                let before = runs.partition_point(|run| run.first_rseq <= rseq);
                let held = runs[..before].last().filter(|run| rseq < run.first_rseq + run.length);
                let index = held.map(|run| run.first_index + rseq - run.first_rseq);
                let body = row.bytes(2)?;
                Ok(index.map(|index| LogEntry { index, leaf, body: body.to_vec(), archived: false }))
            };
            let between = vec![epoch.into(), (first as i64).into(), (end as i64).into()];
            let found = self.0.entries.list(BETWEEN, between, row).await?;
            entries.extend(found.into_iter().flatten());
        }
        let wanted: u64 = runs.iter().map(|run| run.length).sum();
        if (entries.len() as u64) < wanted {
            let found: HashSet<u64> = entries.iter().map(|entry: &LogEntry| entry.index).collect();
            let all = runs.iter().flat_map(|run| run.first_index..run.first_index + run.length);
            entries.extend(self.read_archived(all.filter(|index| !found.contains(index)).collect()).await?);
        }
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.index));
        Ok(entries)
    }

    /// Those of these entries that the archive has.
    async fn read_archived(&self, mut missing: Vec<u64>) -> Result<Vec<LogEntry>, StoreError> {
        missing.sort_unstable();
        let mut entries = Vec::new();
        for range in missing.chunk_by(|one, next| one + 1 == *next) {
            let [Some(first), Some(last)] = [range.first(), range.last()] else { continue };
            let found = self.archived(*first, last + 1).await?;
            entries.extend(found.into_iter().map(|entry| LogEntry {
                index: entry.index,
                leaf: entry.leaf,
                body: entry.body,
                archived: true,
            }));
        }
        Ok(entries)
    }
}

fn by_epoch(runs: &[RunRow]) -> BTreeMap<i64, Vec<RunRow>> {
    let mut epochs: BTreeMap<i64, Vec<RunRow>> = BTreeMap::new();
    for run in runs {
        epochs.entry(run.epoch.0).or_default().push(*run);
    }
    epochs
}
