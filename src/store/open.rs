//! Opening the databases, and refusing to when they could lose what was promised to be kept.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use migration::MigratorTrait;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::{Disk, StoreError, archive::Archive, group::Group, kept::Kept, leads::Lookups, rows::Rows, write::Writer};
use crate::domain::Timestamp;

/// Where the databases are.
#[derive(Clone, Debug)]
pub enum Location {
    /// `leadkeep.db` and `ledger.db` in this folder.
    Folder(PathBuf),
    /// A PostgreSQL URL, `postgres://user:password@host/database`.
    Postgres(String),
}

/// The databases, open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) location: Location,
    pub(super) disk: Arc<Disk>,
    /// Reads of the main database.
    pub(super) main: DatabaseConnection,
    /// Writes of the main database.
    pub(super) writer: Writer,
    /// The hot path of lead reads.
    pub(super) rows: Rows,
    /// Its statements that look up one lead.
    pub(super) lookups: Lookups,
    /// Reads of the ledger database.
    pub(super) ledger: DatabaseConnection,
    /// The hot path of those.
    pub(super) entries: Rows,
    /// Where entries are that have left it.
    pub(super) archive: OnceLock<Archive>,
    /// When the operations of some entries began, by index: those that searches by time meet again and again.
    pub(super) moments: Mutex<HashMap<u64, Timestamp>>,
}

impl Store {
    /// Opens what is there; [`Store::migrate`] must have run before. `connections` bounds the pool.
    pub async fn open(location: &Location, connections: u32) -> Result<Self, StoreError> {
        let disk = Arc::new(Disk::of(location));
        let inner = match location {
            Location::Folder(folder) => {
                let main = folder.join("leadkeep.db");
                // First of all: it says so if the file is missing.
                let pool = sqlite(main.clone(), connections.min(4), true).await?;
                let writer_file = main.clone();
                Inner {
                    location: location.clone(),
                    writer: Writer::Group(Group::start(&main, Arc::clone(&disk), move || sqlite(writer_file.clone(), 1, false)).await?),
                    main: pool,
                    rows: Rows::reader_threads(&main, "lead-reader", 2)?,
                    lookups: Lookups::default(),
                    ledger: sqlite(folder.join("ledger.db"), 2, true).await?,
                    entries: Rows::reader_threads(&folder.join("ledger.db"), "ledger-reader", 2)?,
                    disk,
                    archive: OnceLock::new(),
                    moments: Mutex::default(),
                }
            }
            Location::Postgres(url) => {
                let pool = postgres(url, connections).await?;
                // Half of them remain for what goes through the ORM.
                let kept = Arc::new(Kept::of(&pool, connections as usize / 2));
                Inner {
                    location: location.clone(),
                    main: pool.clone(),
                    writer: Writer::Own(pool.clone(), Arc::clone(&kept)),
                    rows: Rows::Pool(Arc::clone(&kept)),
                    lookups: Lookups::default(),
                    entries: Rows::Pool(kept),
                    ledger: pool,
                    disk,
                    archive: OnceLock::new(),
                    moments: Mutex::default(),
                }
            }
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Brings both databases to the current schema; makes them if they are missing. Returns how many steps ran.
    pub async fn migrate(location: &Location) -> Result<u32, StoreError> {
        let (main, ledger) = match location {
            Location::Folder(folder) => (create(folder, "leadkeep.db").await?, create(folder, "ledger.db").await?),
            Location::Postgres(url) => {
                let pool = postgres(url, 2).await?;
                (pool.clone(), pool)
            }
        };
        let pending =
            migration::Main::get_pending_migrations(&main).await?.len() + migration::Ledger::get_pending_migrations(&ledger).await?.len();
        migration::Main::up(&main, None).await?;
        migration::Ledger::up(&ledger, None).await?;
        main.close().await?;
        ledger.close().await?;
        Ok(pending as u32)
    }

    /// How many steps the databases lack of this version's schema; writes nothing. [`Store::migrate`] runs them.
    pub async fn pending(&self) -> Result<usize, StoreError> {
        let main = migration::Main::get_pending_migrations_read_only(&self.0.main).await?;
        let ledger = migration::Ledger::get_pending_migrations_read_only(&self.0.ledger).await?;
        Ok(main.len() + ledger.len())
    }

    /// The disk under them.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.0.disk
    }

    /// Where the databases are.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Whether the main database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.main.ping().await?)
    }
}

async fn create(folder: &Path, name: &str) -> Result<DatabaseConnection, StoreError> {
    let file = folder.join(name);
    super::private::create_file(&file)?;
    sqlite(file, 1, false).await
}

async fn sqlite(file: PathBuf, connections: u32, read_only: bool) -> Result<DatabaseConnection, StoreError> {
    if !file.exists() {
        return Err(StoreError::Unsafe(format!("{} is missing; run `leadkeep migrate` or `leadkeep init`", file.display())));
    }
    let mut options = ConnectOptions::new(format!("sqlite://{}", file.display()));
    options.max_connections(connections).min_connections(1).test_before_acquire(false).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&file).busy_timeout(Duration::from_secs(10)).foreign_keys(false);
        let sqlite = sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "FULL").pragma("cache_size", "-8192");
        sqlite.pragma("query_only", if read_only { "ON" } else { "OFF" })
    });
    let connection = Database::connect(options).await?;
    for (pragma, wanted) in [("journal_mode", "wal"), ("synchronous", "2")] {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        let row = connection.query_one_raw(statement).await?.ok_or(StoreError::Closed)?;
        let found = row.try_get_by_index::<String>(0).or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))?;
        if found != wanted {
            return Err(StoreError::Unsafe(format!("SQLite answers {pragma}={found}, but only {wanted} keeps what was recorded")));
        }
    }
    Ok(connection)
}

pub(super) async fn postgres(url: &str, connections: u32) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).test_before_acquire(false).sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(10));
    let pool = Database::connect(options).await?;
    for (setting, safe) in [("fsync", &["on"][..]), ("synchronous_commit", &["on", "remote_apply"])] {
        let statement = Statement::from_string(DbBackend::Postgres, format!("SHOW {setting}"));
        let row = pool.query_one_raw(statement).await?.ok_or(StoreError::Closed)?;
        let found: String = row.try_get_by_index(0)?;
        if !safe.contains(&found.as_str()) {
            return Err(StoreError::Unsafe(format!(
                "PostgreSQL has {setting}={found}; an access record would not be durable. Set {setting}=on and try again"
            )));
        }
    }
    Ok(pool)
}
