//! Plain connections of SQLite, for the hot paths: no thread is crossed between statements.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, params_from_iter, types::Value as Plain};
use sea_orm::{
    Value,
    sea_query::{QueryStatementWriter, SqliteQueryBuilder, Values},
};

use super::StoreError;

/// Pages kept in memory (KiB).
const CACHE: i64 = 32_768;
/// After so many pages the write-ahead log is copied into the file, for which whoever writes next waits.
const LOG_PAGES: i64 = 256;

/// A connection that writes, and whose commits are durable when they return.
pub(super) fn connect(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::Unsafe(format!("SQLite answers journal_mode={mode}, synchronous={synchronous} for {}", file.display())));
    }
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Runs a statement and returns how many rows it touched.
pub(super) fn execute(connection: &Connection, statement: &impl QueryStatementWriter) -> Result<usize, StoreError> {
    let (sql, values) = statement.build(SqliteQueryBuilder);
    Ok(connection.prepare_cached(&sql)?.execute(params_from_iter(bound(values)?))?)
}

/// The values as SQLite has them.
pub(super) fn bound(values: Values) -> Result<Vec<Plain>, StoreError> {
    values.0.into_iter().map(value).collect()
}

fn value(value: Value) -> Result<Plain, StoreError> {
    Ok(match value {
        Value::BigInt(number) => number.map_or(Plain::Null, Plain::Integer),
        Value::BigUnsigned(number) => number.map_or(Plain::Null, |number| Plain::Integer(number as i64)),
        Value::Int(number) => number.map_or(Plain::Null, |number| Plain::Integer(number.into())),
        Value::Bool(flag) => flag.map_or(Plain::Null, |flag| Plain::Integer(flag.into())),
        Value::String(text) => text.map_or(Plain::Null, Plain::Text),
        Value::Bytes(bytes) => bytes.map_or(Plain::Null, Plain::Blob),
        other => {
            return Err(StoreError::Corrupt(format!("a value of a type that no query binds: {other:?}")));
        }
    })
}
