//! The hot path of lead reads: rows handed to a closure as the database makes them, by column position.
//!
//! sqlx hands every SQLite row from one thread to another; fixed reader threads with a connection each cost a third.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use rusqlite::{OpenFlags, types::ValueRef};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder},
    sqlx::{Row as _, postgres::PgRow},
};
use tokio::sync::oneshot;

use super::{StoreError, plain};

/// How long a query may keep a reader thread; whoever asked has given up before.
const PATIENCE: Duration = Duration::from_mins(1);

/// A row under the cursor.
pub(super) trait Row {
    /// The integer in column `column`.
    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError>;
    /// The text in column `column`.
    fn text(&self, column: usize) -> Result<Option<&str>, StoreError>;
}

type Job = Box<dyn FnOnce(&rusqlite::Connection) + Send>;

pub(super) enum Rows {
    /// SQLite: a queue that the reader threads take from.
    Threads(mpsc::Sender<Job>),
    /// PostgreSQL: the pool.
    Pool(DatabaseConnection),
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
    pub(super) fn reader_threads(file: &Path, threads: usize) -> Result<Self, StoreError> {
        let (sender, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(file, flags)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.pragma_update(None, "cache_size", -8_192)?;
            connection.set_prepared_statement_cache_capacity(128);
            let queue = Arc::clone(&queue);
            let run = move || {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match job {
                        // Whoever waits for a job that panicked hears that there is no answer; the thread answers others.
                        Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&connection)))),
                        Err(_) => return,
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("lead-reader-{number}"))
                .spawn(run)
                .map_err(|error| StoreError::File("a reader thread".into(), error))?;
        }
        Ok(Self::Threads(sender))
    }

    /// Runs `query` and folds its rows into `state`.
    pub(super) async fn fold<S, F>(&self, query: SelectStatement, state: S, step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn Row) -> Result<(), StoreError> + Send + 'static,
    {
        match self {
            Self::Threads(queue) => {
                let (answer, answered) = oneshot::channel();
                let job: Job = Box::new(move |connection| {
                    if answer.is_closed() {
                        return;
                    }
                    // A receiver that is gone has given up waiting; there is nobody to tell.
                    let _ = answer.send(fold_sqlite(connection, &query, state, step));
                });
                queue.send(job).map_err(|_| StoreError::Closed)?;
                answered.await.map_err(|_| StoreError::Closed)?
            }
            Self::Pool(pool) => {
                let (sql, values) = query.build(PostgresQueryBuilder);
                let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
                let (mut state, mut step) = (state, step);
                for result in pool.query_all_raw(statement).await? {
                    let row = result.try_as_pg_row().ok_or(StoreError::Closed)?;
                    step(&mut state, row)?;
                }
                Ok(state)
            }
        }
    }
}

fn fold_sqlite<S>(
    connection: &rusqlite::Connection,
    query: &SelectStatement,
    mut state: S,
    mut step: impl FnMut(&mut S, &dyn Row) -> Result<(), StoreError>,
) -> Result<S, StoreError> {
    let (sql, values) = query.build(SqliteQueryBuilder);
    let mut statement = connection.prepare_cached(&sql)?;
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
}

impl Row for PgRow {
    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    fn text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}
