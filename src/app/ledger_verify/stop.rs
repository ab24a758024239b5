//! Why a check ends before its end.

use crate::{
    audit::record::Entry,
    ledger::{Fault, Wrong, growth::FullTile},
    store::StoreError,
};

/// Why a check ends early.
pub(super) enum Stop {
    /// Something is wrong with the ledger.
    Fault(Fault),
    /// The database could not be read.
    Store(StoreError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        let fault = |wrong, first| Self::Fault(Fault { wrong, epoch: None, rseq: None, index: Some(first) });
        match error {
            StoreError::SegmentMissing { first, .. } => fault(Wrong::SegmentMissing, first),
            StoreError::SegmentAltered { first, .. } => fault(Wrong::SegmentAltered, first),
            error => Self::Store(error),
        }
    }
}

/// The tile is not as it should be.
pub(super) fn not_stored(tile: &FullTile) -> Stop {
    let first = tile.index << (8 * (u32::from(tile.level) + 1));
    Fault { wrong: Wrong::Tile, epoch: None, rseq: None, index: Some(first) }.into()
}

/// The entry is not as it should be.
pub(super) fn wrong(wrong: Wrong, entry: &Entry, index: Option<u64>) -> Stop {
    Fault { wrong, epoch: Some(entry.epoch), rseq: Some(entry.rseq), index }.into()
}
