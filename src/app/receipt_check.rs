//! Whether the record that a receipt promises is in the log, checked against the public key alone.

use serde::{Deserialize, Serialize};

use super::proofs;
use crate::{
    ledger::{Checkpoint, Receipt, bundle, key::Public, proof, tree},
    store::{Store, StoreError},
};

/// What became of the record that a receipt promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promised {
    /// The receipt is not signed by the key: it promises nothing.
    Unsigned,
    /// It is in the log; here is the proof.
    Kept(KeptProof),
    /// It is recorded, but no signed head covers it yet.
    Waiting,
    /// The log does not have it: it was left out or removed.
    LeftOut,
    /// Another record stands in its place.
    Replaced,
    /// It is stored, but the signed tree does not hold it.
    Unproven,
}

/// The proof that a record is in the log, as it is kept and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeptProof {
    /// The record's place in the tree.
    pub index: u64,
    /// The hashes of the inclusion proof, base64.
    pub hashes: Vec<String>,
    /// The signed head that they lead to.
    pub checkpoint: String,
}

impl KeptProof {
    /// The head, if the proof leads from the receipt's leaf to it and `key` has signed both.
    pub fn holds(&self, key: &Public, receipt: &Receipt) -> Option<Checkpoint> {
        let hashes = self.hashes.iter().map(|hash| bundle::digest(hash)).collect::<Option<Vec<_>>>()?;
        let head = Checkpoint::open(&self.checkpoint, key).filter(|_| receipt.is_signed_by(key))?;
        proof::is_included(self.index, head.size, &receipt.leaf, &hashes, &head.root).then_some(head)
    }
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
    let proof = KeptProof { index, hashes: bundle::encoded(&hashes), checkpoint: note };
    Ok(if proof.holds(key, receipt).is_some() { Promised::Kept(proof) } else { Promised::Unproven })
}
