//! The way to the ledger, and what the tasks behind it share.

use std::sync::{Arc, Mutex, atomic::AtomicBool};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{
    Settings, folding,
    halt::Halt,
    index::Index,
    inside::Inside,
    lock::lock,
    outbox::{self, Which},
    place,
    record::Draft,
    room::Room,
    sealed::{Sealed, Unrecorded},
    sequencer,
    standing::Standing,
    waiting::{Waiting, append},
    writing::Writing,
};
use crate::{
    domain::{Clock, Digest, Id, IdMaker, Random},
    ledger::{Breach, Checkpoint, LedgerKey, Receipt, checkpoint},
    store::{
        LedgerWriter, Store, StoreError,
        ledger::{RunRow, Sequencing, segment::SegmentRow},
    },
};

/// The way to the ledger. Cheap to clone; the recorder ends when the last is dropped.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
    pub(super) inside: Arc<Inside>,
    pub(super) stop: watch::Sender<bool>,
    /// The recorder, the sequencer and, in a server, the keeper of the index.
    pub(super) tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Recorder {
    /// Starts to record, in a new epoch. [`Recorder::recover`] should follow.
    pub async fn start(
        store: &Store,
        key: LedgerKey,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        Self::start_unless(None, store, key, settings, clock, random).await
    }

    /// The same; with a breach, nothing is recorded and nothing signed until [`Recorder::breached`] says that it is over.
    pub async fn start_unless(
        breach: Option<Breach>,
        store: &Store,
        key: LedgerKey,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        if let Some((name, wrong)) = settings.nonsense() {
            return Err(StoreError::Unsafe(format!("{name} {wrong}")));
        }
        let key = Arc::new(key);
        let origin = settings.origin.clone().unwrap_or_else(|| checkpoint::default_origin(&key.public()));
        let signer = (Arc::clone(&key), origin.clone());
        let sign = Box::new(move |size, root| Checkpoint { origin: signer.1.clone(), size, root }.sign(&signer.0));
        let ids = IdMaker::default();
        let owner = ids.next(&*clock, &*random);
        let ownership = store.own_outbox(owner).await?;
        let inside = Arc::new(Inside {
            store: store.clone(),
            writer: LedgerWriter::open(store).await?,
            settings: settings.clone(),
            index: Index::new(store, settings.index_segment),
            room: Room::new(settings),
            clock,
            random,
            ids,
            owner,
            ownership: Mutex::new(Some(ownership)),
            serves: AtomicBool::new(false),
            key,
            origin,
            sequencing: Arc::new(Sequencing { sign, said: place::said }),
            standing: Mutex::default(),
            grown: watch::Sender::new(0),
            halt: Halt::new(breach),
            dirty: AtomicBool::new(true),
            epochs: Mutex::default(),
            settled: Mutex::default(),
            owed: Mutex::default(),
        });
        let (queue, waiting) = mpsc::channel(settings.queue);
        let (stop, told) = watch::channel(false);
        let (ended, ending) = oneshot::channel();
        let writing = Writing::new(Arc::clone(&inside), ended);
        let recorder = inside.writer.drive(writing.run(waiting, told))?;
        let sequencer = tokio::spawn(sequencer::run(Arc::clone(&inside), queue.downgrade(), ending));
        Ok(Self { queue, inside, stop, tasks: Arc::new(Mutex::new(vec![recorder, sequencer])) })
    }

    /// Makes a record durable and says where it stands. Fails at once if too many wait already, and after the setting
    /// `ledger.patience` if the disk has not taken it.
    pub async fn append(&self, draft: Draft) -> Result<Sealed, Unrecorded> {
        append(&self.inside, &self.queue, draft).await
    }

    /// The receipt for a durable record.
    pub fn receipt(&self, sealed: &Sealed) -> Receipt {
        Receipt::sign(&self.inside.key, sealed.epoch, sealed.rseq, sealed.leaf)
    }

    /// Whether the disk is full, as far as this process knows: then there is room only for what has to be.
    pub fn is_disk_full(&self) -> bool {
        self.inside.store.disk().is_full()
    }

    /// How many records wait or are being written, and how many may.
    pub fn waiting(&self) -> (usize, usize) {
        self.inside.room.waiting()
    }

    /// Why the record of a request that came now could not be written, as things stand. Whoever asks first need not read
    /// what would be withheld.
    pub fn refuses(&self) -> Option<Unrecorded> {
        if self.queue.is_closed() {
            return Some(Unrecorded::Stopped);
        }
        if self.halted().is_some() {
            return Some(Unrecorded::Halted);
        }
        self.inside.room.refuses()
    }

    /// The epochs that this process has begun: one for each lane, and another after each failed commit, each hour without a record and
    /// each day.
    pub fn epochs(&self) -> Vec<Id> {
        lock(&self.inside.epochs).all.clone()
    }

    /// The name of the log in its checkpoints.
    pub fn origin(&self) -> &str {
        &self.inside.origin
    }

    /// The key that signs receipts and checkpoints.
    pub fn key(&self) -> &LedgerKey {
        &self.inside.key
    }

    /// What this process goes by in the outbox.
    pub fn owner(&self) -> Id {
        self.inside.owner
    }

    /// Appends what processes that are gone left in the outbox, and returns how many records that were.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let mut appended = 0;
        for owner in outbox::gone(&self.inside).await? {
            appended += outbox::recover(&self.inside, &self.queue, Which::Of(owner)).await?;
        }
        Ok(appended)
    }

    /// Gives everything appended so far its place in the tree; returns the size of the tree.
    pub async fn fold_now(&self) -> Result<u64, StoreError> {
        folding::fold(&self.inside).await
    }

    /// Erases what lies beside these entries, and these documents; how many of each there were.
    pub async fn erase_beside(&self, entries: Vec<(Id, u64)>, documents: Vec<Digest>) -> Result<(u64, u64), StoreError> {
        self.inside.writer.erase_beside(entries, documents).await
    }

    /// Lists a segment that is in the archive.
    pub async fn list_segment(&self, row: SegmentRow) -> Result<(), StoreError> {
        self.inside.writer.list_segment(row).await
    }

    /// Lets the entries of a segment leave the database.
    pub async fn release_segment(&self, first: u64) -> Result<(), StoreError> {
        self.inside.writer.release_segment(first, self.inside.clock.now()).await
    }

    /// Takes the entries of a run out of the database; how many there were.
    pub async fn remove_entries(&self, run: RunRow) -> Result<u64, StoreError> {
        self.inside.writer.remove_entries(run).await
    }

    /// How the tree stands.
    pub fn standing(&self) -> Standing {
        lock(&self.inside.standing).told(&self.inside.halt)
    }

    /// What was set about the ledger.
    pub fn settings(&self) -> &Settings {
        &self.inside.settings
    }

    /// What writes to the ledger in this process.
    pub fn writer(&self) -> &LedgerWriter {
        &self.inside.writer
    }

    /// How many entries the tree has, to be waited on: tells of what other processes have recorded within a second.
    pub fn growth(&self) -> watch::Receiver<u64> {
        self.inside.grown.subscribe()
    }

    /// Whether the sequencer holds back what this process records now.
    pub fn is_held_back(&self) -> bool {
        let epoch = lock(&self.inside.epochs).last;
        epoch.is_some_and(|epoch| lock(&self.inside.standing).holds_back(epoch))
    }

    /// Closes epochs that ended long ago, and looks for entries that were added to such; the sequencer does so every hour.
    pub async fn look_back(&self) -> Result<(), StoreError> {
        folding::look_back(&self.inside).await
    }

    /// Takes no more records, writes those that wait, folds them, and ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            if let Err(error) = task.await
                && error.is_panic()
            {
                tracing::error!(%error, "the recorder did not end well");
            }
        }
        drop(lock(&self.inside.ownership).take());
    }

    /// Ends at once, as if the process had died: what waits is not written, and every later append fails.
    pub fn kill(&self) {
        lock(&self.tasks).drain(..).for_each(|task| task.abort());
        drop(lock(&self.inside.ownership).take());
    }
}
