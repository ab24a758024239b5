//! The epoch: a chain of one process.

use super::{
    codec,
    numbers::Numbers,
    record::{Counter, Tail},
};
use crate::{
    domain::{Digest, Id, Timestamp},
    ledger::tree,
    store::ledger::TailRow,
};

/// Where its next entry goes.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) epoch: Id,
    /// When it began.
    pub(super) began: Timestamp,
    next: u64,
    last: Digest,
    follows: Option<Tail>,
    pub(super) numbers: Numbers,
}

/// An entry that has been given its place.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) rseq: u64,
    pub(super) leaf: Digest,
    pub(super) body: Vec<u8>,
}

impl Chain {
    /// A new epoch after the newest there is.
    pub(super) fn begin(epoch: Id, began: Timestamp, tail: Option<TailRow>) -> Self {
        let follows = tail.map(|tail| Tail { epoch: tail.epoch, rseq: tail.rseq });
        Self { epoch, began, next: 0, last: tail.map_or([0; 32], |tail| tail.leaf), follows, numbers: Numbers::default() }
    }

    /// Whether nothing has been placed in it.
    pub(super) const fn is_new(&self) -> bool {
        self.next == 0
    }

    /// Gives `record`, as [`codec::encode`] made it, the next place, and the next number for each of these counters.
    pub(super) fn place(&mut self, record: &[u8], counters: &[Counter]) -> Placed {
        let (follows, numbers) = (self.follows.take(), self.numbers.give(counters));
        let place = codec::Place { epoch: self.epoch, rseq: self.next, previous: self.last, follows, numbers };
        let body = codec::place(&place, record);
        let leaf = tree::leaf(&body);
        self.last = leaf;
        self.next += 1;
        Placed { rseq: place.rseq, leaf, body }
    }
}
