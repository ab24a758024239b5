//! The witness protocol, C2SP tlog-witness (<https://c2sp.org/tlog-witness>), apart from its HTTP: what a log submits, and how
//! a witness that remembers the last head of each log judges it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Checkpoint, Edge, bundle, key::Public, proof};
use crate::domain::Digest;

/// The path below a witness's address.
pub const PATH: &str = "add-checkpoint";
/// Where, below the same address, a witness shows the head of the log with this name that it cosigned last.
pub fn seen_path(origin: &str) -> String {
    let hash: Vec<String> = Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/checkpoint", hash.concat())
}

/// The media type of an answer that tells a size.
pub const SIZE_MEDIA: &str = "text/x.tlog.size";
/// More hashes no proof has.
const MOST_HASHES: usize = 63;

/// What a log submits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The size of the head that the witness cosigned last, as far as the log knows.
    pub old: u64,
    /// The proof that the tree has only grown since.
    pub proof: Vec<Digest>,
    /// The new head as a signed note.
    pub note: String,
}

impl Submission {
    /// The body of the request.
    pub fn to_body(&self) -> String {
        let hashes: Vec<String> = self.proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
        format!("old {}\n{}\n{}", self.old, hashes.concat(), self.note)
    }

    /// Reads the body of a request; `None` if it is none.
    pub fn parse(body: &str) -> Option<Self> {
        let (head, note) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let size = lines.next()?.strip_prefix("old ")?;
        let old = decimal(size)?;
        let proof = lines.map(bundle::digest).collect::<Option<Vec<_>>>()?;
        (proof.len() <= MOST_HASHES && note.ends_with('\n')).then(|| Self { old, proof, note: note.to_owned() })
    }

    /// The name of the log, whoever signed it.
    pub fn origin(&self) -> Option<&str> {
        self.note.split('\n').next()
    }
}

/// A number as these formats write it: decimal, without a leading zero.
pub fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The head of a log that was cosigned last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many entries the tree has.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// Of a log that was never seen.
impl Default for Seen {
    fn default() -> Self {
        Self { size: 0, root: Edge::default().root() }
    }
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No key that is known of the log has signed it (403).
    Unsigned,
    /// The old size is larger than the new (400).
    Backwards,
    /// The old size is not that of the head cosigned last, which is this; or the sizes are the same but the roots are not
    /// (409).
    Conflict(u64),
    /// The proof does not lead from the head cosigned last to the new one (422).
    Inconsistent,
}

/// Whether a witness that trusts `keys` of this log, and cosigned `seen` last, may cosign; if so, what.
pub fn judge(submission: &Submission, keys: &[Public], seen: &Seen) -> Result<Checkpoint, Refusal> {
    let head = keys.iter().find_map(|key| Checkpoint::open(&submission.note, key)).ok_or(Refusal::Unsigned)?;
    if submission.old > head.size {
        return Err(Refusal::Backwards);
    }
    if submission.old != seen.size || (head.size == seen.size && seen.size > 0 && head.root != seen.root) {
        return Err(Refusal::Conflict(seen.size));
    }
    if !proof::is_consistent(seen.size, &seen.root, head.size, &head.root, &submission.proof) {
        return Err(Refusal::Inconsistent);
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Growth, LedgerKey, proof::Tiles, tree};

    /// The example of the specification.
    const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

    #[test]
    fn the_specifications_example_is_read_and_written_as_it_is() {
        let read = Submission::parse(EXAMPLE).unwrap();
        assert_eq!((read.old, read.proof.len(), read.origin()), (20_852_014, 4, Some("example.com/behind-the-sofa")));
        assert_eq!(read.to_body(), EXAMPLE);
    }

    #[test]
    fn a_log_is_asked_for_by_the_hash_of_its_name() {
        // SHA-256 of `abc`, as FIPS 180-2 has it.
        assert_eq!(seen_path("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/checkpoint");
    }

    #[test]
    fn what_is_no_submission() {
        let without = "old 0\n\nlog\n1\nroot\n\nx\n";
        assert!(Submission::parse(without).is_some());
        for wrong in [
            "",
            "old 0\n",
            "old 00\n\nlog\n",
            "old -1\n\nlog\n",
            "new 0\n\nlog\n",
            "old 0 \n\nlog\n",
            "old 0\nAAAA\n\nlog\n",
            "old 0\n\nlog",
        ] {
            assert_eq!(Submission::parse(wrong), None, "{wrong:?}");
        }
        let hash = format!("{}\n", STANDARD.encode([0; 32]));
        assert!(Submission::parse(&format!("old 5\n{}\nlog\n", hash.repeat(63))).is_some());
        assert!(Submission::parse(&format!("old 5\n{}\nlog\n", hash.repeat(64))).is_none());
    }

    /// The tree of the first `size` leaves.
    fn head(size: u64) -> Checkpoint {
        let mut growth = Growth::default();
        (0..size).for_each(|number| growth.push(tree::leaf(&number.to_be_bytes())));
        Checkpoint { origin: "log".into(), size, root: growth.root() }
    }

    fn proof(from: u64, to: u64) -> Vec<Digest> {
        let mut tiles = Tiles::default();
        tiles.put(0, 0, (0..to).map(|number| tree::leaf(&number.to_be_bytes())).collect());
        tiles.prove(&proof::consistency(from, to).unwrap()).unwrap()
    }

    #[test]
    fn a_witness_cosigns_what_has_only_grown() {
        let key = LedgerKey::from_seed(&[1; 32]);
        let keys = [LedgerKey::from_seed(&[2; 32]).public(), key.public()];
        let submit = |old, proof, head: &Checkpoint| Submission { old, proof, note: head.sign(&key) };
        let seen = Seen { size: 5, root: head(5).root };
        let judged = |submission: &Submission| judge(submission, &keys, &seen);
        assert_eq!(judge(&submit(0, Vec::new(), &head(5)), &keys, &Seen::default()), Ok(head(5)));
        assert_eq!(judge(&submit(0, vec![[0; 32]], &head(5)), &keys, &Seen::default()), Err(Refusal::Inconsistent));
        assert_eq!(judged(&submit(5, proof(5, 9), &head(9))), Ok(head(9)));
        assert_eq!(judged(&submit(5, Vec::new(), &head(5))), Ok(head(5)));
        assert_eq!(judged(&submit(0, Vec::new(), &head(9))), Err(Refusal::Conflict(5)));
        assert_eq!(judged(&submit(7, proof(7, 9), &head(9))), Err(Refusal::Conflict(5)));
        assert_eq!(judged(&submit(5, Vec::new(), &head(4))), Err(Refusal::Backwards));
        assert_eq!(judged(&submit(4, Vec::new(), &head(4))), Err(Refusal::Conflict(5)));
        let fork = |size| Checkpoint { root: [9; 32], ..head(size) };
        assert_eq!(judged(&submit(5, Vec::new(), &fork(5))), Err(Refusal::Conflict(5)));
        assert_eq!(judged(&submit(5, proof(5, 9), &fork(9))), Err(Refusal::Inconsistent));
        assert_eq!(judged(&submit(5, Vec::new(), &head(9))), Err(Refusal::Inconsistent));
        let unsigned = Submission { note: head(9).sign(&LedgerKey::from_seed(&[3; 32])), ..submit(5, proof(5, 9), &head(9)) };
        assert_eq!(judged(&unsigned), Err(Refusal::Unsigned));
        assert_eq!(judge(&submit(0, Vec::new(), &fork(0)), &keys, &Seen::default()), Err(Refusal::Inconsistent));
    }
}
