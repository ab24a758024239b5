//! What witnesses say of a tree head: a timestamped Ed25519 cosignature, as C2SP tlog-cosignature
//! (<https://c2sp.org/tlog-cosignature>) lays it out, a further signature line of the log's own note.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

use super::{LedgerKey, checkpoint};

/// The signature type of a timestamped Ed25519 cosignature in a signed note.
const COSIGNATURE: u8 = 0x04;
/// Before the name in a signature line.
const DASH: &str = "\u{2014} ";

/// A witness, as those know it who trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    /// Its name, mostly a URL without a scheme.
    pub name: String,
    key: VerifyingKey,
}

impl WitnessKey {
    /// The witness with this name and key.
    pub fn new(name: &str, key: VerifyingKey) -> Self {
        Self { name: name.to_owned(), key }
    }

    /// Reads `name+hex(key id)+base64(0x04 ‖ key)`; `None` if it is anything else, a key of another kind too.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, key) = checkpoint::parse_key(text, COSIGNATURE)?;
        Some(Self { name, key })
    }

    /// The message that is signed: the head's text, and when it was seen (seconds since 1970).
    fn message(body: &str, time: u64) -> String {
        format!("cosignature/v1\ntime {time}\n{body}")
    }

    /// When (seconds since 1970) this witness cosigned the note; `None` if it did not. Of several times, the latest.
    pub fn cosigned(&self, note: &str) -> Option<u64> {
        let (text, signatures) = note.split_once("\n\n")?;
        let own = signatures.lines().filter_map(|line| line.strip_prefix(DASH)?.split_once(' '));
        let own = own.filter(|(name, _)| *name == self.name).filter_map(|(_, signature)| STANDARD.decode(signature).ok());
        own.filter_map(|bytes| self.holds(&format!("{text}\n"), &bytes)).max()
    }

    fn holds(&self, body: &str, bytes: &[u8]) -> Option<u64> {
        let (id, rest) = bytes.split_at_checked(4)?;
        let (time, signature) = rest.split_at_checked(8)?;
        let time = u64::from_be_bytes(time.try_into().ok()?);
        let signature = Signature::from_slice(signature).ok()?;
        let message = Self::message(body, time);
        let signed = id == checkpoint::key_id(&self.name, COSIGNATURE, &self.key)
            && i64::try_from(time).is_ok()
            && self.key.verify_strict(message.as_bytes(), &signature).is_ok();
        signed.then_some(time)
    }
}

/// The key as others take it.
impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&checkpoint::typed_key(&self.name, COSIGNATURE, &self.key))
    }
}

/// The signature line of a witness, with its line feed, for a head with this text, seen at `time` (seconds since 1970).
pub fn cosign(body: &str, name: &str, key: &LedgerKey, time: u64) -> String {
    let id = checkpoint::key_id(name, COSIGNATURE, &key.public());
    let signature = key.sign(WitnessKey::message(body, time).as_bytes());
    let bytes = [&id[..], &time.to_be_bytes(), &signature].concat();
    format!("{DASH}{name} {}\n", STANDARD.encode(bytes))
}

/// The signature lines in an answer of a witness that belong to it and hold for the note, each with its line feed, and when
/// the latest of them was made; `None` if there is none.
pub fn lines_of(note: &str, answer: &str, witness: &WitnessKey) -> Option<(String, u64)> {
    let body = note.split_once("\n\n")?.0;
    let good = answer.lines().filter_map(|line| Some((line, witness.cosigned(&format!("{body}\n\n{line}\n"))?)));
    let (line, time) = good.max_by_key(|(_, time)| *time)?;
    Some((format!("{line}\n"), time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Checkpoint;

    #[test]
    fn keys_of_others_are_read_and_written_as_they_are() {
        // A public witness of the transparency-dev network.
        let remora = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        assert_eq!(WitnessKey::parse(remora).unwrap().to_string(), remora);
        for wrong in [
            "",
            "remora.n621.de+da77ade7",
            "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            "other+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            // A log's key.
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert_eq!(WitnessKey::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_cosignature_holds_for_its_note_and_time_only() {
        let (log, own) = (LedgerKey::from_seed(&[1; 32]), LedgerKey::from_seed(&[2; 32]));
        let witness = WitnessKey::new("witness.example/w1", own.public());
        let head = Checkpoint { origin: "log".into(), size: 12, root: [3; 32] };
        let note = head.sign(&log);
        let line = cosign(&head.body(), &witness.name, &own, 1_679_315_147);
        let both = format!("{note}{line}");
        assert_eq!(witness.cosigned(&both), Some(1_679_315_147));
        assert_eq!(witness.cosigned(&note), None);
        assert_eq!(Checkpoint::open(&both, &log.public()), Some(head.clone()));
        assert_eq!(lines_of(&note, &format!("\u{2014} other AAAA\n{line}"), &witness), Some((line.clone(), 1_679_315_147)));
        let other = Checkpoint { size: 13, ..head.clone() };
        assert_eq!(witness.cosigned(&format!("{}{line}", other.sign(&log))), None);
        assert_eq!(lines_of(&other.sign(&log), &line, &witness), None);
        assert_eq!(WitnessKey::new("witness.example/w2", own.public()).cosigned(&both), None);
        assert_eq!(WitnessKey::new("witness.example/w1", log.public()).cosigned(&both), None);
        let mut bytes = STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        assert_eq!(bytes.len(), 76);
        bytes[11] ^= 1;
        let later = format!("{note}\u{2014} {} {}\n", witness.name, STANDARD.encode(bytes));
        assert_eq!(witness.cosigned(&later), None, "another time");
        assert!(head.body().ends_with('\n'));
    }
}
