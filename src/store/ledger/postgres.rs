//! The ledger in PostgreSQL: a batch is one statement and so one round trip; folding is a transaction under a lock.

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DbErr,
    sqlx::{self, Row, postgres::PgRow},
};

use super::{
    Batch, Folded, NewDetail, SignHead, TailRow, digest,
    fold::{Growing, OPEN, Open, STATE, State},
};
use crate::{
    domain::{Id, Timestamp},
    store::StoreError,
};

/// How long a batch may take; after that its outcome counts as unknown.
const PATIENCE: Duration = Duration::from_secs(10);
/// The advisory lock of whoever folds: `leadkeep` in ASCII.
const FOLD_LOCK: i64 = 0x6c65_6164_6b65_6570;

const APPEND: &str = "\
WITH epoch AS (INSERT INTO ledger_epoch (id, started_at) SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[])),
detail AS (INSERT INTO ledger_detail (epoch, rseq, salt, variables, response)
    SELECT $3, * FROM UNNEST($4::BIGINT[], $5::BYTEA[], $6::TEXT[], $7::BYTEA[])),
document AS (INSERT INTO ledger_document (sha256, text) SELECT * FROM UNNEST($8::BYTEA[], $9::BYTEA[]) ON CONFLICT DO NOTHING)
INSERT INTO ledger_entry (epoch, rseq, leaf, body) SELECT $3, * FROM UNNEST($10::BIGINT[], $11::BYTEA[], $12::BYTEA[])";

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Database(DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error.into())))
}

pub(super) async fn append(pool: &DatabaseConnection, batch: Batch) -> Result<(), StoreError> {
    let epoch = batch.epoch.0;
    let (begun, begins): (Vec<i64>, Vec<i64>) = batch.begins.iter().map(|at| (epoch, at.0)).unzip();
    let mut details = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut documents = (Vec::new(), Vec::new());
    let mut entries = (Vec::new(), Vec::new(), Vec::new());
    for entry in batch.entries {
        if let Some(NewDetail { salt, variables, response }) = entry.detail {
            details.0.push(entry.rseq as i64);
            details.1.push(salt.to_vec());
            details.2.push(variables);
            details.3.push(response.map(Vec::from));
        }
        if let Some((sha256, text)) = entry.document {
            documents.0.push(sha256.to_vec());
            documents.1.push(text.into_bytes());
        }
        entries.0.push(entry.rseq as i64);
        entries.1.push(entry.leaf.to_vec());
        entries.2.push(entry.body);
    }
    let insert = sqlx::query(APPEND).bind(begun).bind(begins).bind(epoch);
    let insert = insert.bind(details.0).bind(details.1).bind(details.2).bind(details.3).bind(documents.0).bind(documents.1);
    let insert = insert.bind(entries.0).bind(entries.1).bind(entries.2);
    let done = tokio::time::timeout(PATIENCE, insert.execute(pool.get_postgres_connection_pool())).await;
    done.map_err(|_| StoreError::Unsafe("PostgreSQL did not answer an append in time".into()))?.map_err(failed)?;
    Ok(())
}

pub(super) async fn tail(pool: &DatabaseConnection) -> Result<Option<TailRow>, StoreError> {
    let query = sqlx::query("SELECT epoch, rseq, leaf FROM ledger_entry ORDER BY epoch DESC, rseq DESC LIMIT 1");
    let row = query.fetch_optional(pool.get_postgres_connection_pool()).await.map_err(failed)?;
    row.map(|row| Ok(TailRow { epoch: Id(get(&row, 0)?), rseq: get::<i64>(&row, 1)? as u64, leaf: digest(get(&row, 2)?)? })).transpose()
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(row: &'r PgRow, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(failed)
}

fn opened(rows: &[PgRow]) -> Result<Vec<Open>, StoreError> {
    rows.iter().map(|row| Ok(Open { epoch: get(row, 0)?, folded: get(row, 1)?, total: get(row, 2)? })).collect()
}

pub(super) async fn fold(pool: &DatabaseConnection, now: Timestamp, sign: &SignHead) -> Result<Folded, StoreError> {
    let pool = pool.get_postgres_connection_pool();
    // Looked at before the lock is taken: mostly there is nothing to do.
    if sqlx::query(OPEN).fetch_all(pool).await.map_err(failed)?.is_empty() {
        let size = sqlx::query("SELECT COALESCE(MAX(size), 0) FROM ledger_checkpoint").fetch_one(pool).await.map_err(failed)?;
        return Ok(Folded { size: get::<i64>(&size, 0)? as u64, more: false });
    }
    let mut transaction = pool.begin().await.map_err(failed)?;
    // Held to the end of the transaction; what is read after it is as the last holder left it.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(FOLD_LOCK).execute(&mut *transaction).await.map_err(failed)?;
    let row = sqlx::query(STATE).fetch_one(&mut *transaction).await.map_err(failed)?;
    let pair = |at| Ok::<_, StoreError>(get::<Option<i64>>(&row, at)?.zip(get::<Option<Vec<u8>>>(&row, at + 1)?));
    let mut tree = Growing::from(State { edge: pair(0)?, head: pair(2)? })?;
    let before = tree.edge.size();
    for open in opened(&sqlx::query(OPEN).fetch_all(&mut *transaction).await.map_err(failed)?)? {
        let until = tree.until(&open);
        let query = sqlx::query("SELECT leaf FROM ledger_entry WHERE epoch = $1 AND rseq >= $2 AND rseq < $3 ORDER BY rseq");
        let rows = query.bind(open.epoch).bind(open.folded).bind(until).fetch_all(&mut *transaction).await.map_err(failed)?;
        let leaves = rows.iter().map(|row| digest(get(row, 0)?)).collect::<Result<Vec<_>, _>>()?;
        let run = tree.take(&open, until, &leaves)?;
        if run.length > 0 {
            let put = sqlx::query("INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES ($1, $2, $3, $4)");
            let put = put.bind(run.first_index).bind(open.epoch).bind(open.folded).bind(run.length);
            put.execute(&mut *transaction).await.map_err(failed)?;
        }
    }
    let (size, root) = (tree.edge.size(), tree.edge.root());
    if size > before {
        let edge = "INSERT INTO ledger_edge (id, size, roots) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET size = $1, roots = $2";
        sqlx::query(edge).bind(size as i64).bind(tree.edge.to_bytes()).execute(&mut *transaction).await.map_err(failed)?;
        let head = sqlx::query("INSERT INTO ledger_checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4)");
        let head = head.bind(size as i64).bind(root.to_vec()).bind(sign(size, root)).bind(now.0);
        head.execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(Folded { size, more: tree.more })
}
