//! What a verification is given and what it finds.

use ed25519_dalek::VerifyingKey;

use crate::{
    domain::{Digest, Timestamp},
    ledger::{Breach, Checkpoint, Fault},
};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Entries checked.
    pub entries: u64,
    /// Of those, how many have their place in the tree.
    pub folded: u64,
    /// Of those, how many are in archived segments.
    pub archived: u64,
    /// Root of the tree.
    pub root: Digest,
    /// Epochs.
    pub epochs: u64,
    /// Checkpoints whose signature and root hold.
    pub checkpoints: u64,
    /// The log's name in the last of them.
    pub origin: Option<String>,
    /// Changes whose records are still on their way.
    pub outstanding: u64,
    /// What an operator has acknowledged, as the records say.
    pub acknowledged: Vec<Acknowledged>,
    /// The first thing that is wrong and that nobody has acknowledged; `None`: nothing is.
    pub fault: Option<Fault>,
}

/// Something that was found of the log, and that an operator has acknowledged by a record in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// What was found.
    pub breach: Breach,
    /// When it was acknowledged.
    pub at: Timestamp,
    /// The place of that record in the tree, if it has one by now.
    pub index: Option<u64>,
    /// What is wrong there still, of an entry.
    pub fault: Option<Fault>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Entries checked.
    pub entries: u64,
    /// Entries of the tree to be checked.
    pub of: u64,
}

/// What to trust and to compare with.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'t> {
    /// The ledger's key.
    pub key: &'t VerifyingKey,
    /// The name that every checkpoint must bear, if it is known.
    pub origin: Option<&'t str>,
    /// A checkpoint that somebody kept: the log must still be the one it is of.
    pub kept: Option<&'t Checkpoint>,
}
