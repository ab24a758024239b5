//! Folding, apart from its SQL: which entries go where, and whether they are what they should be. Nothing is taken on trust
//! but the bytes: leaves are computed from them, and every entry must go on where the chain of its epoch ended.

use super::Sequencing;
use crate::{
    domain::{Digest, Id},
    ledger::{
        Fault, Growth, Wrong,
        growth::FullTile,
        tree,
        verify::{Claim, Link},
    },
    store::StoreError,
};

/// How many entries one transaction folds at most.
const AT_ONCE: i64 = 8_192;
/// How many entries are read at once; each may have 64 KiB.
pub(super) const PAGE: i64 = 256;

/// Open epochs with entries that have no place yet: epoch, how many have one, how many there are, the body of the last that has one.
pub(super) const OPEN: &str = "\
SELECT id, folded, total, (SELECT e.body FROM ledger_entry e WHERE e.epoch = id AND e.rseq = folded - 1) FROM (
    SELECT o.epoch AS id,
        COALESCE((SELECT r.first_rseq + r.length FROM ledger_run r WHERE r.epoch = o.epoch ORDER BY r.first_rseq DESC LIMIT 1), 0) AS folded,
        COALESCE((SELECT x.rseq + 1 FROM ledger_entry x WHERE x.epoch = o.epoch ORDER BY x.rseq DESC LIMIT 1), 0) AS total
    FROM ledger_open o
) AS epochs WHERE total > folded ORDER BY id";
/// Closes epochs that have not grown for long and whose entries all have their place.
pub(super) const CLOSE: &str = "\
DELETE FROM ledger_open WHERE at < $1
    AND COALESCE((SELECT r.first_rseq + r.length FROM ledger_run r WHERE r.epoch = ledger_open.epoch ORDER BY r.first_rseq DESC LIMIT 1), 0)
      = COALESCE((SELECT x.rseq + 1 FROM ledger_entry x WHERE x.epoch = ledger_open.epoch ORDER BY x.rseq DESC LIMIT 1), 0)";
/// The partial tiles of the right edge.
pub(super) const EDGE: &str = "SELECT level, hashes FROM ledger_edge ORDER BY level";
/// The last signed head.
pub(super) const HEAD: &str = "SELECT size, root FROM ledger_checkpoint ORDER BY size DESC LIMIT 1";

/// What a fold did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The size of the tree.
    pub size: u64,
    /// Whether there is more to do: there was more than one transaction takes, or another process was first.
    pub more: bool,
    /// In each epoch the first entry that is not what it should be: it and what follows it there get no place.
    pub refused: Vec<Fault>,
}

/// An epoch with entries to fold.
pub(super) struct Open {
    pub(super) epoch: i64,
    pub(super) folded: i64,
    pub(super) total: i64,
    /// The body of its last entry that has a place.
    pub(super) before: Option<Vec<u8>>,
}

/// Entries of one epoch that follow each other in the tree.
pub(super) struct Run {
    pub(super) first_index: i64,
    pub(super) epoch: i64,
    pub(super) first_rseq: i64,
    pub(super) length: i64,
}

/// An entry as it is stored.
pub(super) struct Row {
    pub(super) rseq: i64,
    pub(super) leaf: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// The tree while it grows.
pub(super) struct Growing {
    growth: Growth,
    /// How large it was.
    before: u64,
    room: i64,
    more: bool,
    runs: Vec<Run>,
    refused: Vec<Fault>,
}

/// What a grown tree changes in the database.
pub(super) struct Grown {
    pub(super) folded: Folded,
    /// How large the tree was: as large as it is now if there is nothing to write.
    pub(super) before: u64,
    pub(super) root: Digest,
    pub(super) runs: Vec<Run>,
    pub(super) full: Vec<FullTile>,
    /// Level and hashes of the partial tiles that changed.
    pub(super) partial: Vec<(i64, Vec<u8>)>,
}

/// The entries of one epoch on their way into the tree.
pub(super) struct Taking {
    pub(super) epoch: i64,
    folded: i64,
    total: i64,
    first_index: i64,
    /// The number of the entry that comes next.
    pub(super) next: i64,
    /// Up to which number entries are taken now.
    pub(super) until: i64,
    link: Link,
}

impl Growing {
    /// Goes on from what the database has: partial tiles by level, size and root of the last head. An edge that is not the
    /// one last signed was altered: nothing more is signed.
    pub(super) fn from(edge: Vec<(i64, Vec<u8>)>, head: Option<(i64, Vec<u8>)>) -> Result<Self, StoreError> {
        let mut levels = Vec::new();
        for (level, hashes) in edge {
            levels.resize_with(levels.len().max(level as usize), Vec::new);
            levels.push(super::digests(&hashes)?);
        }
        let signed = head.unwrap_or_else(|| (0, Growth::default().root().to_vec()));
        let growth = Growth::from_partial(levels).filter(|growth| growth.size() as i64 == signed.0 && growth.root()[..] == signed.1);
        let growth = growth.ok_or_else(|| StoreError::Corrupt("the ledger's edge is not the tree that was last signed".into()))?;
        Ok(Self { before: growth.size(), growth, room: AT_ONCE, more: false, runs: Vec::new(), refused: Vec::new() })
    }

    /// Begins with an epoch.
    pub(super) fn begin(&mut self, open: Open) -> Option<Taking> {
        let Open { epoch, folded, total, before } = open;
        if folded > 0 && before.is_none() {
            self.refuse(epoch, folded - 1, Wrong::Missing);
            return None;
        }
        let until = total.min(folded + self.room);
        let link = Link { next: folded as u64, last: before.as_deref().map(tree::leaf) };
        Some(Taking { epoch, folded, total, first_index: self.growth.size() as i64, next: folded, until, link })
    }

    /// The entry that an epoch's first says it follows; its body goes to [`Growing::follow`].
    pub(super) fn follows(taking: &Taking, rows: &[Row], sequencing: &Sequencing) -> Option<(Id, u64)> {
        let first = rows.first().filter(|_| taking.next == 0)?;
        (sequencing.said)(&first.body)?.follows
    }

    /// Sets what an epoch's first entry must name: the leaf of the entry with this body, or nothing.
    pub(super) fn follow(taking: &mut Taking, body: Option<&[u8]>) {
        if taking.next == 0 {
            taking.link.last = Some(body.map_or([0; 32], tree::leaf));
        }
    }

    /// Takes these entries, the next of their epoch; false if it ends here.
    pub(super) fn take(&mut self, taking: &mut Taking, rows: &[Row], sequencing: &Sequencing) -> bool {
        for row in rows {
            let (leaf, found) = (row.leaf.as_slice().try_into().ok(), tree::leaf(&row.body));
            let (epoch, rseq, says) = (Id(taking.epoch), row.rseq as u64, (sequencing.said)(&row.body));
            match taking.link.entry(&Claim { epoch, rseq, leaf, found, says }) {
                Ok(()) => self.growth.push(found),
                Err(wrong) => {
                    let at_head = taking.next == 0 && wrong == Wrong::ChainBroken;
                    self.refuse(taking.epoch, taking.next, if at_head { Wrong::EpochHead } else { wrong });
                    return false;
                }
            }
            taking.next += 1;
        }
        if rows.is_empty() {
            self.refuse(taking.epoch, taking.next, Wrong::Missing);
        }
        !rows.is_empty() && taking.next < taking.until
    }

    /// Ends with an epoch.
    pub(super) fn end(&mut self, taking: &Taking) {
        let length = taking.next - taking.folded;
        self.room -= length;
        self.more |= taking.next == taking.until && taking.until < taking.total;
        if length > 0 {
            self.runs.push(Run { first_index: taking.first_index, epoch: taking.epoch, first_rseq: taking.folded, length });
        }
    }

    fn refuse(&mut self, epoch: i64, rseq: i64, wrong: Wrong) {
        self.refused.push(Fault { wrong, epoch: Some(Id(epoch)), rseq: Some(rseq as u64), index: None });
    }

    /// What has to be written.
    pub(super) fn finish(mut self) -> Grown {
        let (size, before) = (self.growth.size(), self.before);
        let changed = |level: &usize| {
            let below = 8 * *level as u32;
            size.checked_shr(below).unwrap_or(0) != before.checked_shr(below).unwrap_or(0)
        };
        let levels = self.growth.partial();
        let partial = (0..levels.len()).filter(changed).map(|level| (level as i64, levels[level].concat())).collect();
        let folded = Folded { size, more: self.more && size > before, refused: self.refused };
        Grown { folded, before, root: self.growth.root(), runs: self.runs, full: self.growth.take_filled(), partial }
    }
}
