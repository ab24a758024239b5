//! What the tasks behind the recorder share.

use std::sync::{Arc, Mutex, atomic::AtomicBool};

use tokio::sync::watch;

use super::{Settings, halt::Halt, index::Index, room::Room, standing::Standing};
use crate::{
    domain::{Clock, Id, IdMaker, Random},
    ledger::LedgerKey,
    store::{LedgerWriter, Ownership, Store, ledger::Sequencing},
};

/// What the tasks share.
pub(super) struct Inside {
    pub(super) store: Store,
    pub(super) writer: LedgerWriter,
    pub(super) settings: Settings,
    pub(super) index: Index,
    pub(super) room: Room,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) ids: IdMaker,
    /// What this process goes by in the outbox.
    pub(super) owner: Id,
    /// What shows that it lives.
    pub(super) ownership: Mutex<Option<Ownership>>,
    /// Whether it is a server: then a change that is long under way was given up.
    pub(super) serves: AtomicBool,
    pub(super) key: Arc<LedgerKey>,
    pub(super) origin: String,
    pub(super) sequencing: Arc<Sequencing>,
    /// How the tree stands.
    pub(super) standing: Mutex<Standing>,
    /// How many entries it has, for those who wait for more.
    pub(super) grown: watch::Sender<u64>,
    /// Why nothing is appended.
    pub(super) halt: Halt,
    /// Whether something was appended since the last fold.
    pub(super) dirty: AtomicBool,
    /// The epochs that this process has begun.
    pub(super) epochs: Mutex<Epochs>,
    /// Outbox rows whose records are durable.
    pub(super) settled: Mutex<Vec<Id>>,
    /// Outbox rows whose records could not be written.
    pub(super) owed: Mutex<Vec<Id>>,
}

/// The epochs that this process has begun.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    /// As they were begun.
    pub(super) all: Vec<Id>,
    /// The one that was written to last.
    pub(super) last: Option<Id>,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inside").field("writer", &self.writer).field("key", &self.key).finish_non_exhaustive()
    }
}
