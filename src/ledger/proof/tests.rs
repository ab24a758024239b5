use super::*;
use crate::ledger::{growth::Growth, tree};

/// A tree of `size` leaves, its root and all its tiles.
pub(crate) fn tiled(size: u64) -> (Vec<Digest>, Digest, Tiles) {
    let leaves: Vec<Digest> = (0..size).map(|number| tree::leaf(&number.to_be_bytes())).collect();
    let (mut growth, mut tiles) = (Growth::default(), Tiles::default());
    for leaf in &leaves {
        growth.push(*leaf);
    }
    for tile in growth.take_filled() {
        tiles.put(tile.level, tile.index, tile.hashes);
    }
    for (level, hashes) in growth.partial().iter().enumerate() {
        tiles.put(level as u8, size >> (HEIGHT * (level as u32 + 1)), hashes.clone());
    }
    (leaves, growth.root(), tiles)
}

fn hex(text: &str) -> Digest {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

/// The entries of Certificate Transparency's tests; see [`tree`].
const ENTRIES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// The proofs that Certificate Transparency's reference implementation expects over those entries.
#[test]
fn known_proofs() {
    let leaves: Vec<Digest> = ENTRIES.iter().map(|entry| tree::leaf(entry)).collect();
    let mut tiles = Tiles::default();
    tiles.put(0, 0, leaves);
    let known = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    ]
    .map(hex);
    let hashes = |numbers: &[usize]| Some(numbers.iter().map(|number| known[*number]).collect::<Vec<_>>());
    for (index, size, expected) in [(0, 1, &[][..]), (0, 8, &[0, 1, 2]), (5, 8, &[3, 4, 5]), (2, 3, &[6]), (1, 5, &[7, 1, 3])] {
        assert_eq!(tiles.prove(&inclusion(index, size).unwrap()), hashes(expected), "leaf {index} of {size}");
    }
    for (from, to, expected) in [(1, 1, &[][..]), (1, 8, &[0, 1, 2]), (6, 8, &[8, 4, 5]), (2, 5, &[1, 3])] {
        assert_eq!(tiles.prove(&consistency(from, to).unwrap()), hashes(expected), "{from} to {to}");
    }
}

#[test]
fn every_proof_of_small_trees_holds_and_no_other() {
    let (leaves, _, tiles) = tiled(70);
    let roots: Vec<Digest> = (0..=70).map(|size| tiled(size).1).collect();
    for size in 1..=70 {
        let root = &roots[size as usize];
        for index in 0..size {
            let proof = tiles.prove(&inclusion(index, size).unwrap()).unwrap();
            let leaf = &leaves[index as usize];
            assert!(is_included(index, size, leaf, &proof, root));
            assert!(!is_included(index, size, &[0; 32], &proof, root));
            assert!(!is_included(index, size, leaf, &[&proof[..], &[[0; 32]]].concat(), root));
            assert!(proof.is_empty() || !is_included(index, size, leaf, &proof[1..], root));
            assert!(size == 1 || !is_included(index ^ 1, size, leaf, &proof, root));
        }
        for from in 0..=size {
            let (first, proof) = (&roots[from as usize], tiles.prove(&consistency(from, size).unwrap()).unwrap());
            assert!(is_consistent(from, first, size, root, &proof), "{from} to {size}");
            assert!(!is_consistent(from, &[0; 32], size, root, &proof));
            assert!(from == 0 || !is_consistent(from, first, size, &[0; 32], &proof));
            assert!(!is_consistent(from, first, size, root, &[&proof[..], &[[0; 32]]].concat()));
            assert!(proof.is_empty() || !is_consistent(from, first, size, root, &proof[1..]));
        }
    }
    assert_eq!((inclusion(5, 5), consistency(6, 5)), (None, None));
    assert!(!is_included(0, 0, &[0; 32], &[], &roots[0]));
    assert!(!is_consistent(3, &roots[3], 2, &roots[2], &[]));
}

#[test]
fn proofs_of_a_hundred_million_leaves_need_few_tiles() {
    let size = 100_000_000;
    for index in [0, 1, 255, 256, 65_536, 55_555_555, 99_999_999] {
        let wanted = Tiles::wanted(&inclusion(index, size).unwrap());
        assert!(wanted.len() <= 8, "{index}: {wanted:?}");
    }
    for from in [1, 1_000_000, 33_333_333, 99_999_999] {
        let wanted = Tiles::wanted(&consistency(from, size).unwrap());
        assert!(wanted.len() <= 8, "{from}: {wanted:?}");
    }
}
