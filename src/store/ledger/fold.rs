//! Folding, apart from its SQL: which entries go where.

use crate::{
    domain::{Digest, Id},
    ledger::Edge,
    store::StoreError,
};

/// How many entries one transaction folds at most.
pub(super) const AT_ONCE: u64 = 65_536;

/// Epochs with entries that have no place yet: epoch, how many have one, how many there are.
pub(super) const OPEN: &str = "\
SELECT id, folded, total FROM (
    SELECT e.id AS id,
        COALESCE((SELECT r.first_rseq + r.length FROM ledger_run r WHERE r.epoch = e.id ORDER BY r.first_rseq DESC LIMIT 1), 0) AS folded,
        COALESCE((SELECT x.rseq + 1 FROM ledger_entry x WHERE x.epoch = e.id ORDER BY x.rseq DESC LIMIT 1), 0) AS total
    FROM ledger_epoch e
) AS epochs WHERE total > folded ORDER BY id";
/// The edge, and the last signed head.
pub(super) const STATE: &str = "\
SELECT g.size, g.roots, c.size, c.root FROM (SELECT 1 AS one) AS always
LEFT JOIN ledger_edge g ON g.id = 1
LEFT JOIN ledger_checkpoint c ON c.size = (SELECT MAX(size) FROM ledger_checkpoint)";

/// What a fold did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The size of the tree.
    pub size: u64,
    /// Whether there was more than one transaction takes.
    pub more: bool,
}

/// An epoch with entries to fold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) epoch: i64,
    pub(super) folded: i64,
    pub(super) total: i64,
}

/// What the database said of the state of the tree.
pub(super) struct State {
    pub(super) edge: Option<(i64, Vec<u8>)>,
    pub(super) head: Option<(i64, Vec<u8>)>,
}

/// The tree while it grows.
pub(super) struct Growing {
    pub(super) edge: Edge,
    room: u64,
    pub(super) more: bool,
}

/// A run to be written.
pub(super) struct Run {
    pub(super) first_index: i64,
    pub(super) length: i64,
}

impl Growing {
    /// Goes on from what the database has. An edge that is not the one last signed was altered: nothing more is signed.
    pub(super) fn from(state: State) -> Result<Self, StoreError> {
        let edge = match state.edge {
            None => Some(Edge::default()),
            Some((size, roots)) => Edge::from_bytes(size as u64, &roots),
        };
        let signed = state.head.unwrap_or_else(|| (0, Edge::default().root().to_vec()));
        let edge = edge.filter(|edge| edge.size() as i64 == signed.0 && edge.root()[..] == signed.1);
        let edge = edge.ok_or_else(|| StoreError::Corrupt("the ledger's edge is not the tree that was last signed".into()))?;
        Ok(Self { edge, room: AT_ONCE, more: false })
    }

    /// Up to which number entries of this epoch are taken now.
    pub(super) fn until(&mut self, open: &Open) -> i64 {
        let wanted = (open.total - open.folded) as u64;
        let taken = wanted.min(self.room);
        self.more |= taken < wanted;
        self.room -= taken;
        open.folded + taken as i64
    }

    /// Takes the leaves with numbers from `folded` to `until`, which must all be there.
    pub(super) fn take(&mut self, open: &Open, until: i64, leaves: &[Digest]) -> Result<Run, StoreError> {
        if leaves.len() as i64 != until - open.folded {
            let epoch = Id(open.epoch);
            return Err(StoreError::Corrupt(format!("entries from {} of epoch {epoch} are missing", open.folded)));
        }
        let first_index = self.edge.size() as i64;
        for leaf in leaves {
            self.edge.push(*leaf);
        }
        Ok(Run { first_index, length: leaves.len() as i64 })
    }
}
