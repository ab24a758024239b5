//! The index over the entries: derived data in blocks whose meaning is [`crate::audit::index`]'s. Here it is written.
//!
//! A segment that is listed has all its blocks; blocks of others are being written or left over.

use sea_orm::sqlx::{self, Postgres, Transaction};

use super::{LedgerWriter, Writer, postgres::failed};
use crate::{domain::Timestamp, store::StoreError};

/// A range of entries that is indexed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// Its number.
    pub id: i64,
    /// How often it was merged.
    pub level: i64,
    /// Its first entry, by its place in the tree.
    pub first: u64,
    /// The first entry after it.
    pub until: u64,
}

/// A block of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// The first term in it.
    pub term: i64,
    /// The first entry in which that occurs, of those in the block.
    pub entry: u64,
    /// The postings.
    pub body: Vec<u8>,
}

/// What an account did on a few days in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyRow {
    /// The account, or the operator or strangers.
    pub counter: i64,
    /// The number of these days.
    pub span: i64,
    /// The days, packed.
    pub body: Vec<u8>,
}

/// What is written together. Only who holds the lease may; the write renews it.
#[derive(Clone, Debug, Default)]
pub struct IndexWrite {
    /// Who writes; a number made at random.
    pub owner: i64,
    /// Now, and until when the lease shall last (µs).
    pub lease: (i64, i64),
    /// Blocks of this segment.
    pub segment: i64,
    /// The blocks.
    pub blocks: Vec<BlockRow>,
    /// Days, which replace those there are.
    pub daily: Vec<DailyRow>,
    /// Segments that are listed no more.
    pub replaced: Vec<i64>,
    /// A segment that is listed from now on.
    pub listed: Option<SegmentRow>,
    /// A segment and the block up to which, that excluded, its blocks go; `None`: all of them.
    pub purged: Option<(i64, Option<(i64, i64)>)>,
    /// Whether the whole index goes.
    pub all: bool,
}

const LEASE: &str = "UPDATE ledger_index_lease SET owner = $1, until = $2 WHERE id = 1 AND (owner = $1 OR until < $3)";
const PUT_BLOCK: &str = "INSERT INTO ledger_index_block (segment, term, entry, body) VALUES ($1, $2, $3, $4)";
const PUT_BLOCKS: &str =
    "INSERT INTO ledger_index_block (segment, term, entry, body) SELECT $1, * FROM UNNEST($2::BIGINT[], $3::BIGINT[], $4::BYTEA[])";
const PUT_DAY: &str =
    "INSERT INTO ledger_daily (counter, span, body) VALUES ($1, $2, $3) ON CONFLICT (counter, span) DO UPDATE SET body = $3";
const PUT_DAYS: &str = "\
INSERT INTO ledger_daily (counter, span, body) SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BYTEA[])
ON CONFLICT (counter, span) DO UPDATE SET body = EXCLUDED.body";
const UNLIST: &str = "DELETE FROM ledger_index_segment WHERE id = $1";
const LISTED: &str = "SELECT COALESCE(MAX(until), 0) FROM ledger_index_segment";
const LIST: &str = "INSERT INTO ledger_index_segment (id, level, first, until) VALUES ($1, $2, $3, $4)";
const PURGE: &str = "DELETE FROM ledger_index_block WHERE segment = $1";
const PURGE_BELOW: &str = "DELETE FROM ledger_index_block WHERE segment = $1 AND (term, entry) < ($2, $3)";
const ALL: [&str; 3] = ["DELETE FROM ledger_index_segment", "DELETE FROM ledger_index_block", "DELETE FROM ledger_daily"];

impl LedgerWriter {
    /// Writes to the index; `false` if another holds the lease, or has come to list other segments, and then nothing is written.
    pub async fn write_index(&self, write: IndexWrite) -> Result<bool, StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.run(move |connection| sqlite(connection, &write)).await,
            Writer::Postgres(kept) => {
                let mut transaction = kept.pool().begin().await.map_err(failed)?;
                let held = postgres(&mut transaction, write).await.map_err(failed)?;
                // Otherwise all of it is taken back.
                if held {
                    transaction.commit().await.map_err(failed)?;
                }
                Ok(held)
            }
        }
    }
}

fn sqlite(connection: &mut rusqlite::Connection, write: &IndexWrite) -> Result<bool, StoreError> {
    use rusqlite::params;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if transaction.execute(LEASE, params![write.owner, write.lease.1, write.lease.0])? != 1 {
        return Ok(false);
    }
    for statement in ALL.into_iter().filter(|_| write.all) {
        transaction.execute(statement, [])?;
    }
    {
        let mut put = transaction.prepare_cached(PUT_BLOCK)?;
        for block in &write.blocks {
            put.execute(params![write.segment, block.term, block.entry as i64, block.body])?;
        }
        let mut put = transaction.prepare_cached(PUT_DAY)?;
        for day in &write.daily {
            put.execute(params![day.counter, day.span, day.body])?;
        }
    }
    // Whoever was held up while another had the lease may have read what is over.
    for id in &write.replaced {
        if transaction.execute(UNLIST, [id])? != 1 {
            return Ok(false);
        }
    }
    if let Some(row) = write.listed {
        if write.replaced.is_empty() && transaction.query_row(LISTED, [], |row| row.get::<_, i64>(0))? != row.first as i64 {
            return Ok(false);
        }
        transaction.execute(LIST, params![row.id, row.level, row.first as i64, row.until as i64])?;
    }
    match write.purged {
        Some((segment, None)) => drop(transaction.execute(PURGE, [segment])?),
        Some((segment, Some((term, entry)))) => drop(transaction.execute(PURGE_BELOW, [segment, term, entry])?),
        None => {}
    }
    transaction.commit()?;
    Ok(true)
}

async fn postgres(transaction: &mut Transaction<'_, Postgres>, write: IndexWrite) -> Result<bool, sqlx::Error> {
    let lease = sqlx::query(LEASE).bind(write.owner).bind(write.lease.1).bind(write.lease.0);
    if lease.execute(&mut **transaction).await?.rows_affected() != 1 {
        return Ok(false);
    }
    for statement in ALL.into_iter().filter(|_| write.all) {
        sqlx::query(statement).execute(&mut **transaction).await?;
    }
    if !write.blocks.is_empty() {
        let (mut terms, mut entries, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        for block in write.blocks {
            terms.push(block.term);
            entries.push(block.entry as i64);
            bodies.push(block.body);
        }
        sqlx::query(PUT_BLOCKS).bind(write.segment).bind(terms).bind(entries).bind(bodies).execute(&mut **transaction).await?;
    }
    if !write.daily.is_empty() {
        let (mut counters, mut spans, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        for row in write.daily {
            counters.push(row.counter);
            spans.push(row.span);
            bodies.push(row.body);
        }
        sqlx::query(PUT_DAYS).bind(counters).bind(spans).bind(bodies).execute(&mut **transaction).await?;
    }
    for id in &write.replaced {
        if sqlx::query(UNLIST).bind(id).execute(&mut **transaction).await?.rows_affected() != 1 {
            return Ok(false);
        }
    }
    if let Some(row) = write.listed {
        if write.replaced.is_empty() && sqlx::query_scalar::<_, i64>(LISTED).fetch_one(&mut **transaction).await? != row.first as i64 {
            return Ok(false);
        }
        let list = sqlx::query(LIST).bind(row.id).bind(row.level).bind(row.first as i64).bind(row.until as i64);
        list.execute(&mut **transaction).await?;
    }
    match write.purged {
        Some((segment, None)) => {
            sqlx::query(PURGE).bind(segment).execute(&mut **transaction).await?;
        }
        Some((segment, Some((term, entry)))) => {
            sqlx::query(PURGE_BELOW).bind(segment).bind(term).bind(entry).execute(&mut **transaction).await?;
        }
        None => {}
    }
    Ok(true)
}

/// How long a lease lasts from `now`, in the form of [`IndexWrite::lease`].
pub fn lease(now: Timestamp, seconds: i64) -> (i64, i64) {
    (now.0, now.plus_seconds(seconds).0)
}
