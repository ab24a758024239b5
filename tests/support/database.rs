//! Databases of a test's own, of either kind.

use std::path::Path;

use leadkeep::store::{Location, Store};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait};
use tempfile::TempDir;

use super::postgres;

/// Which back end a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Files in a temporary folder.
    Sqlite,
    /// A database of the throwaway cluster.
    Postgres,
}

/// A data folder and, on PostgreSQL, a database; both gone when the test ends.
#[derive(Debug)]
pub struct Home {
    pub backend: Backend,
    folder: TempDir,
    /// Of the PostgreSQL database.
    pub database_url: Option<String>,
}

impl Home {
    /// Databases with the current schema and nothing in them.
    pub async fn new(backend: Backend) -> Self {
        let home = Self::empty(backend);
        Store::migrate(&home.location()).await.expect("the schema");
        home
    }

    /// A folder and perhaps a database without a schema.
    pub fn empty(backend: Backend) -> Self {
        super::name_tls();
        let folder = tempfile::Builder::new().prefix("leadkeep-test-").tempdir().expect("a temporary folder");
        let database_url = (backend == Backend::Postgres).then(postgres::new_database);
        Self { backend, folder, database_url }
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the databases are.
    pub fn location(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Folder(self.folder().to_owned()),
        }
    }

    /// A connection to the main database behind Leadkeep's back.
    pub async fn connect(&self) -> DatabaseConnection {
        let file = self.folder().join("leadkeep.db");
        let url = self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", file.display()));
        Database::connect(url).await.expect("the database answers")
    }

    /// A connection to the ledger's database behind Leadkeep's back.
    pub async fn connect_ledger(&self) -> DatabaseConnection {
        let file = self.folder().join("ledger.db");
        let url = self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}?mode=ro", file.display()));
        Database::connect(url).await.expect("the ledger answers")
    }

    /// Lets nobody change leads until it is released; they can be read.
    pub async fn hold_writes(&self) -> HeldWrites {
        if self.backend == Backend::Sqlite {
            let connection = rusqlite::Connection::open(self.folder().join("leadkeep.db")).expect("the database opens");
            connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
            connection.execute_batch("BEGIN IMMEDIATE").expect("the only writer");
            return HeldWrites::Sqlite(connection);
        }
        let connection = self.connect().await;
        let transaction = connection.begin().await.expect("a transaction");
        transaction.execute_unprepared("LOCK TABLE lead IN SHARE MODE").await.expect("the lock");
        HeldWrites::Postgres(connection, transaction)
    }

    /// Lets nobody add to the ledger until it is released, as if its disk stood still.
    pub async fn hold_ledger(&self) -> HeldWrites {
        if self.backend == Backend::Sqlite {
            let connection = rusqlite::Connection::open(self.folder().join("ledger.db")).expect("the ledger opens");
            connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
            connection.execute_batch("BEGIN IMMEDIATE").expect("the only writer");
            return HeldWrites::Sqlite(connection);
        }
        let connection = self.connect().await;
        let transaction = connection.begin().await.expect("a transaction");
        transaction.execute_unprepared("LOCK TABLE ledger_entry IN SHARE MODE").await.expect("the lock");
        HeldWrites::Postgres(connection, transaction)
    }

    /// Runs one statement behind Leadkeep's back, in the main database or the ledger's; the error as the database says it.
    pub async fn tamper(&self, table_in: Table, sql: &str) -> Result<(), String> {
        if let Some(url) = &self.database_url {
            return postgres::psql(url, sql).map(drop);
        }
        let file = self.folder().join(if table_in == Table::Ledger { "ledger.db" } else { "leadkeep.db" });
        let connection = rusqlite::Connection::open(file).expect("the database opens");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
        connection.execute_batch(sql).map_err(|error| error.to_string())
    }
}

/// Keeps everybody from writing, as long as it is held.
#[derive(Debug)]
pub enum HeldWrites {
    Sqlite(rusqlite::Connection),
    Postgres(DatabaseConnection, DatabaseTransaction),
}

impl HeldWrites {
    /// Lets them.
    pub async fn release(self) {
        match self {
            Self::Sqlite(connection) => drop(connection),
            Self::Postgres(connection, transaction) => {
                transaction.rollback().await.expect("letting go");
                connection.close().await.expect("closing");
            }
        }
    }
}

/// Which database a statement is for; on PostgreSQL they are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Leads, accounts, policy.
    Main,
    /// The access log.
    Ledger,
}
