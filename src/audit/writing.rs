//! Group commit: one task per process writes what waits, then answers all who waited. A record waits for the commit
//! before it, never for a timer.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    chain::{Chain, Placed},
    codec, folding,
    inside::Inside,
    lock::lock,
    record::{Counter, Detail, Draft, counters},
    room::Place,
    sealed::{Sealed, Unrecorded},
};
use crate::{
    domain::{
        Digest, Id, Timestamp,
        clock::{DAY, SECOND},
    },
    store::{
        StoreError,
        ledger::{Batch, NewDetail, NewEntry},
    },
};

/// How many documents are remembered as stored; beyond that they are offered to the database again.
const KNOWN_DOCUMENTS: usize = 4_096;
/// After so long (µs) without a record the next one begins a new epoch.
const IDLE: i64 = 3_600 * SECOND;
/// After so long (µs) it does so in any case: the first record of each account in it says how many the account had before.
const LASTS: i64 = DAY;

/// A record in the queue, and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    parts: Vec<Vec<u8>>,
    counters: Vec<Counter>,
    detail: Option<Detail>,
    document: Option<(Digest, String)>,
    outbox: Vec<Id>,
    place: Place,
    answer: oneshot::Sender<Result<Sealed, Unrecorded>>,
}

/// Queues a record and waits until it is durable. Outbox rows of a record that cannot be are owed one.
pub(super) async fn append(inside: &Inside, queue: &mpsc::Sender<Waiting>, draft: Draft) -> Result<Sealed, Unrecorded> {
    let Draft { record, detail, document, outbox } = draft;
    let document = document.zip(record.operation.document).map(|(text, sha256)| (sha256, text));
    let counters = counters(&record.subject).to_vec();
    let parts = codec::split(record);
    let count = parts.len() as u64;
    let parts: Vec<Vec<u8>> = parts.iter().zip(1..).map(|(part, number)| codec::encode_part(part, number, count)).collect();
    let beside = detail.as_ref().and_then(|detail| detail.variables.as_ref()).map_or(0, String::len);
    let beside = beside + document.as_ref().map_or(0, |(_, text)| text.len());
    let place = match inside.room.take(parts.iter().map(Vec::len).sum::<usize>() + beside) {
        Ok(place) => place,
        Err(refused) => {
            lock(&inside.owed).extend(outbox);
            return Err(refused);
        }
    };
    let (answer, answered) = oneshot::channel();
    let waiting = Waiting { parts, counters, detail, document, outbox, place, answer };
    // There is a slot for every place, so that only an end of the recorder can refuse it.
    if let Err(error) = queue.try_send(waiting) {
        lock(&inside.owed).extend(error.into_inner().outbox);
        return Err(Unrecorded::Stopped);
    }
    match tokio::time::timeout(inside.room.patience(), answered).await {
        Ok(answered) => answered.map_err(|_| Unrecorded::Stopped)?,
        Err(_) => Err(Unrecorded::Late),
    }
}

/// The task that writes.
pub(super) struct Writing {
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
    /// The task; `ended` is dropped with it.
    pub(super) fn new(inside: Arc<Inside>, ended: oneshot::Sender<()>) -> Self {
        let last = inside.clock.now();
        Self { inside, chain: None, last, documents: HashSet::new(), _ended: ended }
    }

    /// Writes until nobody can append any more, or until it is told to stop and nothing waits.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Waiting>, mut stop: watch::Receiver<bool>) {
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
        if self.inside.halt.why().is_some() {
            for waiting in batch {
                lock(&self.inside.owed).extend(waiting.outbox);
                drop(waiting.place);
                let _ = waiting.answer.send(Err(Unrecorded::Halted));
            }
            return;
        }
        self.inside.room.writing(true);
        let mut written = self.write(&batch).await;
        if let Err(error) = &written
            && self.inside.store.disk().note(error)
        {
            tracing::error!(%error, records = batch.len(), "no room for access records; trying again with what was kept");
            self.chain = None;
            written = self.write(&batch).await;
        }
        self.inside.room.writing(false);
        match written {
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
                    // Before whoever waits goes on and asks for more.
                    drop(waiting.place);
                    // A receiver that is gone has given up waiting; the record stands nevertheless.
                    let _ = waiting.answer.send(Ok(sealed));
                }
            }
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "access records could not be written; their answers are withheld");
                self.chain = None;
                for waiting in batch {
                    lock(&self.inside.owed).extend(waiting.outbox);
                    drop(waiting.place);
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
        let ends = |chain: &Chain| now.0 - chain.began.0 >= LASTS || lock(&inside.standing).holds_back(chain.epoch);
        if now.0 - self.last.0 > IDLE || self.chain.as_ref().is_some_and(ends) {
            self.chain = None;
        }
        self.last = now;
        let chain = match &mut self.chain {
            Some(chain) => chain,
            none => {
                let tail = inside.writer.tail().await?;
                // After the tail was looked at: what stands before it must be found when its subjects' next entries are numbered.
                if let Err(error) = folding::fold(inside).await {
                    tracing::warn!(%error, "an epoch begins although the ledger's entries could not be folded");
                }
                let epoch = inside.ids.next(&*inside.clock, &*inside.random);
                lock(&inside.epochs).push(epoch);
                none.insert(Chain::begin(epoch, now, tail))
            }
        };
        let epoch = chain.epoch;
        let begins = chain.is_new().then_some(now);
        let mut entries = Vec::with_capacity(batch.len());
        let mut sealed = Vec::with_capacity(batch.len());
        chain.numbers.meet(&inside.index, batch.iter().flat_map(|waiting| &waiting.counters).copied()).await?;
        for waiting in batch {
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
