//! Connections to PostgreSQL that are used again at once. Each time one is given back to its pool sqlx asks the database whether it
//! still lives: one more round trip for every statement. Those kept here are given back only when a statement failed or was given
//! up, when there are enough of them, or when they were not used for long.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    DatabaseConnection,
    sea_query::Values,
    sqlx::{self, IntoArguments, PgPool, Postgres, SqlSafeStr, pool::PoolConnection, postgres::PgRow, query::Query},
};
use sea_query_sqlx::SqlxValues;
use tokio::runtime::Handle;

use super::StoreError;

/// What was not used for so long is given back, and so asked whether it lives.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// A statement with these values bound.
pub(super) fn bound<'q>(sql: impl SqlSafeStr, values: Values) -> Query<'q, Postgres, SqlxValues> {
    sqlx::query_with(sql, SqlxValues(values))
}

/// A pool, and those of its connections that are kept.
#[derive(Debug)]
pub(super) struct Kept {
    pool: PgPool,
    /// How many are kept at most.
    most: usize,
    /// Those that nobody uses and since when, the last used last.
    idle: Mutex<Vec<(PoolConnection<Postgres>, Instant)>>,
}

impl Kept {
    /// Keeps at most so many of this pool's connections.
    pub(super) fn of(pool: &DatabaseConnection, most: usize) -> Self {
        Self { pool: pool.get_postgres_connection_pool().clone(), most, idle: Mutex::default() }
    }

    /// The pool, for what begins transactions or is rare.
    pub(super) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The rows of a statement.
    pub(super) async fn rows(&self, statement: Query<'_, Postgres, impl IntoArguments<Postgres>>) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = self.take().await?;
        let rows = statement.fetch_all(&mut *connection).await;
        self.give(connection, rows)
    }

    /// Runs a statement for what it does; how many rows it did that to.
    pub(super) async fn execute(&self, statement: Query<'_, Postgres, impl IntoArguments<Postgres>>) -> Result<u64, StoreError> {
        let mut connection = self.take().await?;
        let done = statement.execute(&mut *connection).await;
        self.give(connection, done.map(|done| done.rows_affected()))
    }

    async fn take(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        let kept = {
            let mut idle = self.idle();
            let kept = idle.pop().filter(|(_, since)| since.elapsed() < KEPT_FOR);
            if kept.is_none() {
                // The others were used even longer ago.
                idle.clear();
            }
            kept
        };
        match kept {
            Some((connection, _)) => Ok(connection),
            None => Ok(self.pool.acquire().await?),
        }
    }

    fn give<T>(&self, connection: PoolConnection<Postgres>, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let mut idle = self.idle();
        if done.is_err() {
            // What ended this one may have ended all: the pool finds out.
            idle.clear();
        } else {
            let long = idle.iter().take_while(|(_, since)| since.elapsed() >= KEPT_FOR).count();
            idle.drain(..long);
            if idle.len() < self.most {
                idle.push((connection, Instant::now()));
            }
        }
        Ok(done?)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PoolConnection<Postgres>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    /// To give one back takes a runtime. Where there is none any more the process ends, and they with it.
    fn drop(&mut self) {
        if Handle::try_current().is_err() {
            std::mem::forget(std::mem::take(&mut *self.idle()));
        }
    }
}
