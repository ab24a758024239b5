//! The format of a bundle: a part of the log in a folder, with all that is needed to check it. docs/ledger-format.md says
//! what each file holds.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Edge, proof};
use crate::domain::Digest;

/// The name of this format.
pub const FORMAT: &str = "leadkeep-bundle/v1";
/// What the bundle is and the proof; a [`Manifest`].
pub const MANIFEST: &str = "bundle.json";
/// The signed tree head, perhaps with signatures of witnesses.
pub const CHECKPOINT: &str = "checkpoint";
/// The key that signed it, for convenience: whoever checks should have it from elsewhere.
pub const PUBLIC_KEY: &str = "ledger.pub";
/// The answer of a time stamping authority (RFC 3161, DER), if there is one.
pub const STAMP: &str = "checkpoint.tsr";
/// What it is over: the checkpoint with the log's own signature only.
pub const STAMPED: &str = "checkpoint.stamped";
/// The entries, one after another, each after its length in two bytes.
pub const ENTRIES: &str = "entries.bin";
/// The same for people: a [`Line`] each.
pub const LINES: &str = "entries.jsonl";

/// What a bundle is, and how it hangs together with the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The name of the log.
    pub origin: String,
    /// The index of the first entry.
    pub from: u64,
    /// The index after the last.
    pub to: u64,
    /// How many entries the tree of the checkpoint has.
    pub tree_size: u64,
    /// The roots of the perfect subtrees that the tree of the first `from` entries consists of, the largest first, base64.
    pub left_edge: Vec<String>,
    /// The proof that the tree of the first `to` entries is the beginning of that of the checkpoint, base64.
    pub consistency: Vec<String>,
}

/// A line of [`LINES`] as anybody may have written it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// The entry's place in the tree.
    pub index: u64,
    /// SHA-256(0x00 ‖ its bytes), base64.
    pub leaf_hash: String,
    /// What its bytes say.
    pub record: Value,
}

/// In which way a bundle is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleWrong {
    /// The manifest makes no sense or is of another format.
    Manifest,
    /// The checkpoint is not signed by the key.
    Signature,
    /// The checkpoint is of another log or tree than the manifest.
    OtherTree,
    /// The entry's bytes are not those that were hashed.
    Altered,
    /// An entry is missing here.
    Missing,
    /// Another entry stands here.
    Moved,
    /// The entry before it in its epoch is not the one that it names.
    ChainBroken,
    /// The file of the entries ends here.
    Truncated,
    /// Something follows the last entry.
    Extra,
    /// The line beside it does not say what its bytes say.
    Rendering,
    /// Entries and proof do not lead to the root that was signed.
    Root,
    /// The log is another one than the checkpoint kept is of.
    Forked,
}

impl fmt::Display for BundleWrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manifest => "bundle.json cannot be read, contradicts itself or is of an unknown format",
            Self::Signature => "the checkpoint is not signed by the key",
            Self::OtherTree => "the checkpoint is of another log or tree than bundle.json says",
            Self::Altered => "the entry's bytes were altered: they do not have the hash that the signed tree holds",
            Self::Missing => "an entry is missing here",
            Self::Moved => "another entry stands here",
            Self::ChainBroken => "the entry before it in its epoch is not the one that it names",
            Self::Truncated => "the bundle ends here, before its last entry",
            Self::Extra => "something follows the last entry",
            Self::Rendering => "the line in entries.jsonl does not say what the entry's bytes say",
            Self::Root => "entries and proof do not lead to the root that was signed",
            Self::Forked => "the log is another one than the checkpoint that was kept is of",
        })
    }
}

/// The first thing that is wrong with a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleFault {
    /// In which way.
    pub wrong: BundleWrong,
    /// At which index, if it is about an entry.
    pub index: Option<u64>,
}

impl fmt::Display for BundleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "index {index}: {}", self.wrong),
            None => write!(f, "{}", self.wrong),
        }
    }
}

impl Manifest {
    /// The tree before the first entry, and the proof; `None` if the manifest makes no sense.
    pub fn read(&self) -> Option<(Edge, Vec<Digest>)> {
        if self.format != FORMAT || self.from > self.to || self.to > self.tree_size {
            return None;
        }
        let edge = Edge::from_bytes(self.from, &decoded(&self.left_edge)?.concat())?;
        Some((edge, decoded(&self.consistency)?))
    }

    /// Whether a tree of the first `to` entries with this root is the beginning of the checkpoint's.
    pub fn leads_to(&self, root: &Digest, proof: &[Digest], signed: &Digest) -> bool {
        proof::is_consistent(self.to, root, self.tree_size, signed, proof)
    }
}

/// Hashes in base64.
pub fn encoded(hashes: &[Digest]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// The hash that this base64 is of.
pub fn digest(text: &str) -> Option<Digest> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn decoded(hashes: &[String]) -> Option<Vec<Digest>> {
    hashes.iter().map(|text| digest(text)).collect()
}
