//! The ledger's key: Ed25519 (RFC 8032), kept as PKCS#8 in PEM (RFC 5958, RFC 7468).

use std::fmt;

use ed25519_dalek::{
    Signer as _, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, spki::der::pem::LineEnding},
};
use sha2::{Digest as _, Sha256};

/// A file holds no Ed25519 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 key in PEM")]
pub struct KeyError;

/// Signs receipts and checkpoints. Says nothing of itself when printed.
pub struct LedgerKey(SigningKey);

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl LedgerKey {
    /// The key with these 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads a key file.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError)
    }

    /// The content of a key file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|_| KeyError)
    }

    /// What others need to check signatures.
    pub fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// Names the key: the first 8 bytes of SHA-256 of the public key, in hexadecimal.
    pub fn id(&self) -> String {
        id(&self.public())
    }
}

/// The public half: all that is needed to check what the ledger has signed.
pub type Public = VerifyingKey;

/// Reads a public key (SubjectPublicKeyInfo in PEM, RFC 8410).
pub fn public_from_pem(pem: &str) -> Result<Public, KeyError> {
    VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError)
}

/// Writes what [`public_from_pem`] reads.
pub fn public_pem(key: &Public) -> Result<String, KeyError> {
    key.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError)
}

/// Names a public key, as [`LedgerKey::id`] does.
pub fn id(key: &VerifyingKey) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let first = hash[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}
