//! A lane: a chain of the process, and one commit at a time.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use super::{
    chain::{Chain, Placed},
    folding,
    inside::Inside,
    lock::lock,
    record::Detail,
    sealed::{Sealed, Unrecorded},
    waiting::Waiting,
};
use crate::{
    domain::{
        Digest, Timestamp,
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

/// What writes one batch after the other.
pub(super) struct Lane {
    inside: Arc<Inside>,
    chain: Option<Chain>,
    /// When it last grew.
    last: Timestamp,
    /// Documents that are known to be stored.
    documents: HashSet<Digest>,
}

impl Lane {
    /// One that has nothing yet.
    pub(super) fn new(inside: Arc<Inside>) -> Self {
        let last = inside.clock.now();
        Self { inside, chain: None, last, documents: HashSet::new() }
    }

    /// Commits a batch in one piece and answers all who wait for it; whether it was written.
    pub(super) async fn commit(&mut self, batch: Vec<Waiting>) -> bool {
        if self.inside.halt.why().is_some() {
            for waiting in batch {
                lock(&self.inside.owed).extend(waiting.outbox);
                drop(waiting.place);
                let _ = waiting.answer.send(Err(Unrecorded::Halted));
            }
            return false;
        }
        let begun = self.inside.room.begin();
        let mut written = self.write(&batch).await;
        if let Err(error) = &written
            && self.inside.store.disk().note(error)
        {
            tracing::error!(%error, records = batch.len(), "no room for access records; trying again with what was kept");
            self.chain = None;
            written = self.write(&batch).await;
        }
        self.inside.room.end(begun);
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
                true
            }
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "access records could not be written; their answers are withheld");
                self.chain = None;
                for waiting in batch {
                    lock(&self.inside.owed).extend(waiting.outbox);
                    drop(waiting.place);
                    let _ = waiting.answer.send(Err(Unrecorded::Failed));
                }
                false
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
                let epoch = inside.ids.next(&*inside.clock, &*inside.random);
                lock(&inside.epochs).all.push(epoch);
                none.insert(Chain::begin(epoch, now, tail))
            }
        };
        let epoch = chain.epoch;
        lock(&inside.epochs).last = Some(epoch);
        let begins = chain.is_new().then_some(now);
        let mut entries = Vec::with_capacity(batch.len());
        let mut sealed = Vec::with_capacity(batch.len());
        let unknown = chain.numbers.unknown(batch.iter().flat_map(|waiting| &waiting.counters).copied());
        if !unknown.is_empty() {
            // Alone, all that was recorded before counts. Among others only what has its place by now, and the less of that is
            // read the more there are. What goes wrong is told where it is noted.
            let (waiting, _) = inside.room.waiting();
            if waiting <= 1 {
                let _ = folding::fold(inside).await;
            }
            chain.numbers.meet(&inside.index, &unknown, waiting).await;
        }
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
