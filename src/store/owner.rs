//! Whose the rows of the outbox are: each process owns those of its changes for as long as it lives, and sees to them itself.
//! What a dead one left is anybody's, one process at a time.
//!
//! SQLite: a locked file in `owners/`, named after the process. PostgreSQL: an advisory lock of a session that stays open.
//! The system lets go of either when the process ends, however it ends.

use std::{
    fmt,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sea_orm::sqlx::{self, ConnectOptions, PgConnection, postgres::PgConnectOptions};

use super::{Location, Store, StoreError};
use crate::domain::Id;

/// Where the files are, in the data folder.
const FOLDER: &str = "owners";

/// A host that has gone without a word is noticed after two minutes, not after PostgreSQL's two hours.
const NOTICED: &str = "SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 20; SET tcp_keepalives_count = 3";

/// Shows others that its owner lives. Dropped, its rows are anybody's.
pub struct Ownership(Held);

enum Held {
    File { file: PathBuf, _lock: File },
    Session { session: PgConnection, url: String, owner: Id },
}

/// The right to see to what a dead process left, until it is dropped.
#[derive(Debug)]
pub struct Estate {
    _held: Ownership,
}

// Not derived: the URL may hold a password.
impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ownership")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Self::File { file, .. } = self {
            // One that stays shows nothing: nobody holds it.
            let _ = std::fs::remove_file(file);
        }
    }
}

impl Ownership {
    /// Takes it again if the database has lost it, as it does when it is restarted.
    pub async fn keep(&mut self) -> Result<(), StoreError> {
        let Held::Session { session, url, owner } = &mut self.0 else { return Ok(()) };
        if sqlx::query("SELECT 1").execute(&mut *session).await.is_ok() {
            return Ok(());
        }
        let lost = || StoreError::Unsafe("another process sees to the changes of this one".into());
        *session = locked(url, *owner).await?.ok_or_else(lost)?;
        Ok(())
    }
}

impl Store {
    /// Makes `owner`, a new id, the owner of what this process puts into the outbox.
    pub async fn own_outbox(&self, owner: Id) -> Result<Ownership, StoreError> {
        let taken = || StoreError::Unsafe(format!("another process has the name {owner}"));
        match &self.0.location {
            Location::Folder(folder) => {
                let (new, file) = (named(folder, &format!(".{owner}")), named(folder, &owner.to_string()));
                let lock = lock(&new)?.ok_or_else(taken)?;
                // Under its own name it is never seen unlocked.
                std::fs::rename(&new, &file).map_err(|error| failed(&file, error))?;
                Ok(Ownership(Held::File { file, _lock: lock }))
            }
            Location::Postgres(url) => {
                let session = locked(url, owner).await?.ok_or_else(taken)?;
                Ok(Ownership(Held::Session { session, url: url.clone(), owner }))
            }
        }
    }

    /// The right to see to what `owner` left; `None` if it lives, or somebody else sees to that.
    pub async fn estate(&self, owner: Id) -> Result<Option<Estate>, StoreError> {
        let held = match &self.0.location {
            Location::Folder(folder) => {
                let file = named(folder, &owner.to_string());
                lock(&file)?.map(|lock| Held::File { file, _lock: lock })
            }
            Location::Postgres(url) => locked(url, owner).await?.map(|session| Held::Session { session, url: url.clone(), owner }),
        };
        Ok(held.map(|held| Estate { _held: Ownership(held) }))
    }
}

fn named(folder: &Path, name: &str) -> PathBuf {
    folder.join(FOLDER).join(name)
}

/// The file, which is made if it is missing, locked; `None` if somebody else has locked it.
fn lock(file: &Path) -> Result<Option<File>, StoreError> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, error))?;
    }
    let open = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(file).map_err(|error| failed(file, error))?;
    match open.try_lock() {
        Ok(()) => Ok(Some(open)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(file, error)),
    }
}

/// A session of its own that has the owner's lock; `None` if another has it.
async fn locked(url: &str, owner: Id) -> Result<Option<PgConnection>, StoreError> {
    let mut session = url.parse::<PgConnectOptions>()?.disable_statement_logging().connect().await?;
    sqlx::raw_sql(NOTICED).execute(&mut session).await?;
    let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(owner.0).fetch_one(&mut session).await?;
    Ok(locked.then_some(session))
}

fn failed(file: &Path, error: io::Error) -> StoreError {
    StoreError::File(file.display().to_string(), error)
}
