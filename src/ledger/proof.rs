//! Inclusion and consistency proofs (RFC 6962 § 2.1.1 and 2.1.2, RFC 9162 § 2.1.3 and 2.1.4): which parts of the tree a
//! proof consists of, their hashes out of tiles, and both verifiers.

use std::collections::{BTreeSet, HashMap};

use super::{
    tile::{HEIGHT, perfect_root},
    tree::{Edge, node},
};
use crate::domain::Digest;

/// A perfect subtree: the leaves from `index` × 2^`level`, 2^`level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Its height.
    pub level: u32,
    /// Which of its height, from 0 on the left.
    pub index: u64,
}

/// Neighbouring leaves whose root is one hash of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first leaf.
    pub start: u64,
    /// The leaf after the last.
    pub end: u64,
}

impl Span {
    /// The perfect subtrees it consists of, from left to right, as a span of a proof or of a whole tree does.
    pub fn subtrees(self) -> Vec<Subtree> {
        let (mut start, mut subtrees) = (self.start, Vec::new());
        for level in (0..u64::BITS).rev().filter(|level| (self.end - self.start) >> level & 1 == 1) {
            subtrees.push(Subtree { level, index: start >> level });
            start += 1 << level;
        }
        subtrees
    }

    /// Its root, from the roots of its subtrees.
    pub fn root(self, hash: &impl Fn(Subtree) -> Option<Digest>) -> Option<Digest> {
        let mut smaller = self.subtrees().into_iter().rev();
        let smallest = hash(smaller.next()?)?;
        smaller.try_fold(smallest, |right, left| Some(node(&hash(left)?, &right)))
    }
}

/// The largest power of two below `size`, which is at least 2.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// What the proof consists of that leaf `index` is in the tree of `size` leaves; `None` if there is no such leaf.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Span>> {
    if index >= size {
        return None;
    }
    let (mut start, mut end, mut spans) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            spans.push(Span { start: middle, end });
            end = middle;
        } else {
            spans.push(Span { start, end: middle });
            start = middle;
        }
    }
    spans.reverse();
    Some(spans)
}

/// What the proof consists of that the tree of `from` leaves is the beginning of the one of `to`; `None` if it is larger.
/// That the empty tree is, or a tree of itself, needs none.
pub fn consistency(from: u64, to: u64) -> Option<Vec<Span>> {
    if from > to {
        return None;
    }
    let (mut start, mut end, mut spans) = (0, to, Vec::new());
    while from > 0 && from < end {
        let middle = start + split(end - start);
        if from <= middle {
            spans.push(Span { start: middle, end });
            end = middle;
        } else {
            spans.push(Span { start, end: middle });
            start = middle;
        }
    }
    if start > 0 {
        spans.push(Span { start, end });
    }
    spans.reverse();
    Some(spans)
}

/// Tiles at hand, by level and index: hashes of a tree, out of which those of proofs are made.
#[derive(Clone, Debug, Default)]
pub struct Tiles(HashMap<(u8, u64), Vec<Digest>>);

impl Tiles {
    /// The tiles (level, index) that hold what these spans consist of.
    pub fn wanted(spans: &[Span]) -> BTreeSet<(u8, u64)> {
        spans.iter().flat_map(|span| span.subtrees()).map(|subtree| place(subtree).0).collect()
    }

    /// Adds a tile, or the left part of one.
    pub fn put(&mut self, level: u8, index: u64, hashes: Vec<Digest>) {
        self.0.insert((level, index), hashes);
    }

    /// The hashes at hand of a tile.
    pub fn get(&self, level: u8, index: u64) -> Option<&[Digest]> {
        self.0.get(&(level, index)).map(Vec::as_slice)
    }

    /// The root of a subtree; `None` if its tile is not at hand or ends before it.
    pub fn hash(&self, subtree: Subtree) -> Option<Digest> {
        let (tile, first, count) = place(subtree);
        Some(perfect_root(self.0.get(&tile)?.get(first..first + count)?))
    }

    /// The hashes of a proof.
    pub fn prove(&self, spans: &[Span]) -> Option<Vec<Digest>> {
        spans.iter().map(|span| span.root(&|subtree| self.hash(subtree))).collect()
    }
}

/// The tile that a subtree lies in, its first hash there and how many.
const fn place(subtree: Subtree) -> ((u8, u64), usize, usize) {
    let above = subtree.level % HEIGHT;
    let first = subtree.index << above;
    let level = (subtree.level / HEIGHT) as u8;
    ((level, first >> HEIGHT), (first & 0xff) as usize, 1 << above)
}

/// The root that follows from a leaf and its inclusion proof; `None` if the proof is too short or too long.
pub fn root_from_inclusion(index: u64, size: u64, leaf: &Digest, proof: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let (mut number, mut last, mut root) = (index, size - 1, *leaf);
    for hash in proof {
        if last == 0 {
            return None;
        }
        if number & 1 == 1 || number == last {
            root = node(hash, &root);
            climb(&mut number, &mut last);
        } else {
            root = node(&root, hash);
        }
        number >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether the leaf is at `index` of the tree of `size` leaves with this root.
pub fn is_included(index: u64, size: u64, leaf: &Digest, proof: &[Digest], root: &Digest) -> bool {
    root_from_inclusion(index, size, leaf, proof).as_ref() == Some(root)
}

/// Whether the tree of `from` leaves with root `first` is the beginning of the one of `to` leaves with root `second`.
pub fn is_consistent(from: u64, first: &Digest, to: u64, second: &Digest, proof: &[Digest]) -> bool {
    if from == 0 || from == to {
        return proof.is_empty() && if from == to { first == second } else { *first == Edge::default().root() };
    }
    let mut hashes = from.is_power_of_two().then_some(first).into_iter().chain(proof);
    let Some(start) = hashes.next().filter(|_| from < to && !proof.is_empty()) else { return false };
    let skipped = (from - 1).trailing_ones();
    let (mut number, mut last) = ((from - 1) >> skipped, (to - 1) >> skipped);
    let (mut before, mut after) = (*start, *start);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            before = node(hash, &before);
            after = node(hash, &after);
            climb(&mut number, &mut last);
        } else {
            after = node(&after, hash);
        }
        number >>= 1;
        last >>= 1;
    }
    before == *first && after == *second && last == 0
}

/// At the right edge: up to where the node is a right child.
const fn climb(number: &mut u64, last: &mut u64) {
    let up = if *number == 0 { 0 } else { number.trailing_zeros() };
    *number >>= up;
    *last >>= up;
}

#[cfg(test)]
mod tests;
