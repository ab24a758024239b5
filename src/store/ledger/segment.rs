//! Which ranges of entries are in the archive, and taking them out of the database: only what a segment covers that is listed as
//! removed, in small pieces, and of no epoch its last entry in the tree.

use entity::{ledger_entry, ledger_removed, ledger_segment};
use rusqlite::{Connection, params};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sqlx::{self},
};

use super::{LedgerWriter, RunRow, Writer, postgres::failed};
use crate::{
    domain::{Digest, Timestamp},
    store::{Store, StoreError},
};

/// A range of entries in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// The place of its first entry in the tree.
    pub first: u64,
    /// The first place after it.
    pub until: u64,
    /// The root of the tree of its entries alone.
    pub root: Digest,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The size of the file.
    pub bytes: u64,
    /// When it was put there.
    pub at: Timestamp,
    /// Whether its entries may have left the database.
    pub removed: bool,
}

/// Entries removed together: no append waits long for that.
const AT_ONCE: u64 = 512;

const LIST: &str = "INSERT INTO ledger_segment (first_index, until, root, sha256, bytes, at) VALUES ($1, $2, $3, $4, $5, $6)";
const RELEASE: &str = "INSERT INTO ledger_removed (first_index, at) SELECT $1, $2
WHERE NOT EXISTS (SELECT 1 FROM ledger_removed WHERE first_index = $1)";
const REMOVE: &str = "DELETE FROM ledger_entry WHERE epoch = $1 AND rseq >= $2 AND rseq < $3
AND rseq < (SELECT r.first_rseq + r.length - 1 FROM ledger_run r WHERE r.epoch = $1 ORDER BY r.first_rseq DESC LIMIT 1)";

impl LedgerWriter {
    /// Lists a segment that is in the archive.
    pub async fn list_segment(&self, row: SegmentRow) -> Result<(), StoreError> {
        let SegmentRow { first, until, root, sha256, bytes, at, .. } = row;
        match &*self.0 {
            Writer::Sqlite(file) => {
                let list = move |connection: &mut Connection| {
                    connection.execute(LIST, params![first as i64, until as i64, root, sha256, bytes as i64, at.0])?;
                    Ok(())
                };
                file.run(list).await
            }
            Writer::Postgres(kept) => {
                let list = sqlx::query(LIST).bind(first as i64).bind(until as i64).bind(root.to_vec()).bind(sha256.to_vec());
                let list = list.bind(bytes as i64).bind(at.0).execute(kept.pool());
                list.await.map(drop).map_err(failed)
            }
        }
    }

    /// Lets the entries of a segment leave the database.
    pub async fn release_segment(&self, first: u64, at: Timestamp) -> Result<(), StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => {
                file.run(move |connection| Ok(connection.execute(RELEASE, params![first as i64, at.0]).map(drop)?)).await
            }
            Writer::Postgres(kept) => {
                let release = sqlx::query(RELEASE).bind(first as i64).bind(at.0).execute(kept.pool());
                release.await.map(drop).map_err(failed)
            }
        }
    }

    /// Takes the entries of a run out of the database; how many there were.
    pub async fn remove_entries(&self, run: RunRow) -> Result<u64, StoreError> {
        let (epoch, end, mut gone) = (run.epoch.0, run.first_rseq + run.length, 0);
        for from in (run.first_rseq..end).step_by(AT_ONCE as usize) {
            let until = end.min(from + AT_ONCE);
            gone += match &*self.0 {
                Writer::Sqlite(file) => {
                    file.run(move |connection| Ok(connection.execute(REMOVE, params![epoch, from as i64, until as i64])? as u64)).await?
                }
                Writer::Postgres(kept) => {
                    let remove = sqlx::query(REMOVE).bind(epoch).bind(from as i64).bind(until as i64);
                    remove.execute(kept.pool()).await.map_err(failed)?.rows_affected()
                }
            };
        }
        Ok(gone)
    }
}

impl Store {
    /// How many entries of this run are in the database.
    pub async fn ledger_rows(&self, run: Option<&RunRow>) -> Result<u64, StoreError> {
        let Some(run) = run else { return Ok(0) };
        let query = ledger_entry::Entity::find().filter(ledger_entry::Column::Epoch.eq(run.epoch.0));
        let query = query.filter(ledger_entry::Column::Rseq.gte(run.first_rseq as i64));
        let query = query.filter(ledger_entry::Column::Rseq.lt((run.first_rseq + run.length) as i64));
        Ok(query.count(&self.0.ledger).await?)
    }

    /// Every segment that is in the archive, rising.
    pub async fn ledger_segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let query = ledger_segment::Entity::find().find_also_related(ledger_removed::Entity);
        let rows = query.order_by_asc(ledger_segment::Column::FirstIndex).all(&self.0.ledger).await?;
        let row = |(row, removed): (ledger_segment::Model, Option<ledger_removed::Model>)| {
            Ok(SegmentRow {
                first: row.first_index as u64,
                until: row.until as u64,
                root: super::digest(row.root)?,
                sha256: super::digest(row.sha256)?,
                bytes: row.bytes as u64,
                at: Timestamp(row.at),
                removed: removed.is_some(),
            })
        };
        rows.into_iter().map(row).collect()
    }
}
