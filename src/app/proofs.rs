//! Proofs that a record is in the log and that the log only grew, and the tiles and entries that others compute them from.

use std::collections::BTreeSet;

use super::{Core, Error, Op, anchor};
use crate::{
    domain::Digest,
    ledger::{
        Checkpoint, Tile,
        proof::{self, Span, Subtree, Tiles},
        tile::{self, Content},
    },
    policy::{Permission, Refusal},
    store::{Store, StoreError, ledger::outside::Attester},
};

/// A signed tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
}

/// That a record is in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The size of the tree.
    pub size: u64,
    /// Hash of the leaf.
    pub leaf: Digest,
    /// Its neighbours on the way to the root.
    pub hashes: Vec<Digest>,
    /// The root.
    pub root: Digest,
}

/// That a tree is the beginning of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The size of the larger.
    pub to: u64,
    /// The hashes.
    pub hashes: Vec<Digest>,
}

/// The newest signed note, for anybody: name, size, root and signature, and those of the witnesses that have signed it by now.
/// `None` before the first record.
pub async fn note(core: &Core) -> Result<Option<String>, StoreError> {
    let Some((size, note)) = core.store.ledger_checkpoint(None).await? else { return Ok(None) };
    Ok(Some(note + &anchor::cosignatures(&core.store, size).await?))
}

/// The newest note that a witness has signed as well, for anybody; `None` if there is none.
pub async fn witnessed(core: &Core) -> Result<Option<String>, StoreError> {
    Ok(anchor::witnessed(&core.store, Some(Attester::Witness), 0).await?.map(|(_, note)| note))
}

/// The newest signed tree head, over everything recorded up to now.
pub async fn checkpoint(op: &Op) -> Result<Head, Error> {
    op.rights.permit(Permission::LogRead)?;
    let head = head(op).await?;
    let signed = anchor::cosignatures(&op.core.store, head.checkpoint.size).await?;
    Ok(Head { note: head.note + &signed, ..head })
}

/// The hashes of a tile, for anybody, each 32 bytes; `None` if the tree has fewer.
pub async fn hashes(core: &Core, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let Content::Hashes(level) = tile.content else { return Ok(None) };
    let tiles = core.store.ledger_tiles(&BTreeSet::from([(level, tile.index)])).await?;
    let hashes = tiles.get(level, tile.index).and_then(|hashes| hashes.get(..usize::from(tile.width)));
    Ok(hashes.map(<[_]>::concat))
}

/// The entries under a tile as a bundle; reading them is reading the log.
pub async fn entries(op: &Op, tile: &Tile) -> Result<Vec<u8>, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    let (first, count) = tile.leaves();
    let end = first.checked_add(count).ok_or_else(Refusal::not_found)?;
    let mut bundle = Vec::new();
    let mut before = end;
    let mut bodies = Vec::new();
    while before > first {
        let found = op.core.store.log_before(permit, before, (before - first) as u32).await?;
        // A bundle beyond the end, which begins with another entry than the one asked for.
        if found.first().is_none_or(|entry| entry.index + 1 != before) {
            return Err(Refusal::not_found().into());
        }
        before = found.last().map_or(first, |entry| entry.index);
        bodies.extend(found.into_iter().map(|entry| entry.body));
    }
    for body in bodies.iter().rev() {
        if !tile::bundle(&mut bundle, body) {
            return Err(StoreError::Corrupt(format!("an entry of {} bytes", body.len())).into());
        }
    }
    op.trace().rows += count;
    Ok(bundle)
}

/// That the record with this index is in the tree of `size` records, or of all there are.
pub async fn inclusion(op: &Op, index: u64, size: Option<u64>) -> Result<Inclusion, Error> {
    op.rights.permit(Permission::LogRead)?;
    let size = grown(op, size).await?;
    let spans = proof::inclusion(index, size).ok_or_else(Refusal::not_found)?;
    let leaf = Span { start: index, end: index + 1 };
    let (hashes, tiles) = prove(&op.core.store, &spans, Some(leaf)).await?;
    let leaf = tiles.hash(Subtree { level: 0, index }).ok_or_else(incomplete)?;
    let root = proof::root_from_inclusion(index, size, &leaf, &hashes).ok_or_else(incomplete)?;
    Ok(Inclusion { size, leaf, hashes, root })
}

/// That the tree of `from` records is the beginning of the one of `to`, or of all there are.
pub async fn consistency(op: &Op, from: u64, to: Option<u64>) -> Result<Consistency, Error> {
    op.rights.permit(Permission::LogRead)?;
    let to = grown(op, to).await?;
    let spans = proof::consistency(from, to).ok_or_else(|| Refusal::bad_input("`from` must not be larger than `to`."))?;
    Ok(Consistency { to, hashes: prove(&op.core.store, &spans, None).await?.0 })
}

/// The hashes of a proof, and the tiles they are made of, those of `besides` among them.
pub(super) async fn prove(store: &Store, spans: &[Span], besides: Option<Span>) -> Result<(Vec<Digest>, Tiles), StoreError> {
    let all: Vec<Span> = spans.iter().copied().chain(besides).collect();
    let tiles = store.ledger_tiles(&Tiles::wanted(&all)).await?;
    Ok((tiles.prove(spans).ok_or_else(incomplete)?, tiles))
}

/// The newest head, once everything recorded up to now has its place.
pub(super) async fn head(op: &Op) -> Result<Head, Error> {
    op.core.recorder.fold_now().await?;
    let (_, note) = op.core.store.ledger_checkpoint(None).await?.ok_or_else(Refusal::not_found)?;
    let opened = Checkpoint::open(&note, &op.core.recorder.key().public());
    let checkpoint = opened.ok_or_else(|| StoreError::Corrupt("the newest checkpoint is not signed by this ledger's key".into()))?;
    Ok(Head { checkpoint, note })
}

/// The size asked for, if the tree has it by now; or all of it.
async fn grown(op: &Op, asked: Option<u64>) -> Result<u64, Error> {
    let size = op.core.recorder.fold_now().await?;
    match asked {
        Some(asked) if asked > size => Err(Refusal::bad_input(format!("The tree has {size} records.")).into()),
        _ => Ok(asked.unwrap_or(size)),
    }
}

fn incomplete() -> StoreError {
    StoreError::Corrupt("a tile of the ledger is missing or too short".into())
}
