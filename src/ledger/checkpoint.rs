//! Signed tree heads: a C2SP tlog-checkpoint (<https://c2sp.org/tlog-checkpoint>) in a C2SP signed note
//! (<https://c2sp.org/signed-note>), so that other people's tools can read it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::LedgerKey;
use crate::domain::Digest;

/// The signature type of Ed25519 in a signed note.
const ED25519: u8 = 0x01;

/// A tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log; also the name of its key.
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// The origin of a log whose settings name none.
pub fn default_origin(key: &VerifyingKey) -> String {
    format!("leadkeep/{}", super::key::id(key))
}

/// Whether a signed note can carry this as a key's name: not empty, no white space, no plus sign.
pub fn is_origin(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '+')
}

/// The first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ public key).
pub(super) fn key_id(name: &str, kind: u8, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key.as_bytes()).finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The key as other tools take it: `name+hex(key id)+base64(type ‖ key)`.
pub fn verifier_key(name: &str, key: &VerifyingKey) -> String {
    typed_key(name, ED25519, key)
}

/// Reads what [`verifier_key`] writes: name and key; `None` if it is anything else.
pub fn parse_verifier_key(text: &str) -> Option<(String, VerifyingKey)> {
    parse_key(text, ED25519)
}

pub(super) fn typed_key(name: &str, kind: u8, key: &VerifyingKey) -> String {
    let id = u32::from_be_bytes(key_id(name, kind, key));
    let typed = [&[kind][..], key.as_bytes()].concat();
    format!("{name}+{id:08x}+{}", STANDARD.encode(typed))
}

pub(super) fn parse_key(text: &str, kind: u8) -> Option<(String, VerifyingKey)> {
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = STANDARD.decode(key).ok()?;
    let (found, key) = bytes.split_first()?;
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let good = is_origin(name) && *found == kind && u32::from_str_radix(id, 16).ok()?.to_be_bytes() == key_id(name, kind, &key);
    good.then(|| (name.to_owned(), key))
}

/// A note as the log itself signed it, without the signatures of others, which stand after its own.
pub fn without_others(note: &str) -> String {
    let end = note.find("\n\n").and_then(|blank| Some(blank + 2 + note.get(blank + 2..)?.find('\n')? + 1));
    end.map_or(note, |end| &note[..end]).to_owned()
}

impl Checkpoint {
    /// The text that is signed.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed note.
    pub fn sign(&self, key: &LedgerKey) -> String {
        let body = self.body();
        let signature = [&key_id(&self.origin, ED25519, &key.public())[..], &key.sign(body.as_bytes())].concat();
        format!("{body}\n\u{2014} {} {}\n", self.origin, STANDARD.encode(signature))
    }

    /// Reads a note and checks that the log itself signed it with `key`. `None` if it is no checkpoint or did not.
    /// Signatures of others (witnesses) may stand beside.
    pub fn open(note: &str, key: &VerifyingKey) -> Option<Self> {
        let (text, signatures) = note.split_once("\n\n")?;
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        if number.to_string() != size || !is_origin(origin) {
            return None;
        }
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        let own = signatures.lines().filter_map(|line| line.strip_prefix("\u{2014} ")?.split_once(' '));
        let signed = own.filter(|(name, _)| *name == origin).filter_map(|(_, signature)| STANDARD.decode(signature).ok()).any(|bytes| {
            let Some((id, signature)) = bytes.split_at_checked(4) else { return false };
            let Ok(signature) = Signature::from_slice(signature) else { return false };
            id == key_id(origin, ED25519, key) && key.verify_strict(format!("{text}\n").as_bytes(), &signature).is_ok()
        });
        signed.then(|| Self { origin: origin.to_owned(), size: number, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's golang.org/x/mod/sumdb/note: Peter Neumann's key and note.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn key_ids_are_those_of_other_tools() {
        let key = STANDARD.decode(PETER.rsplit('+').next().unwrap()).unwrap();
        let key = VerifyingKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
        assert_eq!(verifier_key("PeterNeumann", &key), PETER);
        assert_eq!(parse_verifier_key(PETER), Some(("PeterNeumann".to_owned(), key)));
        assert_eq!(parse_verifier_key(&PETER.replace("c7", "c8")), None);
    }

    #[test]
    fn a_note_opens_with_its_key_and_text_only() {
        let key = LedgerKey::from_seed(&[1; 32]);
        let head = Checkpoint { origin: default_origin(&key.public()), size: 12, root: [3; 32] };
        let note = head.sign(&key);
        assert_eq!(Checkpoint::open(&note, &key.public()).as_ref(), Some(&head));
        assert_eq!(Checkpoint::open(&note, &LedgerKey::from_seed(&[2; 32]).public()), None);
        assert_eq!(Checkpoint::open(&note.replace("\n12\n", "\n13\n"), &key.public()), None);
        assert_eq!(Checkpoint::open(&note.replace("\n12\n", "\n012\n"), &key.public()), None);
        assert_eq!(Checkpoint::open("", &key.public()), None);
        let witnessed = format!("{note}\u{2014} witness AAAAAAAA\n");
        assert_eq!((without_others(&witnessed), without_others(&note)), (note.clone(), note));
        assert_eq!(Checkpoint::open(&witnessed, &key.public()), Some(head));
    }

    #[test]
    fn names_that_a_note_cannot_carry() {
        assert!(is_origin("leadkeep/acme"));
        for wrong in ["", "a b", "a+b", "a\n"] {
            assert!(!is_origin(wrong), "{wrong:?}");
        }
    }
}
