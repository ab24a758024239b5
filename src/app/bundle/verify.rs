//! Checking a bundle with nothing but itself and the public key: entries come one after another, what is kept meanwhile is
//! the tree's edge and a line per epoch.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Lines, Read},
    path::Path,
};

use serde_json::Value;

use crate::{
    audit::{codec, place},
    domain::{Digest, Id},
    ledger::{
        Checkpoint, Edge, Receipt,
        bundle::{self, BundleFault, BundleWrong as Wrong, Line, Manifest},
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
    let mut reading = Reading {
        entries: BufReader::with_capacity(1 << 18, File::open(folder.join(bundle::ENTRIES))?),
        lines: BufReader::with_capacity(1 << 18, File::open(folder.join(bundle::LINES))?).lines(),
        tree: edge,
        chains: HashMap::new(),
        first: None,
    };
    let mut root_at_kept = None;
    for index in manifest.from..manifest.to {
        if kept.is_some_and(|kept| kept.size == index) {
            root_at_kept = Some(reading.tree.root());
        }
        if !reading.next(index)? {
            break;
        }
        checked.entries += 1;
        if index % 256 == 0 {
            progress(checked.entries, manifest.to - manifest.from);
        }
    }
    reading.end(manifest.to)?;
    let tree = &reading.tree;
    let leads = tree.size() == manifest.to && manifest.leads_to(&tree.root(), &proof, &head.root);
    checked.fault = verdict(reading.first, leads);
    if let (None, Some(kept)) = (checked.fault, kept) {
        let root = match kept.size {
            size if size == head.size => Some(head.root),
            size if size == manifest.to => Some(reading.tree.root()),
            _ => root_at_kept,
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

struct Reading {
    entries: BufReader<File>,
    lines: Lines<BufReader<File>>,
    /// The tree of the entries.
    tree: Edge,
    chains: HashMap<Id, Link>,
    /// The first thing that is wrong.
    first: Option<BundleFault>,
}

impl Reading {
    fn note(&mut self, index: u64, wrong: Wrong) {
        self.first.get_or_insert(BundleFault { wrong, index: Some(index) });
    }

    /// Reads on by one entry and its line; false if there is no more.
    fn next(&mut self, index: u64) -> io::Result<bool> {
        let line = self.lines.next().transpose();
        // What is no text is no line either.
        let line = line.unwrap_or_default().and_then(|text| serde_json::from_str::<Line>(&text).ok());
        let listed = line.as_ref().and_then(|line| bundle::digest(&line.leaf_hash));
        let Some(body) = entry(&mut self.entries)? else {
            self.truncated(index);
            return Ok(false);
        };
        let leaf = tree::leaf(&body);
        self.tree.push(leaf);
        let Ok(entry) = codec::decode(&body) else {
            self.note(index, Wrong::Altered);
            return Ok(true);
        };
        let chained = self.chain(entry.said(), leaf, &body);
        if listed == Some(leaf) {
            if let Some(wrong) = chained {
                self.note(index, wrong);
            }
            if line.is_none_or(|line| line.index != index || line.record != entry.to_json()) {
                self.note(index, Wrong::Rendering);
            }
            return Ok(true);
        }
        let place = |record: &Value| (record["epoch"].as_str().and_then(|epoch| epoch.parse().ok()), record["rseq"].as_u64());
        let same_place = line.is_some_and(|line| place(&line.record) == (Some(entry.epoch), Some(entry.rseq)));
        self.note(index, if same_place { Wrong::Altered } else { Wrong::Moved });
        Ok(true)
    }

    /// In which way the entry does not go on where its epoch ended.
    fn chain(&mut self, said: Said, leaf: Digest, body: &[u8]) -> Option<Wrong> {
        // What the first entry of an epoch in the bundle follows lies outside of it.
        let link = self.chains.entry(said.epoch).or_insert(Link { next: said.rseq, last: None });
        let gap = said.rseq > link.next;
        let claim = Claim { epoch: said.epoch, rseq: said.rseq, leaf, body, says: Some(said) };
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

    /// Sees that nothing follows.
    fn end(&mut self, to: u64) -> io::Result<()> {
        if self.first.is_none() && (self.lines.next().is_some() || !self.entries.fill_buf()?.is_empty()) {
            self.note(to, Wrong::Extra);
        }
        Ok(())
    }
}

/// The next entry of a file of entries; `None` at its end, also within one.
fn entry(file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    match file.read_exact(&mut body) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        other => other.map(|()| Some(body)),
    }
}

/// Looks for the record of a receipt in a bundle that was checked: its index; or else whether the bundle proves that it was
/// left out, because it has what came before and after it.
pub fn find(folder: &Path, from: u64, receipt: &Receipt) -> io::Result<Result<u64, bool>> {
    let mut entries = BufReader::with_capacity(1 << 18, File::open(folder.join(bundle::ENTRIES))?);
    let (mut index, mut earlier, mut later) = (from, receipt.rseq == 0, false);
    while let Some(body) = entry(&mut entries)? {
        if let Some(said) = place::said(&body).filter(|said| said.epoch == receipt.epoch) {
            if said.rseq == receipt.rseq {
                return Ok(if tree::leaf(&body) == receipt.leaf { Ok(index) } else { Err(true) });
            }
            earlier |= said.rseq < receipt.rseq;
            later |= said.rseq > receipt.rseq;
        }
        index += 1;
    }
    // Of a bundle from the first record on, what comes later is enough: nothing can stand before it.
    Ok(Err(later && (earlier || from == 0)))
}
