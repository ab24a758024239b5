//! The ledger's tables. Appending and folding go through one [`LedgerWriter`] per process; everything else only reads.
//!
//! A commit that failed says nothing about what is on the disk, and a handle whose fsync failed once may lie about the
//! next: the writer gives the handle up and opens another, the caller begins a new epoch.

mod beside;
mod fold;
mod postgres;
mod read;
mod sqlite;

use std::{fmt, sync::Arc};

pub use beside::{ChangeRow, DetailRow};
pub use fold::Folded;
pub use read::{EntryRow, RunRow};

use super::{Location, Store, StoreError};
use crate::domain::{Digest, Id, Timestamp};

/// An entry on its way to the disk.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Its number in the batch's epoch.
    pub rseq: u64,
    /// SHA-256(0x00 ‖ body).
    pub leaf: Digest,
    /// The bytes.
    pub body: Vec<u8>,
    /// The erasable side.
    pub detail: Option<NewDetail>,
    /// Hash and text of the document, if it may not be there yet.
    pub document: Option<(Digest, String)>,
}

/// What lies beside an entry until it is erased.
#[derive(Clone, Debug)]
pub struct NewDetail {
    /// Makes the commitment say nothing once it is gone.
    pub salt: [u8; 16],
    /// JSON.
    pub variables: Option<String>,
    /// Hash of the answer.
    pub response: Option<Digest>,
}

/// Entries of one epoch that become durable together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The epoch.
    pub epoch: Id,
    /// Set in an epoch's first batch: when it began.
    pub begins: Option<Timestamp>,
    /// Its next entries.
    pub entries: Vec<NewEntry>,
}

/// The last entry of the newest epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailRow {
    /// The epoch.
    pub epoch: Id,
    /// The number.
    pub rseq: u64,
    /// The leaf.
    pub leaf: Digest,
}

/// Makes the signed note for a tree of this size and root.
pub type SignHead = Arc<dyn Fn(u64, Digest) -> String + Send + Sync>;

/// The only thing that writes to the ledger in this process. Cheap to clone.
#[derive(Clone)]
pub struct LedgerWriter(Arc<Writer>);

enum Writer {
    Sqlite(sqlite::Thread),
    Postgres(sea_orm::DatabaseConnection),
}

impl fmt::Debug for LedgerWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Writer::Sqlite(_) => "LedgerWriter(sqlite)",
            Writer::Postgres(_) => "LedgerWriter(postgres)",
        })
    }
}

impl LedgerWriter {
    /// Opens the ledger for writing, on a handle of its own; refuses a set-up that could lose what was written.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let writer = match store.location() {
            Location::Folder(folder) => Writer::Sqlite(sqlite::Thread::start(folder.join("ledger.db"))?),
            Location::Postgres(url) => Writer::Postgres(super::open::postgres(url, 2).await?),
        };
        Ok(Self(Arc::new(writer)))
    }

    /// Makes a batch durable, wholly or not at all. After an error nobody knows which.
    pub async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        match &*self.0 {
            Writer::Sqlite(thread) => thread.append(batch).await,
            Writer::Postgres(pool) => postgres::append(pool, batch).await,
        }
    }

    /// The entry that a new epoch follows.
    pub async fn tail(&self) -> Result<Option<TailRow>, StoreError> {
        match &*self.0 {
            Writer::Sqlite(thread) => thread.tail().await,
            Writer::Postgres(pool) => postgres::tail(pool).await,
        }
    }

    /// Gives entries that have no place in the tree yet the next ones, at most [`fold::AT_ONCE`], and signs the new head.
    pub async fn fold(&self, now: Timestamp, sign: &SignHead) -> Result<Folded, StoreError> {
        match &*self.0 {
            Writer::Sqlite(thread) => thread.fold(now, sign).await,
            Writer::Postgres(pool) => postgres::fold(pool, now, sign).await,
        }
    }
}

fn digest(bytes: Vec<u8>) -> Result<Digest, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of the ledger is not 32 bytes".into()))
}
