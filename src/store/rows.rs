//! The hot path of reads, of leads and of the ledger: rows handed to a closure as the database makes them, by column position.
//!
//! sqlx hands every SQLite row from one thread to another; fixed reader threads with a connection each cost a third.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, mpsc},
    time::{Duration, Instant},
};

use rusqlite::{OpenFlags, types::ValueRef};
use sea_orm::{
    Value,
    sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder, Values},
    sqlx::{AssertSqlSafe, Row as _, postgres::PgRow},
};
use tokio::sync::oneshot;

use super::{
    StoreError,
    kept::{Kept, bound},
    plain,
};

/// How long a query may keep a reader thread; whoever asked has given up before.
const PATIENCE: Duration = Duration::from_mins(1);

/// A row under the cursor.
pub(super) trait Row {
    /// The integer in column `column`.
    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError>;
    /// The text in column `column`.
    fn text(&self, column: usize) -> Result<Option<&str>, StoreError>;
    /// The bytes in column `column`.
    fn some_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError>;

    /// The bytes in column `column`, which has some.
    fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.some_bytes(column)?.ok_or_else(|| StoreError::Corrupt(format!("column {column} is empty")))
    }

    /// The integer in column `column`, which has one.
    fn number(&self, column: usize) -> Result<i64, StoreError> {
        self.integer(column)?.ok_or_else(|| StoreError::Corrupt(format!("column {column} is empty")))
    }
}

type Job = Box<dyn FnOnce(&rusqlite::Connection) + Send>;

/// What SQLite is read with.
pub(super) struct Readers {
    /// What the reader threads take from.
    queue: mpsc::Sender<Job>,
    /// Their connections.
    connections: Vec<Arc<Mutex<rusqlite::Connection>>>,
}

pub(super) enum Rows {
    /// SQLite: threads that read.
    Threads(Readers),
    /// PostgreSQL: connections of the pool.
    Pool(Arc<Kept>),
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Threads(_) => "Threads",
            Self::Pool(_) => "Pool",
        })
    }
}

impl Rows {
    /// Threads called `name` with a connection each to this file of SQLite.
    pub(super) fn reader_threads(file: &Path, name: &str, threads: usize) -> Result<Self, StoreError> {
        let (sender, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let mut connections = Vec::with_capacity(threads);
        for number in 0..threads {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(file, flags)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.pragma_update(None, "cache_size", -8_192)?;
            connection.set_prepared_statement_cache_capacity(128);
            let connection = Arc::new(Mutex::new(connection));
            connections.push(Arc::clone(&connection));
            let queue = Arc::clone(&queue);
            let run = move || {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match job {
                        // Whoever waits for a job that panicked hears that there is no answer; the thread answers others.
                        Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&connection.lock().unwrap_or_else(PoisonError::into_inner))))),
                        Err(_) => return,
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(run)
                .map_err(|error| StoreError::File("a reader thread".into(), error))?;
        }
        Ok(Self::Threads(Readers { queue: sender, connections }))
    }

    /// Whether it is PostgreSQL, which has arrays.
    pub(super) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Pool(_))
    }

    /// Runs `query` and folds its rows into `state`.
    pub(super) async fn fold<S, F>(&self, query: SelectStatement, state: S, step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn Row) -> Result<(), StoreError> + Send + 'static,
    {
        let (sql, values) = self.build(&query);
        self.run(sql.into(), values, state, step).await
    }

    /// The statement as this database has it.
    pub(super) fn build(&self, query: &SelectStatement) -> (String, Values) {
        match self {
            Self::Threads(_) => query.build(SqliteQueryBuilder),
            Self::Pool(_) => query.build(PostgresQueryBuilder),
        }
    }

    /// What `of` makes of the rows of a statement, each back end's own if they differ, with `$1` and so on bound in this order.
    pub(super) async fn list<T, F>(&self, sql: impl Into<Sql>, values: Vec<Value>, mut of: F) -> Result<Vec<T>, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&dyn Row) -> Result<T, StoreError> + Send + 'static,
    {
        let Sql { sqlite, postgres } = sql.into();
        let sql = if self.is_postgres() { postgres } else { sqlite };
        let step = move |list: &mut Vec<T>, row: &dyn Row| {
            list.push(of(row)?);
            Ok(())
        };
        self.run(sql.into(), Values(values), Vec::new(), step).await
    }

    /// Folds the rows of a statement that takes a few steps, such as one row by its key. SQLite does it here and now if a
    /// connection is free: to cross threads and back takes longer than that.
    pub(super) async fn fold_few<S, F>(&self, sql: &str, values: Values, state: S, step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn Row) -> Result<(), StoreError> + Send + 'static,
    {
        if let Self::Threads(readers) = self
            && let Some(free) = readers.free()
        {
            return fold_sqlite(&free, sql, values, state, step);
        }
        self.run(sql.to_owned().into(), values, state, step).await
    }

    async fn run<S, F>(&self, sql: Cow<'static, str>, values: Values, mut state: S, mut step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn Row) -> Result<(), StoreError> + Send + 'static,
    {
        match self {
            Self::Threads(Readers { queue, .. }) => {
                let (answer, answered) = oneshot::channel();
                let job: Job = Box::new(move |connection| {
                    if answer.is_closed() {
                        return;
                    }
                    // A receiver that is gone has given up waiting; there is nobody to tell.
                    let _ = answer.send(fold_sqlite(connection, &sql, values, state, step));
                });
                queue.send(job).map_err(|_| StoreError::Closed)?;
                answered.await.map_err(|_| StoreError::Closed)?
            }
            Self::Pool(kept) => {
                for row in &kept.rows(bound(AssertSqlSafe(sql), values)).await? {
                    step(&mut state, row)?;
                }
                Ok(state)
            }
        }
    }
}

impl Readers {
    /// A connection that nobody uses.
    fn free(&self) -> Option<MutexGuard<'_, rusqlite::Connection>> {
        self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            // What panicked with it in hand had done nothing but read.
            Err(TryLockError::Poisoned(free)) => Some(free.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }
}

/// A statement as either back end has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(both: &'static str) -> Self {
        Self { sqlite: both, postgres: both }
    }
}

fn fold_sqlite<S>(
    connection: &rusqlite::Connection,
    sql: &str,
    values: Values,
    mut state: S,
    mut step: impl FnMut(&mut S, &dyn Row) -> Result<(), StoreError>,
) -> Result<S, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let values = plain::bound(values)?;
    let deadline = Instant::now() + PATIENCE;
    connection.progress_handler(10_000, Some(move || Instant::now() > deadline))?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        step(&mut state, row)?;
    }
    Ok(state)
}

impl Row for rusqlite::Row<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            _ => Err(StoreError::Corrupt(format!("column {column} holds no integer"))),
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => {
                std::str::from_utf8(bytes).map(Some).map_err(|_| StoreError::Corrupt(format!("column {column} is not UTF-8")))
            }
            _ => Err(StoreError::Corrupt(format!("column {column} holds no text"))),
        }
    }

    fn some_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(StoreError::Corrupt(format!("column {column} holds no bytes"))),
        }
    }
}

impl Row for PgRow {
    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    fn text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    fn some_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        self.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}
