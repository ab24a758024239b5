//! Opaque secrets: client secrets and refresh tokens. Random enough (256 bits) that a plain SHA-256 keeps them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::{Digest, Random, clock::random_bytes};

/// A new secret: its text, shown once, and its hash, kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// 43 characters of base64url.
    pub text: String,
    /// SHA-256 of the text.
    pub hash: Digest,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    pub fn new(random: &dyn Random) -> Self {
        let text = URL_SAFE_NO_PAD.encode(random_bytes::<32>(random));
        let hash = hash(&text);
        Self { text, hash }
    }
}

/// What is kept of a secret.
pub fn hash(text: &str) -> Digest {
    Sha256::digest(text).into()
}

/// Whether the secret with the hash `mine` is one of those with these hashes. Looks at all of them, and at every byte.
pub fn is_one_of<'h>(mine: &Digest, hashes: impl IntoIterator<Item = &'h [u8]>) -> bool {
    hashes.into_iter().fold(subtle::Choice::from(0), |found, theirs| found | mine.ct_eq(theirs)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn two_may_overlap() {
        let (old, new, other) = (Secret::new(&Fixed(1)), Secret::new(&Fixed(2)), Secret::new(&Fixed(3)));
        assert_eq!(old.text.len(), 43);
        let kept = [old.hash, new.hash];
        let kept = || kept.iter().map(|hash| &hash[..]);
        assert!(is_one_of(&old.hash, kept()) && is_one_of(&new.hash, kept()));
        assert!(!is_one_of(&other.hash, kept()) && !is_one_of(&hash(""), kept()));
        assert!(!is_one_of(&old.hash, std::iter::empty()));
        assert_eq!(format!("{old:?}"), "Secret(…)");
    }
}
