//! The checks of the ledger, over streams: entries come in the order of the tree, one after another, and what must be
//! kept meanwhile is one line per epoch and the tree's edge.

use std::{collections::HashMap, fmt};

use super::{
    checkpoint::Checkpoint,
    growth::{FullTile, Growth},
};
use crate::domain::{Digest, Id};

/// Where an entry's own bytes say that it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The epoch.
    pub epoch: Id,
    /// Its number there.
    pub rseq: u64,
    /// The leaf before it.
    pub previous: Digest,
    /// Of an epoch's first entry: epoch and number of the entry whose leaf that is.
    pub follows: Option<(Id, u64)>,
}

/// What an entry says of its own place, and what it is stored as.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The epoch it is stored under.
    pub epoch: Id,
    /// The number it is stored under.
    pub rseq: u64,
    /// The leaf stored beside it; `None` if that is no hash at all.
    pub leaf: Option<Digest>,
    /// The leaf of its bytes, computed.
    pub found: Digest,
    /// What the bytes say; `None` if they cannot be read.
    pub says: Option<Said>,
}

/// In which way something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The bytes were altered: they do not have the hash stored beside them.
    Altered,
    /// The bytes are no access record.
    Unreadable,
    /// The bytes name another place than the one they are stored in: moved or reordered.
    Moved,
    /// The entry before it is not the one that it names: something before it was altered, removed or put in.
    ChainBroken,
    /// It is missing although others after it, a run or a checkpoint count on it.
    Missing,
    /// The epoch does not begin with the end of the epoch it names.
    EpochHead,
    /// The runs give no or more than one place in the tree to it, or not in order.
    Run,
    /// A checkpoint's signature or text does not hold.
    CheckpointSignature,
    /// A checkpoint's root is not that of the entries: they were changed after it was signed.
    CheckpointRoot,
    /// The tree has entries that no checkpoint has signed.
    Unsigned,
    /// What is kept beside the entry is not what it was sealed with.
    Detail,
    /// The before and after that are kept of a change are not those it was sealed with.
    Change,
    /// Its number among the entries of its subject is not the next: one of them is missing; or it says another number of them before
    /// it than there are.
    Number,
    /// The document kept under the hash that the entry names has another.
    Document,
    /// The policy revision that the entry names is not stored, or with another hash.
    Policy,
    /// The list of epochs lacks the one that the entry begins.
    Epoch,
    /// The index does not say what the entries say.
    Index,
    /// The outbox still has the record-to-be of a change from before.
    Outbox,
    /// It was added to an epoch that had ended long before.
    Late,
    /// A tile is not what the entries make.
    Tile,
    /// An archived segment, which holds it, is not where it was put.
    SegmentMissing,
    /// An archived segment, which holds it, is not what was put there.
    SegmentAltered,
    /// The log is shorter than the checkpoint that was kept.
    Cut,
    /// The log is another one than the checkpoint that was kept is of.
    Forked,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "its bytes do not have the hash that is stored beside them",
            Self::Unreadable => "its bytes are no access record",
            Self::Moved => "its bytes name another place than the one it is stored in",
            Self::ChainBroken => "the entry before it is not the one it names",
            Self::Missing => "it is missing",
            Self::EpochHead => "its epoch does not begin at the end of the epoch it names",
            Self::Run => "the runs do not give it exactly one place in the tree, in order",
            Self::CheckpointSignature => "the checkpoint is not signed by the ledger's key",
            Self::CheckpointRoot => "the checkpoint's root is not the root of the entries",
            Self::Unsigned => "no checkpoint has signed it",
            Self::Detail => "the variables or the hash of the answer kept beside it are not those it was sealed with",
            Self::Change => "the before and after kept of one of its changes are not those it was sealed with",
            Self::Number => "its number is not the next among the records of its subject, or it counts others before it than there are",
            Self::Document => "the document kept for it is not the one it names",
            Self::Policy => "the policy revision it names is not the one that is stored",
            Self::Epoch => "the list of epochs lacks the one it begins",
            Self::Index => {
                "the index does not say what the records say; the records are whole, `leadkeep ledger reindex` makes the index anew"
            }
            Self::Outbox => "a change was made but never reached the ledger",
            Self::Late => "it was added long after its epoch had ended",
            Self::Tile => "the tile of the tree stored over it is not what the records make",
            Self::SegmentMissing => "the archived segment that begins here is missing",
            Self::SegmentAltered => "the archived segment that begins here is not what was put there",
            Self::Cut => "the log ends before the checkpoint that was kept: its end was cut off",
            Self::Forked => "the log is not the one that the checkpoint kept is of: history was rewritten",
        })
    }
}

/// The first thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which way.
    pub wrong: Wrong,
    /// The epoch, if it is about an entry.
    pub epoch: Option<Id>,
    /// The entry's number in the epoch.
    pub rseq: Option<u64>,
    /// The entry's index in the tree, or a checkpoint's size.
    pub index: Option<u64>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.epoch, self.rseq) {
            (Some(epoch), Some(rseq)) => write!(f, "record {rseq} of epoch {epoch}")?,
            (Some(epoch), None) => write!(f, "epoch {epoch}")?,
            _ => f.write_str("ledger")?,
        }
        if let Some(index) = self.index {
            write!(f, " (index {index})")?;
        }
        write!(f, ": {}", self.wrong)
    }
}

/// How far the chain of an epoch was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The number that comes next.
    pub next: u64,
    /// The last leaf; `None` if it is not known, then the next entry may name any.
    pub last: Option<Digest>,
}

impl Link {
    /// Checks the next entry.
    pub fn entry(&mut self, claim: &Claim) -> Result<(), Wrong> {
        if claim.rseq != self.next {
            return Err(Wrong::Missing);
        }
        if claim.leaf != Some(claim.found) {
            return Err(Wrong::Altered);
        }
        let says = claim.says.ok_or(Wrong::Unreadable)?;
        if (says.epoch, says.rseq) != (claim.epoch, claim.rseq) {
            return Err(Wrong::Moved);
        }
        if self.last.is_some_and(|last| last != says.previous) {
            return Err(Wrong::ChainBroken);
        }
        *self = Self { next: self.next + 1, last: Some(claim.found) };
        Ok(())
    }
}

/// The state of a verification.
#[derive(Debug, Default)]
pub struct Verifier {
    tree: Growth,
    chains: HashMap<Id, Link>,
    entries: u64,
    signed: u64,
}

impl Verifier {
    /// How many entries were checked.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// How many leaves the tree has.
    pub const fn tree_size(&self) -> u64 {
        self.tree.size()
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The number that the next entry of this epoch must have.
    pub fn next_of(&self, epoch: Id) -> u64 {
        self.chains.get(&epoch).map_or(0, |chain| chain.next)
    }

    /// Checks the next entry of its epoch; `folded` if it is also the next of the tree.
    pub fn entry(&mut self, claim: &Claim, folded: bool) -> Result<(), Fault> {
        let link = self.chains.entry(claim.epoch).or_default();
        let rseq = link.next;
        let checked = link.entry(claim);
        let index = folded.then_some(self.tree.size());
        checked.map_err(|wrong| Fault { wrong, epoch: Some(claim.epoch), rseq: Some(rseq), index })?;
        self.entries += 1;
        if folded {
            self.tree.push(claim.found);
        }
        Ok(())
    }

    /// The tiles that the entries have filled since this was last asked.
    pub fn take_tiles(&mut self) -> Vec<FullTile> {
        self.tree.take_filled()
    }

    /// The partial tiles at the right edge, by level.
    pub fn partial_tiles(&self) -> &[Vec<Digest>] {
        self.tree.partial()
    }

    /// Checks that the next run begins where the tree ends and its epoch goes on.
    pub fn run(&self, first_index: u64, epoch: Id, first_rseq: u64, length: u64) -> Result<(), Fault> {
        let in_order = first_index == self.tree.size() && first_rseq == self.next_of(epoch) && length > 0;
        if in_order {
            return Ok(());
        }
        Err(Fault { wrong: Wrong::Run, epoch: Some(epoch), rseq: Some(first_rseq), index: Some(first_index) })
    }

    /// Checks a checkpoint, which holds `head` if it was signed with the ledger's key, when the tree has reached its size.
    pub fn checkpoint(&mut self, size: u64, head: Option<&Checkpoint>, origin: Option<&str>) -> Result<(), Fault> {
        let fault = |wrong| Fault { wrong, epoch: None, rseq: None, index: Some(size) };
        let named = |head: &&Checkpoint| head.size == size && origin.is_none_or(|origin| origin == head.origin);
        let head = head.filter(named).ok_or(fault(Wrong::CheckpointSignature))?;
        if size != self.tree.size() || head.root != self.root() {
            return Err(fault(Wrong::CheckpointRoot));
        }
        self.signed = size;
        Ok(())
    }

    /// Checks that the last checkpoint covers the whole tree.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.signed == self.tree.size() {
            return Ok(());
        }
        Err(Fault { wrong: Wrong::Unsigned, epoch: None, rseq: None, index: Some(self.signed) })
    }
}
