//! Checking a bundle with nothing but itself and the public key: entries come one after another, what is kept meanwhile is
//! the tree's edge and a line per epoch.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use super::parallel::{self, Examined, Files, Told};
use crate::{
    audit::place,
    domain::{Digest, Id},
    ledger::{
        Checkpoint, Edge, Receipt,
        bundle::{self, BundleFault, BundleWrong as Wrong, Manifest},
        key::Public,
        tree,
        verify::{Claim, Link, Said},
    },
};

/// Whether the checkpoint that somebody kept is of the same log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Same,
    /// It is of a tree whose root this bundle does not tell.
    Untold,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What the bundle says of itself; `None` if that could not be read.
    pub manifest: Option<Manifest>,
    /// The checkpoint, if it is signed.
    pub checkpoint: Option<Checkpoint>,
    /// Entries looked at.
    pub entries: u64,
    /// How it compares with a checkpoint that was kept.
    pub kept: Option<Kept>,
    /// The first thing that is wrong.
    pub fault: Option<BundleFault>,
}

/// Checks a bundle. An error says that a file of it could not be read.
pub fn check(folder: &Path, key: &Public, kept: Option<&Checkpoint>, progress: &mut dyn FnMut(u64, u64)) -> io::Result<Checked> {
    let mut checked = Checked { manifest: None, checkpoint: None, entries: 0, kept: None, fault: None };
    let fault = |wrong| Some(BundleFault { wrong, index: None });
    let text = std::fs::read(folder.join(bundle::MANIFEST))?;
    let manifest: Option<Manifest> = serde_json::from_slice(&text).ok();
    let Some((manifest, (edge, proof))) = manifest.and_then(|manifest| manifest.read().map(|read| (manifest, read))) else {
        checked.fault = fault(Wrong::Manifest);
        return Ok(checked);
    };
    let note = String::from_utf8_lossy(&std::fs::read(folder.join(bundle::CHECKPOINT))?).into_owned();
    checked.manifest = Some(manifest.clone());
    checked.checkpoint = Checkpoint::open(&note, key);
    let Some(head) = checked.checkpoint.clone() else {
        checked.fault = fault(Wrong::Signature);
        return Ok(checked);
    };
    if head.origin != manifest.origin || head.size != manifest.tree_size {
        checked.fault = fault(Wrong::OtherTree);
        return Ok(checked);
    }
    let files = Files::open(folder)?;
    let mut reading = Reading { tree: edge, chains: HashMap::new(), first: None, kept: kept.map(|kept| (kept.size, None)) };
    let of = manifest.to - manifest.from;
    let ended = parallel::examine(files, manifest.from..manifest.to, &mut |index, found| {
        checked.entries += u64::from(found.is_some());
        reading.next(index, found);
        if checked.entries.is_multiple_of(256) {
            progress(checked.entries, of);
        }
    })?;
    if reading.first.is_none() && !ended {
        reading.note(manifest.to, Wrong::Extra);
    }
    let tree = &reading.tree;
    let leads = tree.size() == manifest.to && manifest.leads_to(&tree.root(), &proof, &head.root);
    checked.fault = verdict(reading.first, leads);
    if let (None, Some(kept)) = (checked.fault, kept) {
        let root = match kept.size {
            size if size == head.size => Some(head.root),
            size if size == manifest.to => Some(reading.tree.root()),
            _ => reading.kept.and_then(|(_, root)| root),
        };
        match root {
            Some(root) if root == kept.root => checked.kept = Some(Kept::Same),
            Some(_) => checked.fault = Some(BundleFault { wrong: Wrong::Forked, index: Some(kept.size) }),
            None => checked.kept = Some(Kept::Untold),
        }
    }
    Ok(checked)
}

/// What follows from whether the entries lead to the signed root.
fn verdict(first: Option<BundleFault>, entries_lead: bool) -> Option<BundleFault> {
    match (first, entries_lead) {
        (None, true) => None,
        (None, false) => Some(BundleFault { wrong: Wrong::Root, index: None }),
        // The entries are those that were signed, so it is the list that is wrong.
        (Some(BundleFault { wrong: Wrong::Altered | Wrong::Moved, index }), true) => Some(BundleFault { wrong: Wrong::Rendering, index }),
        (Some(fault), _) => Some(fault),
    }
}

/// The state of a check.
struct Reading {
    /// The tree of the entries.
    tree: Edge,
    chains: HashMap<Id, Link>,
    /// The first thing that is wrong.
    first: Option<BundleFault>,
    /// The size of the checkpoint that was kept, and the root once the tree had it.
    kept: Option<(u64, Option<Digest>)>,
}

impl Reading {
    fn note(&mut self, index: u64, wrong: Wrong) {
        self.first.get_or_insert(BundleFault { wrong, index: Some(index) });
    }

    /// Takes in what was found of the next entry, if there was one.
    fn next(&mut self, index: u64, found: Option<Examined>) {
        let Some(Examined { leaf, said, line }) = found else {
            self.truncated(index);
            return;
        };
        if let Some((size, root @ None)) = &mut self.kept
            && *size == index
        {
            *root = Some(self.tree.root());
        }
        self.tree.push(leaf);
        let Some(said) = said else {
            self.note(index, Wrong::Altered);
            return;
        };
        let chained = self.chain(said, leaf);
        match line {
            Told::Other => self.note(index, Wrong::Moved),
            Told::SamePlace => self.note(index, Wrong::Altered),
            Told::SameLeaf | Told::Same => {
                if let Some(wrong) = chained {
                    self.note(index, wrong);
                }
                if line == Told::SameLeaf {
                    self.note(index, Wrong::Rendering);
                }
            }
        }
    }

    /// In which way the entry does not go on where its epoch ended.
    fn chain(&mut self, said: Said, leaf: Digest) -> Option<Wrong> {
        // What the first entry of an epoch in the bundle follows lies outside of it.
        let link = self.chains.entry(said.epoch).or_insert(Link { next: said.rseq, last: None });
        let gap = said.rseq > link.next;
        let claim = Claim { epoch: said.epoch, rseq: said.rseq, leaf: Some(leaf), found: leaf, says: Some(said) };
        let broken = link.entry(&claim).is_err();
        broken.then_some(if gap { Wrong::Missing } else { Wrong::ChainBroken })
    }

    /// The entries end too early: if another one stood somewhere, the one that should have been there is missing.
    fn truncated(&mut self, index: u64) {
        match &mut self.first {
            Some(BundleFault { wrong: wrong @ (Wrong::Moved | Wrong::Rendering), .. }) => *wrong = Wrong::Missing,
            _ => self.note(index, Wrong::Truncated),
        }
    }
}

/// Looks for the record of a receipt in a bundle that was checked: its index; or else whether the bundle proves that it was
/// left out, because it has what came before and after it.
pub fn find(folder: &Path, from: u64, receipt: &Receipt) -> io::Result<Result<u64, bool>> {
    let mut entries = BufReader::with_capacity(1 << 18, File::open(folder.join(bundle::ENTRIES))?);
    let (mut index, mut earlier, mut later) = (from, receipt.rseq == 0, false);
    let mut body = Vec::new();
    while parallel::entry(&mut entries, &mut body)? {
        if let Some(said) = place::said(&body).filter(|said| said.epoch == receipt.epoch) {
            if said.rseq == receipt.rseq {
                return Ok(if tree::leaf(&body) == receipt.leaf { Ok(index) } else { Err(true) });
            }
            earlier |= said.rseq < receipt.rseq;
            later |= said.rseq > receipt.rseq;
        }
        index += 1;
        body.clear();
    }
    // Of a bundle from the first record on, what comes later is enough: nothing can stand before it.
    Ok(Err(later && (earlier || from == 0)))
}
