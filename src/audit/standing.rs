//! How the tree stands.

use super::halt::Halt;
use crate::{domain::Id, ledger::Fault};

/// How the tree stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many entries it has, as far as this process knows.
    pub size: u64,
    /// In each epoch the first entry that is not what was written. It and what follows it there get no place, and nothing of
    /// it is signed.
    pub refused: Vec<Fault>,
    /// The first entry of an epoch that was closed before. It gets no place either.
    pub late: Option<Fault>,
    /// Of what was refused or came late, what an operator has acknowledged.
    pub acknowledged: Vec<Fault>,
    /// Whether nothing at all can be folded.
    pub failing: bool,
}

impl Standing {
    /// Whether this epoch is one of those held back.
    pub fn holds_back(&self, epoch: Id) -> bool {
        self.refused.iter().any(|fault| fault.epoch == Some(epoch))
    }

    /// The same with what an operator has acknowledged put aside.
    pub(super) fn told(&self, halt: &Halt) -> Self {
        let (acknowledged, refused) = self.refused.iter().copied().partition(|fault| halt.is_acknowledged(fault));
        let late = self.late.filter(|fault| !halt.is_acknowledged(fault));
        Self { refused, late, acknowledged, ..self.clone() }
    }

    /// Whether the ledger holds only what was written, and all of it gets its place, but for what was acknowledged.
    pub fn is_sound(&self) -> bool {
        !self.failing && self.refused.is_empty() && self.late.is_none()
    }
}
