//! Receipts: a signed promise that a record will be found in the tree. Whoever kept one can prove an omission.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

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

/// Four words: epoch, rseq, leaf and signature in base64. [`Receipt::parse`] reads them.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.epoch, self.rseq, STANDARD.encode(self.leaf), STANDARD.encode(self.signature))
    }
}

impl Receipt {
    /// Signs a receipt.
    pub fn sign(key: &LedgerKey, epoch: Id, rseq: u64, leaf: Digest) -> Self {
        Self { epoch, rseq, leaf, signature: key.sign(signed_bytes(epoch, rseq, &leaf).as_bytes()) }
    }

    /// Reads a receipt as somebody kept it: a GraphQL answer, its `extensions`, the receipt alone, the four words of the
    /// header `X-Access-Receipt`, or a file that an export made. `None` if there is none in it.
    pub fn parse(text: &str) -> Option<Self> {
        let Ok(kept) = serde_json::from_str::<Value>(text) else {
            let line = text.lines().next()?;
            let words: Vec<&str> = line.rsplit(": ").next()?.split_whitespace().collect();
            let [epoch, rseq, leaf, signature] = words.try_into().ok()?;
            return Self::of(epoch, rseq.parse().ok()?, leaf, signature);
        };
        let places = ["", "/receipt", "/confidentiality/receipt", "/extensions/confidentiality/receipt"];
        let receipt = places.iter().filter_map(|place| kept.pointer(place)).find(|found| found.get("leafHash").is_some())?;
        let word = |key: &str| receipt.get(key)?.as_str();
        Self::of(word("epoch")?, receipt.get("rseq")?.as_u64()?, word("leafHash")?, word("signature")?)
    }

    fn of(epoch: &str, rseq: u64, leaf: &str, signature: &str) -> Option<Self> {
        let bytes = |text: &str| STANDARD.decode(text).ok();
        Some(Self { epoch: epoch.parse().ok()?, rseq, leaf: bytes(leaf)?.try_into().ok()?, signature: bytes(signature)?.try_into().ok()? })
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
    fn a_receipt_is_read_however_it_was_kept() {
        let receipt = Receipt::sign(&LedgerKey::from_seed(&[7; 32]), Id(5), 8, [9; 32]);
        let (leaf, signature) = (STANDARD.encode(receipt.leaf), STANDARD.encode(receipt.signature));
        let alone = serde_json::json!({ "epoch": receipt.epoch.to_string(), "rseq": 8, "leafHash": leaf, "signature": signature });
        let extensions = serde_json::json!({ "confidentiality": { "banner": "PUBLIC", "receipt": alone } });
        let answer = serde_json::json!({ "data": null, "extensions": extensions });
        let header = format!("{receipt}\n");
        assert_eq!(header, format!("{} 8 {leaf} {signature}\n", receipt.epoch));
        let export = format!("# Receipt: {header}# Confidentiality: PUBLIC\n");
        for text in [alone.to_string(), extensions.to_string(), answer.to_string(), header, export] {
            assert_eq!(Receipt::parse(&text), Some(receipt), "{text}");
        }
        for text in ["", "{}", "[]", "a b c d", "{\"leafHash\": 1}", "{\"data\": {}}"] {
            assert_eq!(Receipt::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file() {
        let key = LedgerKey::from_seed(&[7; 32]);
        let read = LedgerKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(read.public(), key.public());
        assert_eq!(LedgerKey::from_pem("x").unwrap_err(), super::super::KeyError);
    }
}
