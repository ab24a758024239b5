//! Group commit: one task per process writes what waits, then answers all who waited. A record waits for the commit
//! before it, never for a timer.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{
    Settings,
    chain::{Chain, Placed},
    codec,
    index::Index,
    outbox, place,
    record::{Counter, Detail, Draft, counters},
    sequencer::{self, Standing},
};
use crate::{
    domain::{Clock, Digest, Id, IdMaker, Random, Timestamp, clock::SECOND},
    ledger::{Checkpoint, LedgerKey, Receipt, checkpoint},
    store::{
        LedgerWriter, Store, StoreError,
        ledger::{Batch, NewDetail, NewEntry, Sequencing},
    },
};

/// How many documents are remembered as stored; beyond that they are offered to the database again.
const KNOWN_DOCUMENTS: usize = 4_096;
/// After so long (µs) without a record the next one begins a new epoch.
const IDLE: i64 = 3_600 * SECOND;

/// Where a durable record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The epoch.
    pub epoch: Id,
    /// The number in the epoch; of a record in several parts, that of the last.
    pub rseq: u64,
    /// That entry's leaf.
    pub leaf: Digest,
}

/// The record is not durable, or nobody knows. Nothing it is about may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    /// More records wait than may.
    #[error("too many access records are waiting to be written")]
    Full,
    /// The recorder has ended.
    #[error("the recorder has ended")]
    Stopped,
    /// The commit failed, or its outcome is unknown; the log says why.
    #[error("the access record could not be written")]
    Failed,
}

/// The way to the ledger. Cheap to clone; the recorder ends when the last is dropped.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
    pub(super) inside: Arc<Inside>,
    pub(super) stop: watch::Sender<bool>,
    /// The recorder, the sequencer and, in a server, the keeper of the index.
    pub(super) tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// What the tasks share.
pub(super) struct Inside {
    pub(super) store: Store,
    pub(super) writer: LedgerWriter,
    pub(super) settings: Settings,
    pub(super) index: Index,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) ids: IdMaker,
    key: Arc<LedgerKey>,
    origin: String,
    pub(super) sequencing: Arc<Sequencing>,
    /// How the tree stands.
    pub(super) standing: Mutex<Standing>,
    /// Whether something was appended since the last fold.
    pub(super) dirty: AtomicBool,
    /// The epochs that this process has begun.
    epochs: Mutex<Vec<Id>>,
    /// Outbox rows whose records are durable.
    pub(super) settled: Mutex<Vec<Id>>,
    /// Outbox rows whose records could not be written.
    pub(super) owed: Mutex<Vec<Id>>,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inside").field("writer", &self.writer).field("key", &self.key).finish_non_exhaustive()
    }
}

/// A record in the queue, and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    parts: Vec<Vec<u8>>,
    counters: Vec<Counter>,
    detail: Option<Detail>,
    document: Option<(Digest, String)>,
    outbox: Vec<Id>,
    answer: oneshot::Sender<Result<Sealed, Unrecorded>>,
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
        if let Some((name, wrong)) = settings.nonsense() {
            return Err(StoreError::Unsafe(format!("{name} {wrong}")));
        }
        let key = Arc::new(key);
        let origin = settings.origin.clone().unwrap_or_else(|| checkpoint::default_origin(&key.public()));
        let signer = (Arc::clone(&key), origin.clone());
        let sign = Box::new(move |size, root| Checkpoint { origin: signer.1.clone(), size, root }.sign(&signer.0));
        let inside = Arc::new(Inside {
            store: store.clone(),
            writer: LedgerWriter::open(store).await?,
            settings: settings.clone(),
            index: Index::new(store),
            clock,
            random,
            ids: IdMaker::default(),
            key,
            origin,
            sequencing: Arc::new(Sequencing { sign, said: place::said }),
            standing: Mutex::default(),
            dirty: AtomicBool::new(true),
            epochs: Mutex::default(),
            settled: Mutex::default(),
            owed: Mutex::default(),
        });
        let (queue, waiting) = mpsc::channel(settings.queue);
        let (stop, told) = watch::channel(false);
        let (ended, ending) = oneshot::channel();
        let last = inside.clock.now();
        let writing = Writing { inside: Arc::clone(&inside), chain: None, last, documents: HashSet::new(), _ended: ended };
        let recorder = tokio::spawn(writing.run(waiting, told));
        let sequencer = tokio::spawn(sequencer::run(Arc::clone(&inside), queue.downgrade(), ending));
        Ok(Self { queue, inside, stop, tasks: Arc::new(Mutex::new(vec![recorder, sequencer])) })
    }

    /// Makes a record durable and says where it stands. Fails at once if too many wait already.
    pub async fn append(&self, draft: Draft) -> Result<Sealed, Unrecorded> {
        let outbox = draft.outbox.clone();
        let result = append(&self.queue, draft).await;
        if result.is_err() && !outbox.is_empty() {
            lock(&self.inside.owed).extend(outbox);
        }
        result
    }

    /// The receipt for a durable record.
    pub fn receipt(&self, sealed: &Sealed) -> Receipt {
        Receipt::sign(&self.inside.key, sealed.epoch, sealed.rseq, sealed.leaf)
    }

    /// How many records wait to be written.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether it takes records.
    pub fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }

    /// The epochs that this process has begun: one, and another after each failed commit.
    pub fn epochs(&self) -> Vec<Id> {
        lock(&self.inside.epochs).clone()
    }

    /// The name of the log in its checkpoints.
    pub fn origin(&self) -> &str {
        &self.inside.origin
    }

    /// The key that signs receipts and checkpoints.
    pub fn key(&self) -> &LedgerKey {
        &self.inside.key
    }

    /// Appends what a crash left in the outbox, and returns how many records that were. Harmless at any other time:
    /// at worst a change is recorded twice.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        outbox::recover(&self.inside, &self.queue, outbox::Which::All).await
    }

    /// Gives everything appended so far its place in the tree; returns the size of the tree.
    pub async fn fold_now(&self) -> Result<u64, StoreError> {
        sequencer::fold(&self.inside).await
    }

    /// How the tree stands.
    pub fn standing(&self) -> Standing {
        lock(&self.inside.standing).clone()
    }

    /// Whether the sequencer holds back what this process records now.
    pub fn is_held_back(&self) -> bool {
        let epoch = lock(&self.inside.epochs).last().copied();
        epoch.is_some_and(|epoch| lock(&self.inside.standing).holds_back(epoch))
    }

    /// Closes epochs that ended long ago, and looks for entries that were added to such; the sequencer does so every hour.
    pub async fn look_back(&self) -> Result<(), StoreError> {
        sequencer::look_back(&self.inside).await
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
    }

    /// Ends at once, as if the process had died: what waits is not written, and every later append fails.
    pub fn kill(&self) {
        lock(&self.tasks).drain(..).for_each(|task| task.abort());
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Queues a record and waits until it is durable.
pub(super) async fn append(queue: &mpsc::Sender<Waiting>, draft: Draft) -> Result<Sealed, Unrecorded> {
    let Draft { record, detail, document, outbox } = draft;
    let document = document.zip(record.operation.document).map(|(text, sha256)| (sha256, text));
    let counters = counters(&record.subject);
    let parts = codec::split(record);
    let count = parts.len() as u64;
    let parts = parts.iter().zip(1..).map(|(part, number)| codec::encode_part(part, number, count)).collect();
    let (answer, answered) = oneshot::channel();
    queue.try_send(Waiting { parts, counters, detail, document, outbox, answer }).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => Unrecorded::Full,
        mpsc::error::TrySendError::Closed(_) => Unrecorded::Stopped,
    })?;
    answered.await.map_err(|_| Unrecorded::Stopped)?
}

/// The task that writes.
struct Writing {
    inside: Arc<Inside>,
    chain: Option<Chain>,
    /// When it last grew.
    last: Timestamp,
    /// Documents that are known to be stored.
    documents: HashSet<Digest>,
    /// Dropped when the task ends, which the sequencer hears.
    _ended: oneshot::Sender<()>,
}

impl Writing {
    async fn run(mut self, mut queue: mpsc::Receiver<Waiting>, mut stop: watch::Receiver<bool>) {
        loop {
            let first = tokio::select! {
                biased;
                _ = stop.changed(), if !queue.is_closed() => { queue.close(); queue.recv().await }
                first = queue.recv() => first,
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            while batch.len() < self.inside.settings.batch
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch).await;
        }
    }

    async fn commit(&mut self, batch: Vec<Waiting>) {
        match self.write(&batch).await {
            Ok(sealed) => {
                self.inside.dirty.store(true, Ordering::Release);
                if self.documents.len() > KNOWN_DOCUMENTS {
                    self.documents.clear();
                }
                for (waiting, sealed) in batch.into_iter().zip(sealed) {
                    self.documents.extend(waiting.document.map(|(sha256, _)| sha256));
                    if !waiting.outbox.is_empty() {
                        lock(&self.inside.settled).extend(waiting.outbox);
                    }
                    // A receiver that is gone has given up waiting; the record stands nevertheless.
                    let _ = waiting.answer.send(Ok(sealed));
                }
            }
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "access records could not be written; their answers are withheld");
                self.chain = None;
                for waiting in batch {
                    let _ = waiting.answer.send(Err(Unrecorded::Failed));
                }
            }
        }
    }

    async fn write(&mut self, batch: &[Waiting]) -> Result<Vec<Sealed>, StoreError> {
        let inside = &self.inside;
        let now = inside.clock.now();
        // An epoch ends when it is idle for long, so that what is added to it much later was not added by its process; and
        // when an entry of it is not what was written: what comes after would get no place in the tree.
        let held_back = |chain: &Chain| lock(&inside.standing).holds_back(chain.epoch);
        if now.0 - self.last.0 > IDLE || self.chain.as_ref().is_some_and(held_back) {
            self.chain = None;
        }
        self.last = now;
        let chain = match &mut self.chain {
            Some(chain) => chain,
            none => {
                let tail = inside.writer.tail().await?;
                // After the tail was looked at: what stands before it must be found when its subjects' next entries are numbered.
                if let Err(error) = sequencer::fold(inside).await {
                    tracing::warn!(%error, "an epoch begins although the ledger's entries could not be folded");
                }
                let epoch = inside.ids.next(&*inside.clock, &*inside.random);
                lock(&inside.epochs).push(epoch);
                none.insert(Chain::begin(epoch, tail))
            }
        };
        let epoch = chain.epoch;
        let begins = chain.is_new().then_some(now);
        let mut entries = Vec::with_capacity(batch.len());
        let mut sealed = Vec::with_capacity(batch.len());
        for waiting in batch {
            chain.numbers.meet(&inside.store, &inside.index, &waiting.counters).await?;
            let beside = |Detail { salt, variables, response }: Detail| NewDetail { salt, variables, response };
            let mut detail = waiting.detail.clone().map(beside);
            let mut document = waiting.document.clone().filter(|(sha256, _)| !self.documents.contains(sha256));
            let mut place = Sealed { epoch, rseq: 0, leaf: [0; 32] };
            for part in &waiting.parts {
                let placed = chain.place(part, &waiting.counters);
                place = Sealed { epoch, rseq: placed.rseq, leaf: placed.leaf };
                let Placed { rseq, leaf, body } = placed;
                entries.push(NewEntry { rseq, leaf, body, detail: detail.take(), document: document.take() });
            }
            sealed.push(place);
        }
        inside.writer.append(Batch { epoch, begins, entries }).await?;
        Ok(sealed)
    }
}
