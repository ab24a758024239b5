//! How the store fails.

use rusqlite::ErrorCode;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// `disk_full` (PostgreSQL, appendix A).
const POSTGRES_FULL: &str = "53100";
/// SQLite's result codes (sqlite.org/rescode.html).
const SQLITE_FULL: &str = "13";
const SQLITE_IOERR: u32 = 10;
const SQLITE_CANTOPEN: u32 = 14;

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
    /// There is no room on the disk.
    #[error("the disk is full")]
    Full,
    /// A segment of the log is not where it was put.
    #[error("the archived records {first} to {} are missing", .until - 1)]
    SegmentMissing {
        /// Its first record.
        first: u64,
        /// The first record after it.
        until: u64,
    },
    /// A segment of the log is not what was put there.
    #[error("the archived records {first} to {} are not those that were put there", .until - 1)]
    SegmentAltered {
        /// Its first record.
        first: u64,
        /// The first record after it.
        until: u64,
    },
    /// The archive could not be reached.
    #[error("archive: {0}")]
    Archive(String),
    /// A thread or task of the store has ended.
    #[error("the store is shutting down")]
    Closed,
    /// The data folder could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }
}

impl StoreError {
    /// Whether the database found no room on its disk.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            Self::Database(error) => code(error).is_some_and(|code| code == SQLITE_FULL || code == POSTGRES_FULL),
            _ => false,
        }
    }

    /// Whether SQLite could not read, write or open a file of its own.
    pub fn is_io(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen)),
            // The lower eight bits are the kind, what is above says more.
            Self::Database(error) => {
                let kind = code(error).and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
                kind == Some(SQLITE_IOERR) || kind == Some(SQLITE_CANTOPEN)
            }
            _ => false,
        }
    }

    /// Whether a unique key was already there: somebody else was first.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }
}

/// The database's own code: five letters of PostgreSQL, a number of SQLite.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
