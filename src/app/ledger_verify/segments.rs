//! The archived segments against the entries: each file is the one that was put there, and the root recorded of it is theirs.

use crate::{
    domain::Digest,
    ledger::Edge,
    store::{Store, StoreError, ledger::segment::SegmentRow},
};

/// The segments that come next, and the tree of the entries of the first so far.
pub(super) struct Segments {
    rows: std::vec::IntoIter<SegmentRow>,
    at: Option<(SegmentRow, Edge)>,
    checked: u64,
}

impl Segments {
    pub(super) async fn of(store: &Store) -> Result<Self, StoreError> {
        let mut rows = store.ledger_segments().await?.into_iter();
        let at = rows.next().map(|row| (row, Edge::default()));
        Ok(Self { rows, at, checked: 0 })
    }

    /// How many entries were in segments that hold.
    pub(super) const fn checked(&self) -> u64 {
        self.checked
    }

    /// Takes the entry in this place of the tree in, which is the next.
    pub(super) async fn take(&mut self, store: &Store, index: u64, leaf: Digest) -> Result<(), StoreError> {
        let Some((row, tree)) = &mut self.at else { return Ok(()) };
        if index < row.first {
            return Ok(());
        }
        tree.push(leaf);
        if index + 1 < row.until {
            return Ok(());
        }
        if tree.root() != row.root || tree.size() != row.until - row.first {
            return Err(StoreError::SegmentAltered { first: row.first, until: row.until });
        }
        store.archive()?.check(row).await?;
        self.checked += tree.size();
        self.at = self.rows.next().map(|row| (row, Edge::default()));
        Ok(())
    }
}
