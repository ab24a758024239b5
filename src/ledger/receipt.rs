//! Receipts: a signed promise that a record will be found in the tree. Whoever kept one can prove an omission.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

use super::LedgerKey;
use crate::domain::{Digest, Id};

/// Where the record of an answer stands, and the ledger's signature on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The chain.
    pub epoch: Id,
    /// The record's number in the chain.
    pub rseq: u64,
    /// SHA-256(0x00 ‖ the record's bytes).
    pub leaf: Digest,
    /// Ed25519 (RFC 8032) over [`signed_bytes`].
    pub signature: [u8; 64],
}

/// What the signature of a receipt is over: `leadkeep-receipt/v1`, the epoch's letters, rseq in decimal and the leaf in
/// base64, a line each.
pub fn signed_bytes(epoch: Id, rseq: u64, leaf: &Digest) -> String {
    format!("leadkeep-receipt/v1\n{epoch}\n{rseq}\n{}\n", STANDARD.encode(leaf))
}

impl Receipt {
    /// Signs a receipt.
    pub fn sign(key: &LedgerKey, epoch: Id, rseq: u64, leaf: Digest) -> Self {
        Self { epoch, rseq, leaf, signature: key.sign(signed_bytes(epoch, rseq, &leaf).as_bytes()) }
    }

    /// Whether the holder of `key` signed this.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let signed = signed_bytes(self.epoch, self.rseq, &self.leaf);
        key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&self.signature)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_holds_for_itself_only() {
        let key = LedgerKey::from_seed(&[7; 32]);
        let receipt = Receipt::sign(&key, Id(5), 8, [9; 32]);
        assert!(receipt.is_signed_by(&key.public()));
        assert!(!receipt.is_signed_by(&LedgerKey::from_seed(&[8; 32]).public()));
        assert!(!Receipt { rseq: 9, ..receipt }.is_signed_by(&key.public()));
        assert!(!Receipt { epoch: Id(6), ..receipt }.is_signed_by(&key.public()));
        assert!(!Receipt { leaf: [0; 32], ..receipt }.is_signed_by(&key.public()));
    }

    #[test]
    fn a_key_comes_back_from_its_file() {
        let key = LedgerKey::from_seed(&[7; 32]);
        let read = LedgerKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(read.public(), key.public());
        assert_eq!(LedgerKey::from_pem("x").unwrap_err(), super::super::KeyError);
    }
}
