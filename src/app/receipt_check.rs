//! Whether the record that a receipt promises is in the log, checked against the public key alone.

use super::proofs;
use crate::{
    domain::Digest,
    ledger::{Checkpoint, Receipt, key::Public, proof, tree},
    store::{Store, StoreError},
};

/// What became of the record that a receipt promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promised {
    /// The receipt is not signed by the key: it promises nothing.
    Unsigned,
    /// It is in the log; here is the proof.
    Kept {
        /// Its place in the tree.
        index: u64,
        /// The hashes of the inclusion proof.
        hashes: Vec<Digest>,
        /// The signed head that they lead to.
        checkpoint: Checkpoint,
        /// The same as it was signed.
        note: String,
    },
    /// It is recorded, but no signed head covers it yet.
    Waiting,
    /// The log does not have it: it was left out or removed.
    LeftOut,
    /// Another record stands in its place.
    Replaced,
    /// It is stored, but the signed tree does not hold it.
    Unproven,
}

/// Looks for the record of a receipt in a database, beside a server or in a copy.
pub async fn check(store: &Store, key: &Public, receipt: &Receipt) -> Result<Promised, StoreError> {
    if !receipt.is_signed_by(key) {
        return Ok(Promised::Unsigned);
    }
    let rows = store.ledger_entries(receipt.epoch, receipt.rseq, 1).await?;
    let Some(row) = rows.first().filter(|row| row.rseq == receipt.rseq) else { return Ok(Promised::LeftOut) };
    if tree::leaf(&row.body) != receipt.leaf {
        return Ok(Promised::Replaced);
    }
    let Some(index) = store.ledger_index(receipt.epoch, receipt.rseq).await? else { return Ok(Promised::Waiting) };
    let Some((_, note)) = store.ledger_checkpoint(None).await? else { return Ok(Promised::Waiting) };
    let Some(checkpoint) = Checkpoint::open(&note, key) else { return Ok(Promised::Unproven) };
    let Some(spans) = proof::inclusion(index, checkpoint.size) else { return Ok(Promised::Unproven) };
    let Ok((hashes, _)) = proofs::prove(store, &spans, None).await else { return Ok(Promised::Unproven) };
    if proof::is_included(index, checkpoint.size, &receipt.leaf, &hashes, &checkpoint.root) {
        return Ok(Promised::Kept { index, hashes, checkpoint, note });
    }
    Ok(Promised::Unproven)
}
