//! How the store fails.

use sea_orm::{DbErr, SqlErr};

/// A failure of the store. Its text is for the log; callers see only that something failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// SQLite refused on one of the direct paths.
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row held what the schema does not allow.
    #[error("corrupt row: {0}")]
    Corrupt(String),
    /// The database is set up in a way that would break a promise; the text says how to mend it.
    #[error("{0}")]
    Unsafe(String),
    /// A thread or task of the store has ended.
    #[error("the store is shutting down")]
    Closed,
    /// The data folder could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}

impl StoreError {
    /// Whether a unique key was already there: somebody else was first.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }
}
