//! Tiles: the tree cut into pieces of 256 hashes, as C2SP tlog-tiles (<https://c2sp.org/tlog-tiles>) names and serves them.
//!
//! A tile of level L holds up to 256 neighbouring roots of perfect subtrees of 256^L leaves each. A bundle holds the
//! entries under a tile of level 0.

use std::fmt;

use super::tree;
use crate::domain::Digest;

/// How many hashes a full tile has.
pub const WIDTH: u64 = 256;
/// The binary logarithm of [`WIDTH`].
pub const HEIGHT: u32 = 8;
/// The highest level that a path may name.
pub const MAX_LEVEL: u8 = 5;
/// The largest entry that a bundle can hold (bytes): its length is told in 16 bits.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// What lies in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Hashes of this level.
    Hashes(u8),
    /// The entries under the tile of level 0 with the same index.
    Entries,
}

/// The name of a tile or a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What lies in it.
    pub content: Content,
    /// Which of its level, from 0 on the left.
    pub index: u64,
    /// How many hashes or entries, 1 to 256; fewer than 256 at the right edge of a tree.
    pub width: u16,
}

impl Tile {
    /// Reads what follows `tile/` in a path; `None` unless it is written exactly so.
    pub fn parse(path: &str) -> Option<Self> {
        let (content, rest) = path.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(level.parse().ok().filter(|level| *level <= MAX_LEVEL)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..WIDTH as u16).contains(width))?),
            None => (rest, WIDTH as u16),
        };
        let index = number.split('/').try_fold(0_u64, |index, group| {
            let group: u64 = group.trim_start_matches('x').parse().ok().filter(|group| *group < 1_000)?;
            index.checked_mul(1_000)?.checked_add(group)
        })?;
        let tile = Self { content, index, width };
        // Leading zeros, signs, missing or further letters: whatever reads the same but is written otherwise.
        (tile.to_string() == path).then_some(tile)
    }

    /// The first leaf under it and how many there are, if it is of level 0 or a bundle.
    pub const fn leaves(&self) -> (u64, u64) {
        (self.index.saturating_mul(WIDTH), self.width as u64)
    }
}

/// The path after `tile/`: level or `entries`, the index in groups of three digits, `.p/` and the width of a partial one.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Hashes(level) => write!(f, "{level}/")?,
            Content::Entries => f.write_str("entries/")?,
        }
        let mut groups = vec![self.index % 1_000];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if u64::from(self.width) < WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// The root over neighbouring roots of equal size, whose number is a power of two.
pub fn perfect_root(hashes: &[Digest]) -> Digest {
    match hashes {
        [] => tree::Edge::default().root(),
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            tree::node(&perfect_root(left), &perfect_root(right))
        }
    }
}

/// Adds an entry to a bundle: its length in two bytes, the higher one first, then its bytes. False, and nothing is added,
/// if it is larger than [`MAX_ENTRY`].
pub fn bundle(out: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(entry);
    true
}

/// The entries of a bundle; `None` if it ends within one.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (path, content, index, width) in [
            ("0/000", Content::Hashes(0), 0, 256),
            ("0/x001/x234/067", Content::Hashes(0), 1_234_067, 256),
            ("1/x001/x234/067.p/8", Content::Hashes(1), 1_234_067, 8),
            ("5/999.p/255", Content::Hashes(5), 999, 255),
            ("entries/x001/000.p/1", Content::Entries, 1_000, 1),
        ] {
            let tile = Tile { content, index, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_path() {
        for path in [
            "",
            "0",
            "0/",
            "0/0",
            "0/0000",
            "00/000",
            "+0/000",
            "6/000",
            "-1/000",
            "0/x000/001",
            "0/001/x234",
            "0/x001/x234",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p",
            "0/000.p/",
            "0/000/1",
            "data/000",
            "entries",
            "0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(Tile::parse(path), None, "{path:?}");
        }
    }

    #[test]
    fn bundles_and_back() {
        let largest = vec![1; MAX_ENTRY];
        let entries: [&[u8]; 4] = [b"", b"a", &[7; 300], &largest];
        let mut bytes = Vec::new();
        assert!(entries.iter().all(|entry| bundle(&mut bytes, entry)));
        assert_eq!(&bytes[..5], &[0, 0, 0, 1, b'a']);
        assert_eq!(unbundle(&bytes), Some(entries.to_vec()));
        assert!(!bundle(&mut bytes, &vec![0; MAX_ENTRY + 1]));
        assert_eq!(unbundle(&bytes[..bytes.len() - 1]), None);
        assert_eq!(unbundle(&bytes[..1]), None);
        assert_eq!(unbundle(&[]), Some(Vec::new()));
    }
}
