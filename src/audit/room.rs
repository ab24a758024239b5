//! How much may wait to be written. What a slow disk delays stays within this; the rest is refused.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{Settings, lock::lock, sealed::Unrecorded};

/// The room for records on their way to the disk, and since when the disk has been at work on those it has.
#[derive(Debug)]
pub(super) struct Room {
    records: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    limits: (usize, usize),
    patience: Duration,
    /// When each commit that is under way was begun.
    writing: Mutex<Vec<Instant>>,
}

/// A record's place in it, until the record is durable or has failed.
#[derive(Debug)]
pub(super) struct Place {
    _record: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Room {
    pub(super) fn new(settings: &Settings) -> Self {
        let limits = (settings.queue, settings.queue_bytes);
        Self {
            records: Arc::new(Semaphore::new(limits.0)),
            bytes: Arc::new(Semaphore::new(limits.1)),
            limits,
            patience: Duration::from_millis(settings.patience),
            writing: Mutex::default(),
        }
    }

    /// A place for a record of so many bytes. One that is larger than all the room takes all of it.
    pub(super) fn take(&self, bytes: usize) -> Result<Place, Unrecorded> {
        let bytes = u32::try_from(bytes.min(self.limits.1)).unwrap_or(u32::MAX);
        let record = Arc::clone(&self.records).try_acquire_owned().map_err(|_| Unrecorded::Full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| Unrecorded::Full)?;
        Ok(Place { _record: record, _bytes: bytes })
    }

    /// How many records wait or are being written, and how many may.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.limits.0 - self.records.available_permits(), self.limits.0)
    }

    /// How long an answer waits for its record.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// Notes that the disk has been given records, and when.
    pub(super) fn begin(&self) -> Instant {
        let now = Instant::now();
        lock(&self.writing).push(now);
        now
    }

    /// Notes that it has taken or refused those that it was given then.
    pub(super) fn end(&self, begun: Instant) {
        let mut writing = lock(&self.writing);
        if let Some(number) = writing.iter().position(|of| *of == begun) {
            writing.swap_remove(number);
        }
    }

    /// Why a further record would be refused or come too late, as things stand. A disk that does not take one batch in time is not
    /// trusted with others.
    pub(super) fn refuses(&self) -> Option<Unrecorded> {
        if lock(&self.writing).iter().any(|since| since.elapsed() > self.patience) {
            return Some(Unrecorded::Late);
        }
        (self.records.available_permits() == 0 || self.bytes.available_permits() == 0).then_some(Unrecorded::Full)
    }
}
