//! The ledger's tables. Appending and folding go through one [`LedgerWriter`] per process; everything else only reads.
//!
//! A commit that failed says nothing about what is on the disk, and a handle whose fsync failed once may lie about the
//! next: the writer gives the handle up and opens another, the caller begins a new epoch.

mod beside;
mod erase;
mod fold;
pub mod index;
mod indexed;
pub mod outside;
mod postgres;
mod reach;
mod read;
pub mod segment;
mod sqlite;
mod tiles;

use std::{fmt, sync::Arc};

pub use beside::{ChangeRow, DetailRow};
pub use fold::Folded;
pub use reach::Reach;
pub use read::{EntryRow, RunRow};
use tokio::task::JoinHandle;

use super::{Location, Store, StoreError, kept::Kept};
use crate::{
    domain::{Digest, Id, Timestamp},
    ledger::verify::Said,
};

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

/// What folding needs from above.
pub struct Sequencing {
    /// Makes the signed note for a tree of this size and root.
    pub sign: Box<dyn Fn(u64, Digest) -> String + Send + Sync>,
    /// Reads where an entry says that it stands.
    pub said: fn(&[u8]) -> Option<Said>,
}

impl fmt::Debug for Sequencing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sequencing")
    }
}

/// How many batches PostgreSQL is given at once, each on a connection that is kept for it; besides, there are some for what else is
/// written.
const AT_ONCE: usize = 3;
const BESIDES: usize = 2;

/// The only thing that writes to the ledger in this process. Cheap to clone.
#[derive(Clone)]
pub struct LedgerWriter(Arc<Writer>);

enum Writer {
    Sqlite(sqlite::File),
    Postgres(Kept),
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
            Location::Folder(folder) => Writer::Sqlite(sqlite::File::open(&folder.join("ledger.db"))?),
            Location::Postgres(url) => {
                let pool = super::open::postgres(url, (AT_ONCE + BESIDES) as u32).await?;
                Writer::Postgres(Kept::of(&pool, AT_ONCE))
            }
        };
        Ok(Self(Arc::new(writer)))
    }

    /// How many batches it takes at once: one where a file has one writer, else more than one, so that the sync of one is not waited
    /// for to begin the next.
    pub fn at_once(&self) -> usize {
        match *self.0 {
            Writer::Sqlite(_) => 1,
            Writer::Postgres(_) => AT_ONCE,
        }
    }

    /// Starts the task that appends: on a thread of its own where an append blocks it.
    pub fn drive(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
        match *self.0 {
            Writer::Sqlite(_) => sqlite::File::drive(task),
            Writer::Postgres(_) => Ok(tokio::spawn(task)),
        }
    }

    /// Makes a batch durable, wholly or not at all. After an error nobody knows which. May block the thread: to be called in what
    /// [`LedgerWriter::drive`] has started.
    pub async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.append(&batch).await,
            Writer::Postgres(kept) => postgres::append(kept, batch).await,
        }
    }

    /// The entry that a new epoch follows.
    pub async fn tail(&self) -> Result<Option<TailRow>, StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.tail().await,
            Writer::Postgres(kept) => postgres::tail(kept.pool()).await,
        }
    }

    /// Gives entries that have no place in the tree yet the next ones, as many as one transaction takes, and signs the new
    /// head. Entries that are not what they should be get no place; neither do those after them in their epoch.
    pub async fn fold(&self, now: Timestamp, sequencing: &Arc<Sequencing>) -> Result<Folded, StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.fold(now, sequencing).await,
            Writer::Postgres(kept) => postgres::fold(kept.pool(), now, sequencing).await,
        }
    }

    /// Closes the epochs that have not grown since `before`: what is added to them later gets no place.
    pub async fn close_epochs(&self, before: Timestamp) -> Result<(), StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => file.close_epochs(before).await,
            Writer::Postgres(kept) => postgres::close_epochs(kept.pool(), before).await,
        }
    }
}

fn digest(bytes: Vec<u8>) -> Result<Digest, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of the ledger is not 32 bytes".into()))
}

fn digests(bytes: &[u8]) -> Result<Vec<Digest>, StoreError> {
    match bytes.as_chunks::<32>() {
        (hashes, []) => Ok(hashes.to_vec()),
        _ => Err(StoreError::Corrupt("a tile of the ledger does not consist of hashes".into())),
    }
}
