//! The checks of the ledger, over streams: entries come in the order of the tree, one after another, and what must be
//! kept meanwhile is one line per epoch and the tree's edge.

use std::{collections::HashMap, fmt};

use ed25519_dalek::VerifyingKey;

use super::{
    checkpoint::Checkpoint,
    tree::{self, Edge},
};
use crate::domain::{Digest, Id};

/// What an entry says of its own place, and what it is stored as.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'e> {
    /// The epoch it is stored under.
    pub epoch: Id,
    /// The number it is stored under.
    pub rseq: u64,
    /// The leaf stored beside it.
    pub leaf: Digest,
    /// Its bytes.
    pub body: &'e [u8],
    /// What the bytes say: epoch, rseq, previous leaf. `None` if they cannot be read.
    pub says: Option<(Id, u64, Digest)>,
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
    /// Its number among the entries of its subject is not the next: one of them is missing, or it names a place where there is none.
    Number,
    /// The document kept under the hash that the entry names has another.
    Document,
    /// The policy revision that the entry names is not stored, or with another hash.
    Policy,
    /// The list of epochs lacks the one that the entry begins.
    Epoch,
    /// The outbox still has the record-to-be of a change from before.
    Outbox,
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
            Self::Number => "its number is not the next among the records of its subject",
            Self::Document => "the document kept for it is not the one it names",
            Self::Policy => "the policy revision it names is not the one that is stored",
            Self::Epoch => "the list of epochs lacks the one it begins",
            Self::Outbox => "a change was made but never reached the ledger",
        })
    }
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
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

#[derive(Clone, Copy, Debug)]
struct Chain {
    next: u64,
    last: Digest,
}

/// The state of a verification.
#[derive(Debug, Default)]
pub struct Verifier {
    edge: Edge,
    chains: HashMap<Id, Chain>,
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
        self.edge.size()
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        self.edge.root()
    }

    /// The number that the next entry of this epoch must have.
    pub fn next_of(&self, epoch: Id) -> u64 {
        self.chains.get(&epoch).map_or(0, |chain| chain.next)
    }

    fn fault(&self, wrong: Wrong, claim: &Claim<'_>, folded: bool) -> Fault {
        Fault { wrong, epoch: Some(claim.epoch), rseq: Some(claim.rseq), index: folded.then_some(self.edge.size()) }
    }

    /// Checks the next entry of its epoch; `folded` if it is also the next of the tree. Returns the leaf as computed.
    pub fn entry(&mut self, claim: &Claim<'_>, folded: bool) -> Result<Digest, Fault> {
        let chain = self.chains.get(&claim.epoch).copied();
        let next = chain.map_or(0, |chain| chain.next);
        if claim.rseq != next {
            return Err(self.fault(Wrong::Missing, &Claim { rseq: next, ..*claim }, folded));
        }
        let leaf = tree::leaf(claim.body);
        if leaf != claim.leaf {
            return Err(self.fault(Wrong::Altered, claim, folded));
        }
        let Some((epoch, rseq, previous)) = claim.says else {
            return Err(self.fault(Wrong::Unreadable, claim, folded));
        };
        if (epoch, rseq) != (claim.epoch, claim.rseq) {
            return Err(self.fault(Wrong::Moved, claim, folded));
        }
        if chain.is_some_and(|chain| chain.last != previous) {
            return Err(self.fault(Wrong::ChainBroken, claim, folded));
        }
        self.chains.insert(epoch, Chain { next: next + 1, last: leaf });
        self.entries += 1;
        if folded {
            self.edge.push(leaf);
        }
        Ok(leaf)
    }

    /// Checks that the next run begins where the tree ends and its epoch goes on.
    pub fn run(&self, first_index: u64, epoch: Id, first_rseq: u64, length: u64) -> Result<(), Fault> {
        let in_order = first_index == self.edge.size() && first_rseq == self.next_of(epoch) && length > 0;
        if in_order {
            return Ok(());
        }
        Err(Fault { wrong: Wrong::Run, epoch: Some(epoch), rseq: Some(first_rseq), index: Some(first_index) })
    }

    /// Checks a checkpoint when the tree has reached its size, and returns what it says.
    pub fn checkpoint(&mut self, size: u64, note: &str, origin: Option<&str>, key: &VerifyingKey) -> Result<Checkpoint, Fault> {
        let fault = |wrong| Fault { wrong, epoch: None, rseq: None, index: Some(size) };
        let head = Checkpoint::open(note, key).ok_or(fault(Wrong::CheckpointSignature))?;
        if head.size != size || origin.is_some_and(|origin| origin != head.origin) {
            return Err(fault(Wrong::CheckpointSignature));
        }
        if size != self.edge.size() || head.root != self.root() {
            return Err(fault(Wrong::CheckpointRoot));
        }
        self.signed = size;
        Ok(head)
    }

    /// Checks that the last checkpoint covers the whole tree.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.signed == self.edge.size() {
            return Ok(());
        }
        Err(Fault { wrong: Wrong::Unsigned, epoch: None, rseq: None, index: Some(self.signed) })
    }
}
