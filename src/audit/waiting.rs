//! A record on its way to the disk.

use tokio::sync::{mpsc, oneshot};

use super::{
    codec,
    inside::Inside,
    lock::lock,
    record::{Counter, Detail, Draft, counters},
    room::Place,
    sealed::{Sealed, Unrecorded},
};
use crate::domain::{Digest, Id};

/// A record in the queue, and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its parts, as [`codec::encode_part`] made them.
    pub(super) parts: Vec<Vec<u8>>,
    /// Whose it is.
    pub(super) counters: Vec<Counter>,
    /// What lies beside it.
    pub(super) detail: Option<Detail>,
    /// Its document: hash and text.
    pub(super) document: Option<(Digest, String)>,
    /// The rows of the outbox that it settles.
    pub(super) outbox: Vec<Id>,
    /// Its place in the queue.
    pub(super) place: Place,
    /// Who waits.
    pub(super) answer: oneshot::Sender<Result<Sealed, Unrecorded>>,
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
