//! What becomes of a record: it stands somewhere, or it does not.

use crate::domain::{Digest, Id};

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
    /// The disk did not take the record in time. It may yet; then the record stands.
    #[error("the access record was not written in time")]
    Late,
    /// The recorder has ended.
    #[error("the recorder has ended")]
    Stopped,
    /// The log is not the one that was seen before, and nobody has acknowledged it.
    #[error("the ledger is not the one that was seen before; `leadkeep ledger status` tells more")]
    Halted,
    /// The commit failed, or its outcome is unknown; the log says why.
    #[error("the access record could not be written")]
    Failed,
}
