//! In which way a log is not the one that was seen before. It is written down in a few words, which an operator's
//! acknowledgement names in the ledger itself.

use std::{fmt, str::FromStr};

use super::{Fault, Wrong};
use crate::domain::Id;

/// The kind of change under which an access record names what was acknowledged.
pub const ACKNOWLEDGED: &str = "ledger";
/// The operation that does so.
pub const ACKNOWLEDGE: &str = "ledger acknowledge";

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breach {
    /// The log had `size` entries, but a head of `known` entries had been signed: what came after is gone.
    Cut {
        /// What there is.
        size: u64,
        /// What there was.
        known: u64,
    },
    /// The log has as many entries as a head that had been signed, but others.
    Forked {
        /// How many that head has.
        known: u64,
    },
    /// This entry, and what follows it in its epoch, has no place in the tree: it is not as it was written, or came too late.
    Entry {
        /// The epoch.
        epoch: Id,
        /// The number there.
        rseq: u64,
    },
}

impl Breach {
    /// What a fault that the sequencer found comes to.
    pub fn of(fault: &Fault) -> Option<Self> {
        Some(Self::Entry { epoch: fault.epoch?, rseq: fault.rseq? })
    }

    /// Whether who acknowledged this has acknowledged `other` with it: another head that was lost in the same way.
    pub fn covers(&self, other: &Self) -> bool {
        let lost = match *self {
            Self::Cut { size, known } => size + 1..=known,
            Self::Forked { known } => 1..=known,
            Self::Entry { .. } => return self == other,
        };
        match other {
            Self::Cut { known, .. } | Self::Forked { known } => lost.contains(known),
            Self::Entry { .. } => false,
        }
    }

    /// Whether it is this fault that was acknowledged.
    pub fn is(&self, fault: &Fault) -> bool {
        !matches!(fault.wrong, Wrong::Cut | Wrong::Forked) && Self::of(fault) == Some(*self)
    }

    /// In a sentence.
    pub fn told(&self) -> String {
        match self {
            Self::Cut { size, known } => {
                format!(
                    "the log had {size} records, but a head over {known} had been signed: what came after is gone, as with a restored backup"
                )
            }
            Self::Forked { known } => {
                format!(
                    "the log is not the one of which a head over {known} records had been signed: it was rewritten, or went on from a restored backup"
                )
            }
            Self::Entry { epoch, rseq } => {
                format!("record {rseq} of epoch {epoch} was altered, removed or slipped in, and has no place in the tree")
            }
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { size, known } => write!(f, "cut {size} {known}"),
            Self::Forked { known } => write!(f, "forked {known}"),
            Self::Entry { epoch, rseq } => write!(f, "entry {epoch} {rseq}"),
        }
    }
}

/// It is not written as a breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no breach of the ledger")]
pub struct NoBreach;

impl FromStr for Breach {
    type Err = NoBreach;

    fn from_str(text: &str) -> Result<Self, NoBreach> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |text: &str| super::witness::decimal(text).ok_or(NoBreach);
        match words[..] {
            ["cut", size, known] => Ok(Self::Cut { size: number(size)?, known: number(known)? }),
            ["forked", known] => Ok(Self::Forked { known: number(known)? }),
            ["entry", epoch, rseq] => Ok(Self::Entry { epoch: epoch.parse().map_err(|_| NoBreach)?, rseq: number(rseq)? }),
            _ => Err(NoBreach),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for breach in [Breach::Cut { size: 3, known: 5 }, Breach::Forked { known: 5 }, Breach::Entry { epoch: Id(1 << 50), rseq: 7 }] {
            assert_eq!(breach.to_string().parse(), Ok(breach));
        }
        for wrong in ["", "cut 3", "cut 3 05", "forked -1", "entry x 1", "cut 3 5 7"] {
            assert_eq!(wrong.parse::<Breach>(), Err(NoBreach), "{wrong}");
        }
    }

    #[test]
    fn an_acknowledgement_covers_what_was_lost_and_no_more() {
        let restored = Breach::Cut { size: 300, known: 500 };
        for covered in [restored, Breach::Cut { size: 310, known: 480 }, Breach::Forked { known: 500 }, Breach::Forked { known: 301 }] {
            assert!(restored.covers(&covered), "{covered}");
        }
        for other in [Breach::Forked { known: 501 }, Breach::Forked { known: 300 }, Breach::Cut { size: 300, known: 501 }] {
            assert!(!restored.covers(&other), "{other}");
        }
        let entry = Breach::Entry { epoch: Id(4), rseq: 2 };
        assert!(entry.covers(&entry) && !restored.covers(&entry) && !entry.covers(&restored));
    }
}
