//! The ledger in PostgreSQL: a batch is one statement and so one round trip; folding is a transaction under a lock.

use std::time::Duration;

use sea_orm::sqlx::{self, PgConnection, PgPool, Row, postgres::PgRow};

use super::{
    Batch, Folded, NewDetail, Sequencing, TailRow,
    fold::{CLOSE, EDGE, Growing, Grown, HEAD, OPEN, Open, PAGE, Row as Entry, Run},
};
use crate::{
    domain::{Id, Timestamp},
    ledger::tree,
    store::{StoreError, kept::Kept},
};

/// How long a batch may take; after that its outcome counts as unknown.
const PATIENCE: Duration = Duration::from_secs(10);
/// The advisory lock of whoever folds: `leadkeep` in ASCII.
const FOLD_LOCK: i64 = 0x6c65_6164_6b65_6570;

const APPEND: &str = "\
WITH detail AS (INSERT INTO ledger_detail (epoch, rseq, salt, variables, response)
    SELECT $1, * FROM UNNEST($2::BIGINT[], $3::BYTEA[], $4::TEXT[], $5::BYTEA[]))
INSERT INTO ledger_entry (epoch, rseq, leaf, body) SELECT $1, * FROM UNNEST($6::BIGINT[], $7::BYTEA[], $8::BYTEA[])";
/// The same with what is seldom new: an epoch, documents.
const APPEND_NEW: &str = "\
WITH detail AS (INSERT INTO ledger_detail (epoch, rseq, salt, variables, response)
    SELECT $1, * FROM UNNEST($2::BIGINT[], $3::BYTEA[], $4::TEXT[], $5::BYTEA[])),
epoch AS (INSERT INTO ledger_epoch (id, started_at) SELECT * FROM UNNEST($9::BIGINT[], $10::BIGINT[])),
document AS (INSERT INTO ledger_document (sha256, text) SELECT * FROM UNNEST($11::BYTEA[], $12::BYTEA[]) ON CONFLICT DO NOTHING)
INSERT INTO ledger_entry (epoch, rseq, leaf, body) SELECT $1, * FROM UNNEST($6::BIGINT[], $7::BYTEA[], $8::BYTEA[])";

/// Everything that a fold changes.
const FOLD: &str = "\
WITH run AS (INSERT INTO ledger_run (first_index, epoch, first_rseq, length)
    SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[])),
open AS (UPDATE ledger_open SET at = $5 WHERE epoch = ANY($2)),
tile AS (INSERT INTO ledger_tile (level, number, hashes) SELECT * FROM UNNEST($6::BIGINT[], $7::BIGINT[], $8::BYTEA[])),
edge AS (INSERT INTO ledger_edge (level, hashes) SELECT * FROM UNNEST($9::BIGINT[], $10::BYTEA[])
    ON CONFLICT (level) DO UPDATE SET hashes = EXCLUDED.hashes)
INSERT INTO ledger_checkpoint (size, root, note, at) VALUES ($11, $12, $13, $5)";

pub(super) fn failed(error: sqlx::Error) -> StoreError {
    error.into()
}

pub(super) async fn append(kept: &Kept, batch: Batch) -> Result<(), StoreError> {
    let epoch = batch.epoch.0;
    let (begun, begins): (Vec<i64>, Vec<i64>) = batch.begins.iter().map(|at| (epoch, at.0)).unzip();
    let mut details = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut documents = Vec::new();
    let mut entries = (Vec::new(), Vec::new(), Vec::new());
    for entry in batch.entries {
        if let Some(NewDetail { salt, variables, response }) = entry.detail {
            details.0.push(entry.rseq as i64);
            details.1.push(salt.to_vec());
            details.2.push(variables);
            details.3.push(response.map(Vec::from));
        }
        if let Some((sha256, text)) = entry.document {
            documents.push((sha256.to_vec(), text.into_bytes()));
        }
        entries.0.push(entry.rseq as i64);
        entries.1.push(entry.leaf.to_vec());
        entries.2.push(entry.body);
    }
    // In one order: whoever stores the same waits for the other's commit, and two could wait for each other.
    documents.sort_unstable();
    let (hashes, texts): (Vec<_>, Vec<_>) = documents.into_iter().unzip();
    let new = !begun.is_empty() || !hashes.is_empty();
    let insert = sqlx::query(if new { APPEND_NEW } else { APPEND }).bind(epoch);
    let insert = insert.bind(details.0).bind(details.1).bind(details.2).bind(details.3);
    let mut insert = insert.bind(entries.0).bind(entries.1).bind(entries.2);
    if new {
        insert = insert.bind(begun).bind(begins).bind(hashes).bind(texts);
    }
    let done = tokio::time::timeout(PATIENCE, kept.execute(insert)).await;
    done.map_err(|_| StoreError::Unsafe("PostgreSQL did not answer an append in time".into()))?.map(drop)
}

pub(super) async fn tail(pool: &PgPool) -> Result<Option<TailRow>, StoreError> {
    let query = sqlx::query("SELECT epoch, rseq, body FROM ledger_entry ORDER BY epoch DESC, rseq DESC LIMIT 1");
    let row = query.fetch_optional(pool).await.map_err(failed)?;
    row.map(|row| Ok(TailRow { epoch: Id(get(&row, 0)?), rseq: get::<i64>(&row, 1)? as u64, leaf: tree::leaf(&get::<Vec<u8>>(&row, 2)?) }))
        .transpose()
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(row: &'r PgRow, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(failed)
}

fn opened(rows: &[PgRow]) -> Result<Vec<Open>, StoreError> {
    rows.iter().map(|row| Ok(Open { epoch: get(row, 0)?, folded: get(row, 1)?, total: get(row, 2)?, before: get(row, 3)? })).collect()
}

async fn body(connection: &mut PgConnection, epoch: i64, rseq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query("SELECT body FROM ledger_entry WHERE epoch = $1 AND rseq = $2").bind(epoch).bind(rseq);
    query.fetch_optional(connection).await.map_err(failed)?.map(|row| get(&row, 0)).transpose()
}

async fn rows(connection: &mut PgConnection, epoch: i64, from: i64, until: i64) -> Result<Vec<Entry>, StoreError> {
    let query = "SELECT rseq, leaf, body FROM ledger_entry WHERE epoch = $1 AND rseq >= $2 AND rseq < $3 ORDER BY rseq LIMIT $4";
    let query = sqlx::query(query).bind(epoch).bind(from).bind(until).bind(PAGE);
    let rows = query.fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(|row| Ok(Entry { rseq: get(row, 0)?, leaf: get(row, 1)?, body: get(row, 2)? })).collect()
}

pub(super) async fn close_epochs(pool: &PgPool, before: Timestamp) -> Result<(), StoreError> {
    let close = sqlx::query(CLOSE).bind(before.0);
    close.execute(pool).await.map(drop).map_err(failed)
}

pub(super) async fn fold(pool: &PgPool, now: Timestamp, sequencing: &Sequencing) -> Result<Folded, StoreError> {
    // Looked at before the lock is taken: mostly there is nothing to do.
    if sqlx::query(OPEN).fetch_all(pool).await.map_err(failed)?.is_empty() {
        let size = sqlx::query("SELECT COALESCE(MAX(size), 0) FROM ledger_checkpoint").fetch_one(pool).await.map_err(failed)?;
        return Ok(Folded { size: get::<i64>(&size, 0)? as u64, more: false, refused: Vec::new() });
    }
    let mut transaction = pool.begin().await.map_err(failed)?;
    // Held to the end of the transaction; what is read after it is as the last holder left it.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(FOLD_LOCK).execute(&mut *transaction).await.map_err(failed)?;
    let pair = |row: &PgRow| Ok::<_, StoreError>((get(row, 0)?, get(row, 1)?));
    let edge = sqlx::query(EDGE).fetch_all(&mut *transaction).await.map_err(failed)?;
    let head = sqlx::query(HEAD).fetch_optional(&mut *transaction).await.map_err(failed)?;
    let mut tree = Growing::from(edge.iter().map(pair).collect::<Result<_, _>>()?, head.as_ref().map(pair).transpose()?)?;
    for open in opened(&sqlx::query(OPEN).fetch_all(&mut *transaction).await.map_err(failed)?)? {
        let Some(mut taking) = tree.begin(open) else { continue };
        while taking.next < taking.until {
            let rows = rows(&mut transaction, taking.epoch, taking.next, taking.until).await?;
            let followed = match Growing::follows(&taking, &rows, sequencing) {
                Some((epoch, rseq)) => body(&mut transaction, epoch.0, rseq as i64).await?,
                None => None,
            };
            Growing::follow(&mut taking, followed.as_deref());
            if !tree.take(&mut taking, &rows, sequencing) {
                break;
            }
        }
        tree.end(&taking);
    }
    let grown = tree.finish();
    let folded = grown.folded.clone();
    if folded.size > grown.before {
        put(&mut transaction, grown, now, sequencing).await?;
        transaction.commit().await.map_err(failed)?;
    }
    Ok(folded)
}

async fn put(transaction: &mut PgConnection, grown: Grown, now: Timestamp, sequencing: &Sequencing) -> Result<(), StoreError> {
    let of_runs = |of: fn(&Run) -> i64| grown.runs.iter().map(of).collect::<Vec<_>>();
    let tiles = grown.full.iter().map(|tile| (i64::from(tile.level), (tile.index as i64, tile.hashes.concat())));
    let (tile_levels, (numbers, tiles)): (Vec<_>, (Vec<_>, Vec<_>)) = tiles.unzip();
    let (edge_levels, edges): (Vec<_>, Vec<_>) = grown.partial.into_iter().unzip();
    let put = sqlx::query(FOLD).bind(of_runs(|run| run.first_index)).bind(of_runs(|run| run.epoch));
    let put = put.bind(of_runs(|run| run.first_rseq)).bind(of_runs(|run| run.length)).bind(now.0);
    let put = put.bind(tile_levels).bind(numbers).bind(tiles).bind(edge_levels).bind(edges);
    let put = put.bind(grown.folded.size as i64).bind(grown.root.to_vec()).bind((sequencing.sign)(grown.folded.size, grown.root));
    put.execute(transaction).await.map(drop).map_err(failed)
}
