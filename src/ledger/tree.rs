//! The Merkle tree of RFC 6962 § 2.1, appended to along its right edge.

use sha2::{Digest as _, Sha256};

use crate::domain::Digest;

/// The hash of an entry: SHA-256(0x00 ‖ entry).
pub fn leaf(entry: &[u8]) -> Digest {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node(left: &Digest, right: &Digest) -> Digest {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The roots of the perfect subtrees that a tree of `size` leaves consists of, largest first: all that is needed to
/// append and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    roots: Vec<Digest>,
}

impl Edge {
    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Digest) {
        self.push_seen(leaf, |_, _| {});
    }

    /// Appends a leaf, and tells height and root of every perfect subtree that it completes, itself first.
    pub fn push_seen(&mut self, leaf: Digest, mut completed: impl FnMut(u32, Digest)) {
        let (mut right, mut height, mut full) = (leaf, 0, self.size);
        completed(0, right);
        while full & 1 == 1
            && let Some(left) = self.roots.pop()
        {
            right = node(&left, &right);
            full >>= 1;
            height += 1;
            completed(height, right);
        }
        self.roots.push(right);
        self.size += 1;
    }

    /// The root of the tree; of an empty one, SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut smaller = self.roots.iter().rev();
        match smaller.next() {
            None => Sha256::digest([]).into(),
            Some(smallest) => smaller.fold(*smallest, |right, left| node(left, &right)),
        }
    }

    /// The subtree roots one after another, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// Reads what [`Edge::to_bytes`] wrote for a tree of this size; `None` if it cannot be one.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (roots, rest) = bytes.as_chunks::<32>();
        (rest.is_empty() && roots.len() == size.count_ones() as usize).then(|| Self { size, roots: roots.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries and roots that Certificate Transparency's own tests use for RFC 6962 trees.
    const ENTRIES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn known_roots() {
        let mut edge = Edge::default();
        assert_eq!(edge.root().to_vec(), hex(ROOTS[0]));
        for (entry, root) in ENTRIES.iter().zip(&ROOTS[1..]) {
            edge.push(leaf(&hex(entry)));
            assert_eq!(edge.root().to_vec(), hex(root), "{} leaves", edge.size());
        }
    }

    /// The definition of RFC 6962 § 2.1, word by word.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                node(&by_definition(&leaves[..half]), &by_definition(&leaves[half..]))
            }
        }
    }

    #[test]
    fn edge_equals_the_definition() {
        let leaves: Vec<Digest> = (0..300_u32).map(|number| leaf(&number.to_be_bytes())).collect();
        let mut edge = Edge::default();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(edge.root(), by_definition(&leaves[..count]));
            edge = Edge::from_bytes(edge.size(), &edge.to_bytes()).unwrap();
            edge.push(*leaf);
        }
        assert_eq!(Edge::from_bytes(3, &[0; 32]), None);
        assert_eq!(Edge::from_bytes(1, &[0; 33]), None);
    }
}
