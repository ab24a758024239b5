//! Erasing what lies beside entries. The entries stay as they are: of what goes they hold a salted commitment.

use std::path::Path;

use entity::{ledger_detail, ledger_document};
use rusqlite::{Connection, OpenFlags, params};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
    sqlx::{self},
};

use super::{LedgerWriter, Writer, postgres::failed};
use crate::{
    domain::{Digest, Id},
    store::{Location, Store, StoreError},
};

const DETAIL: &str = "DELETE FROM ledger_detail WHERE epoch = ?1 AND rseq = ?2";
const DOCUMENT: &str = "DELETE FROM ledger_document WHERE sha256 = ?1";
const DETAILS: &str = "\
DELETE FROM ledger_detail d USING UNNEST($1::BIGINT[], $2::BIGINT[]) AS gone(epoch, rseq) WHERE d.epoch = gone.epoch AND d.rseq = gone.rseq";
const DOCUMENTS: &str = "DELETE FROM ledger_document WHERE sha256 = ANY($1::BYTEA[])";

impl LedgerWriter {
    /// Erases what lies beside these entries, and these documents; how many of each there were.
    pub async fn erase_beside(&self, entries: Vec<(Id, u64)>, documents: Vec<Digest>) -> Result<(u64, u64), StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.run(move |connection| sqlite(connection, &entries, &documents)).await,
            Writer::Postgres(kept) => {
                let (epochs, numbers): (Vec<i64>, Vec<i64>) = entries.iter().map(|(epoch, rseq)| (epoch.0, *rseq as i64)).unzip();
                let hashes: Vec<Vec<u8>> = documents.into_iter().map(Vec::from).collect();
                let mut transaction = kept.pool().begin().await.map_err(failed)?;
                let details = sqlx::query(DETAILS).bind(epochs).bind(numbers).execute(&mut *transaction).await.map_err(failed)?;
                let texts = sqlx::query(DOCUMENTS).bind(hashes).execute(&mut *transaction).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)?;
                Ok((details.rows_affected(), texts.rows_affected()))
            }
        }
    }
}

fn sqlite(connection: &mut Connection, entries: &[(Id, u64)], documents: &[Digest]) -> Result<(u64, u64), StoreError> {
    connection.pragma_update(None, "secure_delete", "ON")?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut gone = (0, 0);
    for (epoch, rseq) in entries {
        gone.0 += transaction.prepare_cached(DETAIL)?.execute(params![epoch.0, *rseq as i64])? as u64;
    }
    for sha256 in documents {
        gone.1 += transaction.prepare_cached(DOCUMENT)?.execute([sha256])? as u64;
    }
    transaction.commit()?;
    connection.pragma_update(None, "secure_delete", "OFF")?;
    Ok(gone)
}

/// What callers sent, and where it lies.
pub type Said = (Id, u64, String);

impl Store {
    /// Variables that lie beside entries after this place, at most `limit`, rising by epoch and number.
    pub async fn ledger_variables(&self, after: (Id, i64), limit: u64) -> Result<Vec<Said>, StoreError> {
        use ledger_detail::Column;
        let later = Expr::tuple([Expr::col(Column::Epoch), Expr::col(Column::Rseq)])
            .gt(Expr::tuple([Expr::value(after.0.0), Expr::value(after.1)]));
        let query = ledger_detail::Entity::find().filter(Condition::all().add(later)).filter(Column::Variables.is_not_null());
        let query = query.select_only().columns([Column::Epoch, Column::Rseq, Column::Variables]);
        let rows = query.order_by_asc(Column::Epoch).order_by_asc(Column::Rseq).limit(limit).into_tuple().all(&self.0.ledger).await?;
        Ok(rows.into_iter().map(|(epoch, rseq, text): (i64, i64, String)| (Id(epoch), rseq as u64, text)).collect())
    }

    /// The texts of these documents, of those that are there.
    pub async fn ledger_texts(&self, hashes: &[Digest]) -> Result<Vec<(Digest, String)>, StoreError> {
        let mut found = Vec::new();
        for hashes in hashes.chunks(500) {
            let query =
                ledger_document::Entity::find().filter(ledger_document::Column::Sha256.is_in(hashes.iter().map(|hash| hash.to_vec())));
            for row in query.all(&self.0.ledger).await? {
                found.push((super::digest(row.sha256)?, String::from_utf8_lossy(&row.text).into_owned()));
            }
        }
        Ok(found)
    }

    /// Copies SQLite's write-ahead logs into their files and empties them, so that what was erased is not in them any more;
    /// with `compact`, writes the files anew, for which everybody waits. `false` if somebody was reading.
    pub async fn settle_files(&self, compact: bool) -> Result<bool, StoreError> {
        let Location::Folder(folder) = &self.0.location else { return Ok(true) };
        let files = [folder.join("leadkeep.db"), folder.join("ledger.db")];
        let work = tokio::task::spawn_blocking(move || files.iter().map(|file| settle(file, compact)).collect::<Result<Vec<_>, _>>());
        Ok(work.await.map_err(|_| StoreError::Closed)??.into_iter().all(|settled| settled))
    }
}

fn settle(file: &Path, compact: bool) -> Result<bool, StoreError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    if compact {
        connection.execute_batch("VACUUM")?;
    }
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
