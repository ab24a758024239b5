//! The index over the entries: derived data in blocks whose meaning is [`crate::audit::index`]'s.
//!
//! A segment that is listed has all its blocks; blocks of others are being written or left over.

use sea_orm::{
    ConnectionTrait, QueryResult, Statement, Value,
    sqlx::{self, Postgres, Transaction},
};

use super::{LedgerWriter, Writer, postgres::failed};
use crate::{
    domain::Timestamp,
    store::{Store, StoreError},
};

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

/// What an account did on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyRow {
    /// The account, or the operator or strangers.
    pub counter: i64,
    /// The day in UTC, from 1970-01-01.
    pub day: i64,
    /// JSON.
    pub body: String,
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
    "INSERT INTO ledger_daily (counter, day, body) VALUES ($1, $2, $3) ON CONFLICT (counter, day) DO UPDATE SET body = $3";
const UNLIST: &str = "DELETE FROM ledger_index_segment WHERE id = $1";
const LIST: &str = "INSERT INTO ledger_index_segment (id, level, first, until) VALUES ($1, $2, $3, $4)";
const PURGE: &str = "DELETE FROM ledger_index_block WHERE segment = $1";
const PURGE_BELOW: &str = "DELETE FROM ledger_index_block WHERE segment = $1 AND (term, entry) < ($2, $3)";
const ALL: [&str; 3] = ["DELETE FROM ledger_index_segment", "DELETE FROM ledger_index_block", "DELETE FROM ledger_daily"];

impl LedgerWriter {
    /// Writes to the index; `false` if another holds the lease, and then nothing is written.
    pub async fn write_index(&self, write: IndexWrite) -> Result<bool, StoreError> {
        match &*self.0 {
            Writer::Sqlite(thread) => thread.run(move |connection| sqlite(connection, &write)).await,
            Writer::Postgres(pool) => {
                let pool = pool.get_postgres_connection_pool();
                let mut transaction = pool.begin().await.map_err(failed)?;
                let held = postgres(&mut transaction, write).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)?;
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
            put.execute(params![day.counter, day.day, day.body])?;
        }
    }
    for id in &write.replaced {
        transaction.execute(UNLIST, [id])?;
    }
    if let Some(row) = write.listed {
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
    for day in write.daily {
        sqlx::query(PUT_DAY).bind(day.counter).bind(day.day).bind(day.body).execute(&mut **transaction).await?;
    }
    for id in write.replaced {
        sqlx::query(UNLIST).bind(id).execute(&mut **transaction).await?;
    }
    if let Some(row) = write.listed {
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

/// Of each segment the last block that may have the term, the newest segment first.
const FIND: &str = "\
SELECT s.id, (SELECT x.body FROM ledger_index_block x WHERE x.segment = s.id AND (x.term, x.entry) < ($1, $2)
    ORDER BY x.term DESC, x.entry DESC LIMIT 1) AS body
FROM ledger_index_segment s WHERE s.first < $2 AND s.until > $3 ORDER BY s.first DESC";
const BACK: &str = "\
SELECT body FROM ledger_index_block WHERE segment = $1 AND (term, entry) < ($2, $3) ORDER BY term DESC, entry DESC LIMIT $4";
const NEXT: &str = "\
SELECT term, entry, body FROM ledger_index_block WHERE segment = $1 AND (term, entry) > ($2, $3) ORDER BY term, entry LIMIT $4";
const SEGMENTS: &str = "SELECT id, level, first, until FROM ledger_index_segment ORDER BY first";
const LISTED: &str = "SELECT 1 FROM ledger_index_segment WHERE id = $1";
const SEGMENT_OF_BLOCKS: &str = "SELECT MIN(segment) FROM ledger_index_block WHERE segment > $1";
const LAST_SEGMENT: &str = "\
SELECT COALESCE((SELECT MAX(segment) FROM ledger_index_block), 0), COALESCE((SELECT MAX(id) FROM ledger_index_segment), 0)";
const DAYS: &str = "\
SELECT (SELECT MAX(until) FROM ledger_index_segment), counter, day, body FROM ledger_daily
WHERE counter = $1 AND day >= $2 AND day < $3 ORDER BY day";
const ALL_DAYS: &str = "SELECT counter, day, body FROM ledger_daily WHERE (counter, day) > ($1, $2) ORDER BY counter, day LIMIT $3";
const ENDS: &str = "\
SELECT (SELECT MAX(until) FROM ledger_index_segment), (SELECT first_index + length FROM ledger_run ORDER BY first_index DESC LIMIT 1)";
const SIZE: &str = "SELECT COALESCE(SUM(LENGTH(body) + 24), 0), COUNT(*) FROM ledger_index_block";

impl Store {
    async fn rows(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>, StoreError> {
        let ledger = &self.0.ledger;
        Ok(ledger.query_all_raw(Statement::from_sql_and_values(ledger.get_database_backend(), sql, values)).await?)
    }

    /// The first entry that has no segment, and the first that has no place in the tree.
    pub async fn index_ends(&self) -> Result<(u64, u64), StoreError> {
        let rows = self.rows(ENDS, []).await?;
        let row = rows.first().ok_or(StoreError::Closed)?;
        let [indexed, folded] = [0, 1].map(|column| row.try_get_by_index::<Option<i64>>(column));
        Ok((indexed?.unwrap_or(0) as u64, folded?.unwrap_or(0) as u64))
    }

    /// The segments, rising.
    pub async fn index_segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let row = |row: QueryResult| {
            let [id, level, first, until] = [0, 1, 2, 3].map(|column| row.try_get_by_index::<i64>(column));
            Ok(SegmentRow { id: id?, level: level?, first: first? as u64, until: until? as u64 })
        };
        self.rows(SEGMENTS, []).await?.into_iter().map(row).collect()
    }

    /// Whether the segment is still listed.
    pub async fn index_lists(&self, segment: i64) -> Result<bool, StoreError> {
        Ok(!self.rows(LISTED, [segment.into()]).await?.is_empty())
    }

    /// Of each segment with entries from `from` to below `until` the block that may have the last posting of `term` below
    /// `until`; the newest segment first.
    pub async fn index_find(&self, term: i64, from: u64, until: u64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let rows = self.rows(FIND, [term.into(), (until as i64).into(), (from as i64).into()]).await?;
        let row = |row: QueryResult| {
            let body: Option<Vec<u8>> = row.try_get_by_index(1)?;
            Ok(body.map(|body| Ok::<_, StoreError>((row.try_get_by_index(0)?, body))))
        };
        let found: Vec<_> = rows.into_iter().map(row).collect::<Result<_, StoreError>>()?;
        found.into_iter().flatten().collect()
    }

    /// Blocks of a segment before the one that begins with this term and entry, the last first.
    pub async fn index_back(&self, segment: i64, term: i64, entry: u64, limit: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = self.rows(BACK, [segment.into(), term.into(), (entry as i64).into(), limit.into()]).await?;
        rows.into_iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// Blocks of a segment after that place, rising.
    pub async fn index_blocks(&self, segment: i64, after: (i64, i64), limit: i64) -> Result<Vec<BlockRow>, StoreError> {
        let rows = self.rows(NEXT, [segment.into(), after.0.into(), after.1.into(), limit.into()]).await?;
        let row = |row: QueryResult| {
            let entry: i64 = row.try_get_by_index(1)?;
            Ok(BlockRow { term: row.try_get_by_index(0)?, entry: entry as u64, body: row.try_get_by_index(2)? })
        };
        rows.into_iter().map(row).collect()
    }

    /// The number for a new segment.
    pub async fn index_next_segment(&self) -> Result<i64, StoreError> {
        let rows = self.rows(LAST_SEGMENT, []).await?;
        let row = rows.first().ok_or(StoreError::Closed)?;
        Ok(row.try_get_by_index::<i64>(0)?.max(row.try_get_by_index(1)?) + 1)
    }

    /// The first segment after `after` that has blocks, listed or not.
    pub async fn index_segment_of_blocks(&self, after: i64) -> Result<Option<i64>, StoreError> {
        let rows = self.rows(SEGMENT_OF_BLOCKS, [after.into()]).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// An account's days from `from` to below `until`, and how far the index had come, if there is any.
    pub async fn index_days(&self, counter: i64, from: i64, until: i64) -> Result<(Option<u64>, Vec<DailyRow>), StoreError> {
        let rows = self.rows(DAYS, [counter.into(), from.into(), until.into()]).await?;
        let indexed = rows.first().map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten();
        let row = |row: QueryResult| {
            Ok(DailyRow { counter: row.try_get_by_index(1)?, day: row.try_get_by_index(2)?, body: row.try_get_by_index(3)? })
        };
        Ok((indexed.map(|indexed| indexed as u64), rows.into_iter().map(row).collect::<Result<_, StoreError>>()?))
    }

    /// Days of all accounts after this one, at most `limit`, rising.
    pub async fn index_all_days(&self, after: (i64, i64), limit: i64) -> Result<Vec<DailyRow>, StoreError> {
        let rows = self.rows(ALL_DAYS, [after.0.into(), after.1.into(), limit.into()]).await?;
        let row = |row: QueryResult| {
            Ok(DailyRow { counter: row.try_get_by_index(0)?, day: row.try_get_by_index(1)?, body: row.try_get_by_index(2)? })
        };
        rows.into_iter().map(row).collect()
    }

    /// About how many bytes the blocks take, and how many there are.
    pub async fn index_size(&self) -> Result<(u64, u64), StoreError> {
        let rows = self.rows(SIZE, []).await?;
        let row = rows.first().ok_or(StoreError::Closed)?;
        Ok((row.try_get_by_index::<i64>(0)? as u64, row.try_get_by_index::<i64>(1)? as u64))
    }
}

/// How long a lease lasts from `now`, in the form of [`IndexWrite::lease`].
pub fn lease(now: Timestamp, seconds: i64) -> (i64, i64) {
    (now.0, now.plus_seconds(seconds).0)
}
