//! Tree, tiles, proofs, checkpoints and notes against other people's implementations, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use leadkeep::{
    domain::Digest,
    ledger::{Checkpoint, Growth, LedgerKey, Tile, checkpoint, proof, tile::Content, tree},
};
use proptest::prelude::*;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{Hash, TileHashReader, TileReader, tile::Tile as TheirTile, tlog};

/// Our tiles of a tree, as a server would have them.
struct Served {
    root: Digest,
    tiles: HashMap<(u8, u64), Vec<Digest>>,
}

impl Served {
    fn of(entries: &[Vec<u8>]) -> Self {
        let mut growth = Growth::default();
        for entry in entries {
            growth.push(tree::leaf(entry));
        }
        let full = growth.take_filled().into_iter().map(|tile| ((tile.level, tile.index), tile.hashes));
        let mut tiles: HashMap<_, _> = full.collect();
        for (level, hashes) in growth.partial().iter().enumerate() {
            tiles.insert((level as u8, growth.size() >> (8 * (level + 1))), hashes.clone());
        }
        Self { root: growth.root(), tiles }
    }

    fn prove(&self, spans: &[proof::Span]) -> Vec<Digest> {
        let mut at_hand = proof::Tiles::default();
        for (level, index) in proof::Tiles::wanted(spans) {
            at_hand.put(level, index, self.tiles[&(level, index)].clone());
        }
        at_hand.prove(spans).unwrap()
    }
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &TheirTile| self.tiles[&(tile.level(), tile.level_index())][..tile.width() as usize].concat();
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[TheirTile], _: &[Vec<u8>]) {}
}

fn entries(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|number| number.to_be_bytes()[..(number % 9) as usize].to_vec()).collect()
}

fn theirs(hashes: &[Digest]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(*hash)).collect()
}

/// Root and proofs of a tree of `size` entries are theirs, and their readers accept our tiles.
fn compare_with_tlog_tiles(size: u64, index: u64, from: u64) {
    let served = Served::of(&entries(size));
    let reader = TileHashReader::new(size, Hash(served.root), &served);
    let (root, leaf) = (Hash(served.root), Hash(tree::leaf(&entries(size)[index as usize])));
    let ours = served.prove(&proof::inclusion(index, size).unwrap());
    assert_eq!(tlog::prove_record(size, index, &reader).unwrap(), theirs(&ours), "leaf {index} of {size}");
    tlog::check_record(&theirs(&ours), size, root, index, leaf).unwrap();
    let ours = served.prove(&proof::consistency(from, size).unwrap());
    let first = tlog::tree_hash(from, &reader).unwrap();
    assert_eq!(tlog::prove_tree(size, from, &reader).unwrap(), theirs(&ours), "{from} to {size}");
    tlog::check_tree(&theirs(&ours), size, root, from, first).unwrap();
    assert!(proof::is_consistent(from, &first.0, size, &served.root, &ours));
}

/// The same against a tree that another crate keeps in memory.
fn compare_with_ct_merkle(size: u64, index: u64, from: u64) {
    let entries = entries(size);
    let mut other = MemoryBackedTree::<sha2_next::Sha256, Vec<u8>>::new();
    for entry in &entries {
        other.push(entry.clone());
    }
    let served = Served::of(&entries);
    assert_eq!(other.root().as_bytes()[..], served.root);
    let inclusion = served.prove(&proof::inclusion(index, size).unwrap());
    assert_eq!(other.prove_inclusion(index as usize).as_bytes(), inclusion.concat(), "leaf {index} of {size}");
    let consistency = served.prove(&proof::consistency(from, size).unwrap());
    assert_eq!(other.prove_consistency((size - from) as usize).as_bytes(), consistency.concat(), "{from} to {size}");
}

#[test]
fn trees_at_the_seams_of_tiles() {
    for size in [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000] {
        for index in [0, size / 3, size - 1] {
            compare_with_tlog_tiles(size, index, index + 1);
        }
        if size < 1_000 {
            compare_with_ct_merkle(size, size / 3, size / 3 + 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_tree((size, index, from) in (1_u64..1_500).prop_flat_map(|size| (Just(size), 0..size, 1..=size))) {
        compare_with_tlog_tiles(size, index, from);
        compare_with_ct_merkle(size, index, from);
    }

    #[test]
    fn any_path(level in 0_u8..=5, index in 0_u64..1_000_000_000_000, width in 1_u16..=256) {
        let hashes = Tile { content: Content::Hashes(level), index, width };
        let other = TheirTile::new(8, level, index, width.into(), false);
        // Theirs still name the height, as Go's checksum database does.
        prop_assert_eq!(format!("tile/8/{hashes}"), other.path());
        prop_assert_eq!(Tile::parse(&hashes.to_string()), Some(hashes));
        let entries = Tile { content: Content::Entries, ..hashes };
        let other = TheirTile::new(8, 0, index, width.into(), true);
        prop_assert_eq!(format!("tile/8/{entries}"), other.path().replace("/data/", "/entries/"));
        prop_assert_eq!(Tile::parse(&entries.to_string()), Some(entries));
    }

    #[test]
    fn what_parses_is_written_the_same(path in "[0-6entrisx]{1,7}/[x0-9/]{0,12}(\\.p/[0-9]{1,3})?") {
        if let Some(tile) = Tile::parse(&path) {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn any_checkpoint(seed in any::<[u8; 32]>(), size in any::<u64>(), root in any::<[u8; 32]>()) {
        let key = LedgerKey::from_seed(&seed);
        let origin = checkpoint::default_origin(&key.public());
        let head = Checkpoint { origin: origin.clone(), size, root };
        let note = head.sign(&key);
        let other = tlog_tiles::Checkpoint::from_bytes(head.body().as_bytes()).unwrap();
        prop_assert_eq!((other.origin(), other.size(), other.hash().0), (&origin[..], size, root));
        prop_assert_eq!(other.to_bytes(), head.body().into_bytes());

        let public = checkpoint::verifier_key(&origin, &key.public());
        prop_assert_eq!(&public, &signed_note::new_ed25519_verifier_key(&origin, &key.public()));
        let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&public).unwrap())]);
        let (verified, unknown) = Note::from_bytes(note.as_bytes()).unwrap().verify(&known).unwrap();
        prop_assert_eq!((verified.len(), unknown.len()), (1, 0));

        // And a note that they sign is the same, for Ed25519 signs alike everywhere.
        let id = public.split('+').nth(1).unwrap();
        let secret = format!("PRIVATE+KEY+{origin}+{id}+{}", STANDARD.encode([&[1][..], &seed].concat()));
        let mut theirs = Note::new(head.body().as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&StandardSigner::new(&secret).unwrap()]).unwrap();
        prop_assert_eq!(theirs.to_bytes(), note.clone().into_bytes());
        prop_assert_eq!(Checkpoint::open(&note, &key.public()), Some(head));
    }
}
