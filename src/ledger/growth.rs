//! The tree as it grows tile by tile: what must be kept to go on is the partial tile of each level.

use super::{
    tile::{HEIGHT, WIDTH, perfect_root},
    tree::Edge,
};
use crate::domain::Digest;

/// A tile that is full and will never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// Its level.
    pub level: u8,
    /// Which of its level.
    pub index: u64,
    /// Its 256 hashes.
    pub hashes: Vec<Digest>,
}

/// A tree of which only the right edge is at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    edge: Edge,
    /// By level, fewer than 256 hashes each.
    partial: Vec<Vec<Digest>>,
    filled: Vec<FullTile>,
}

impl Growth {
    /// Goes on from partial tiles, by level; `None` if one has too many hashes.
    pub fn from_partial(partial: Vec<Vec<Digest>>) -> Option<Self> {
        let (mut size, mut roots) = (0_u64, Vec::new());
        for hashes in partial.iter().rev() {
            if hashes.len() as u64 >= WIDTH {
                return None;
            }
            size = size.checked_mul(WIDTH)?.checked_add(hashes.len() as u64)?;
            let mut rest = &hashes[..];
            // One perfect subtree for each bit of how many hashes there are, the largest first.
            for bit in (0..HEIGHT).rev().filter(|bit| hashes.len() >> bit & 1 == 1) {
                let (subtree, right) = rest.split_at(1 << bit);
                roots.extend_from_slice(&perfect_root(subtree));
                rest = right;
            }
        }
        Some(Self { edge: Edge::from_bytes(size, &roots)?, partial, filled: Vec::new() })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        self.edge.root()
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Digest) {
        let Self { edge, partial, filled } = self;
        let size = edge.size() + 1;
        edge.push_seen(leaf, |height, root| {
            if height % HEIGHT > 0 {
                return;
            }
            let level = (height / HEIGHT) as usize;
            if partial.len() == level {
                partial.push(Vec::new());
            }
            partial[level].push(root);
            if partial[level].len() as u64 == WIDTH {
                let index = (size >> (height + HEIGHT)) - 1;
                filled.push(FullTile { level: level as u8, index, hashes: std::mem::take(&mut partial[level]) });
            }
        });
    }

    /// The partial tiles by level; some may be empty.
    pub fn partial(&self) -> &[Vec<Digest>] {
        &self.partial
    }

    /// The tiles that became full since this was last asked.
    pub fn take_filled(&mut self) -> Vec<FullTile> {
        std::mem::take(&mut self.filled)
    }
}

/// Which of its level the tile is that the right edge of a tree of `size` leaves runs through.
pub const fn edge_index(level: u8, size: u64) -> u64 {
    match size.checked_shr(HEIGHT * (level as u32 + 1)) {
        Some(index) => index,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree;

    #[test]
    fn grows_as_the_edge_does_and_comes_back_from_its_partial_tiles() {
        let (mut edge, mut growth, mut filled) = (Edge::default(), Growth::default(), Vec::new());
        for number in 0..66_100_u32 {
            if number % 97 == 0 || number > 65_400 {
                assert_eq!((growth.size(), growth.root()), (edge.size(), edge.root()), "{number} leaves");
                growth = Growth::from_partial(growth.partial().to_vec()).unwrap();
                assert_eq!((growth.size(), growth.root()), (edge.size(), edge.root()), "{number} leaves, read back");
            }
            let leaf = tree::leaf(&number.to_be_bytes());
            edge.push(leaf);
            growth.push(leaf);
            filled.extend(growth.take_filled());
        }
        let bottom: Vec<_> = filled.iter().filter(|tile| tile.level == 0).map(|tile| tile.index).collect();
        assert_eq!(bottom, (0..258).collect::<Vec<_>>());
        let above = filled.iter().find(|tile| tile.level == 1).unwrap();
        assert_eq!((above.index, above.hashes[3]), (0, perfect_root(&filled[3].hashes)));
        assert_eq!([0, 1, 2].map(|level| edge_index(level, 66_100)), [258, 1, 0]);
        assert_eq!(Growth::from_partial(vec![vec![[0; 32]; 256]]), None);
    }
}
