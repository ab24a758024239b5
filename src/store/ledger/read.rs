//! Reading the ledger's tables in order, a bounded number of rows at a time.

use entity::{ledger_checkpoint, ledger_entry, ledger_run};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::digest;
use crate::{
    domain::{Digest, Id, Timestamp},
    store::{Store, StoreError, rows::Row},
};

const ENTRIES: &str = "SELECT rseq, leaf, body FROM ledger_entry WHERE epoch = $1 AND rseq >= $2 ORDER BY rseq LIMIT $3";
const RUNS_OVER: &str = "\
SELECT first_index, epoch, first_rseq, length FROM ledger_run
WHERE first_index >= COALESCE((SELECT MAX(first_index) FROM ledger_run WHERE first_index <= $1), 0) ORDER BY first_index LIMIT $2";

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number in the epoch.
    pub rseq: u64,
    /// The hash stored beside it; `None` if that is no hash at all.
    pub leaf: Option<Digest>,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Where a run of entries of one epoch stands in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The index of its first entry.
    pub first_index: u64,
    /// The epoch.
    pub epoch: Id,
    /// The number of its first entry there.
    pub first_rseq: u64,
    /// How many.
    pub length: u64,
}

impl RunRow {
    pub(in crate::store) fn of(row: &ledger_run::Model) -> Self {
        let [first_index, first_rseq, length] = [row.first_index, row.first_rseq, row.length].map(|number| number as u64);
        Self { first_index, epoch: Id(row.epoch), first_rseq, length }
    }
}

impl EntryRow {
    fn of(row: ledger_entry::Model) -> Self {
        Self { rseq: row.rseq as u64, leaf: digest(row.leaf).ok(), body: row.body }
    }
}

impl Store {
    /// The first epoch after `epoch` that has entries.
    pub async fn ledger_epoch_after(&self, epoch: Option<Id>) -> Result<Option<Id>, StoreError> {
        let mut query = ledger_entry::Entity::find().select_only().column(ledger_entry::Column::Epoch);
        if let Some(epoch) = epoch {
            query = query.filter(ledger_entry::Column::Epoch.gt(epoch.0));
        }
        let first: Option<i64> = query.order_by_asc(ledger_entry::Column::Epoch).into_tuple().one(&self.0.ledger).await?;
        Ok(first.map(Id))
    }

    /// The last epoch before `epoch` that has entries.
    pub async fn ledger_epoch_before(&self, epoch: Option<Id>) -> Result<Option<Id>, StoreError> {
        let mut query = ledger_entry::Entity::find().select_only().column(ledger_entry::Column::Epoch);
        if let Some(epoch) = epoch {
            query = query.filter(ledger_entry::Column::Epoch.lt(epoch.0));
        }
        let last: Option<i64> = query.order_by_desc(ledger_entry::Column::Epoch).into_tuple().one(&self.0.ledger).await?;
        Ok(last.map(Id))
    }

    /// Entries of an epoch with numbers from `from`, at most `limit`, rising, up to the first that is not where the one before it is:
    /// in the database, or in the archive.
    pub async fn ledger_entries(&self, epoch: Id, from: u64, limit: u64) -> Result<Vec<EntryRow>, StoreError> {
        let row = |rseq, leaf, body: &[u8]| EntryRow { rseq, leaf, body: body.to_vec() };
        Ok(self.ledger_entries_as(epoch, from, limit, row).await?.into_iter().map(|(_, row)| row).collect())
    }

    /// The number of each of the same entries, and what `of` makes of its number, the leaf stored beside it and its bytes.
    pub async fn ledger_entries_as<T: Send + 'static>(
        &self,
        epoch: Id,
        from: u64,
        limit: u64,
        of: impl Fn(u64, Option<Digest>, &[u8]) -> T + Copy + Send + 'static,
    ) -> Result<Vec<(u64, T)>, StoreError> {
        let [first, most] = [from, limit].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let row = move |row: &dyn Row| {
            let rseq = row.number(0)? as u64;
            Ok((rseq, of(rseq, row.bytes(1)?.try_into().ok(), row.bytes(2)?)))
        };
        let mut rows = self.0.entries.list(ENTRIES, vec![epoch.0.into(), first.into(), most.into()], row).await?;
        if rows.first().is_none_or(|(rseq, _)| *rseq != from) {
            // Nobody asks for what was not recorded; so it was archived, or somebody took it out.
            let archived = self.archived_of(epoch, from, limit).await?;
            if archived.is_empty() {
                return Ok(rows);
            }
            return Ok(archived.into_iter().map(|row| (row.rseq, of(row.rseq, row.leaf, &row.body))).collect());
        }
        let unbroken = rows.iter().zip(from..).take_while(|((rseq, _), expected)| rseq == expected).count();
        rows.truncate(unbroken);
        Ok(rows)
    }

    /// Entries of an epoch with numbers below `below`, at most `limit`, falling.
    pub async fn ledger_entries_back(&self, epoch: Id, below: u64, limit: u64) -> Result<Vec<EntryRow>, StoreError> {
        let below = i64::try_from(below).unwrap_or(i64::MAX);
        let query = ledger_entry::Entity::find().filter(ledger_entry::Column::Epoch.eq(epoch.0));
        let query = query.filter(ledger_entry::Column::Rseq.lt(below)).order_by_desc(ledger_entry::Column::Rseq).limit(limit);
        Ok(query.all(&self.0.ledger).await?.into_iter().map(EntryRow::of).collect())
    }

    /// Runs from index `from`, at most `limit`, rising.
    pub async fn ledger_runs(&self, from: u64, limit: u64) -> Result<Vec<RunRow>, StoreError> {
        let query = ledger_run::Entity::find().filter(ledger_run::Column::FirstIndex.gte(from as i64));
        let query = query.order_by_asc(ledger_run::Column::FirstIndex).limit(limit);
        Ok(query.all(&self.0.ledger).await?.iter().map(RunRow::of).collect())
    }

    /// Runs from the one that `index` lies in, at most `limit`, rising.
    pub async fn ledger_runs_over(&self, index: u64, limit: u64) -> Result<Vec<RunRow>, StoreError> {
        let [from, limit] = [index, limit].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let row = |row: &dyn Row| {
            let [first_index, epoch, first_rseq, length] = [0, 1, 2, 3].map(|column| row.number(column));
            Ok(RunRow { first_index: first_index? as u64, epoch: Id(epoch?), first_rseq: first_rseq? as u64, length: length? as u64 })
        };
        let mut runs = self.0.entries.list(RUNS_OVER, vec![from.into(), limit.into()], row).await?;
        runs.retain(|run| run.first_index + run.length > index);
        Ok(runs)
    }

    /// The place in the tree of an entry, if it has one.
    pub async fn ledger_index(&self, epoch: Id, rseq: u64) -> Result<Option<u64>, StoreError> {
        let rseq = i64::try_from(rseq).unwrap_or(i64::MAX);
        let query = ledger_run::Entity::find().filter(ledger_run::Column::Epoch.eq(epoch.0));
        let query = query.filter(ledger_run::Column::FirstRseq.lte(rseq)).order_by_desc(ledger_run::Column::FirstRseq);
        let run = query.one(&self.0.ledger).await?.filter(|run| rseq < run.first_rseq + run.length);
        Ok(run.map(|run| (run.first_index + rseq - run.first_rseq) as u64))
    }

    /// How many entries the runs give a place.
    pub async fn ledger_folded(&self) -> Result<u64, StoreError> {
        let last = ledger_run::Entity::find().order_by_desc(ledger_run::Column::FirstIndex).one(&self.0.ledger).await?;
        Ok(last.map_or(0, |run| (run.first_index + run.length) as u64))
    }

    /// Size, stored root and note of the checkpoints of more than `above` entries, at most `limit`, rising.
    pub async fn ledger_checkpoints(&self, above: u64, limit: u64) -> Result<Vec<(u64, Vec<u8>, String)>, StoreError> {
        let query = ledger_checkpoint::Entity::find().filter(ledger_checkpoint::Column::Size.gt(above as i64));
        let rows = query.order_by_asc(ledger_checkpoint::Column::Size).limit(limit).all(&self.0.ledger).await?;
        Ok(rows.into_iter().map(|row| (row.size as u64, row.root, row.note)).collect())
    }

    /// Size and time of the largest checkpoint.
    pub async fn ledger_signed_at(&self) -> Result<Option<(u64, Timestamp)>, StoreError> {
        let last = ledger_checkpoint::Entity::find().order_by_desc(ledger_checkpoint::Column::Size).one(&self.0.ledger).await?;
        Ok(last.map(|row| (row.size as u64, Timestamp(row.at))))
    }

    /// The size of the largest checkpoint.
    pub async fn ledger_signed(&self) -> Result<u64, StoreError> {
        let last = ledger_checkpoint::Entity::find().order_by_desc(ledger_checkpoint::Column::Size).one(&self.0.ledger).await?;
        Ok(last.map_or(0, |row| row.size as u64))
    }
}
