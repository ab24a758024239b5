//! Nothing is appended while the log is not the one that was seen before, until an operator has acknowledged that.

use std::sync::{Mutex, PoisonError};

use super::Recorder;
use crate::ledger::{Breach, Fault};

/// Why nothing is appended, and what was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Halt {
    why: Mutex<Option<Breach>>,
    acknowledged: Mutex<Vec<Breach>>,
}

impl Halt {
    /// From the start.
    pub(super) fn new(why: Option<Breach>) -> Self {
        Self { why: Mutex::new(why), acknowledged: Mutex::default() }
    }

    pub(super) fn why(&self) -> Option<Breach> {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_acknowledged(&self, fault: &Fault) -> bool {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|breach| breach.is(fault))
    }
}

impl Recorder {
    /// Why nothing is recorded, if the log is not the one that was seen before and nobody has acknowledged it.
    pub fn halted(&self) -> Option<Breach> {
        self.inside.halt.why()
    }

    /// Notes what stands open of the breaches that were found, and what was acknowledged. With something open, no record is
    /// taken and nothing is signed.
    pub fn breached(&self, open: Option<Breach>, acknowledged: Vec<Breach>) {
        let halt = &self.inside.halt;
        *halt.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) = acknowledged;
        let before = std::mem::replace(&mut *halt.why.lock().unwrap_or_else(PoisonError::into_inner), open);
        match (before, open) {
            (None, Some(breach)) => {
                tracing::error!("{}; nothing is recorded and so nothing answered until `leadkeep ledger acknowledge`", breach.told());
            }
            (Some(_), None) => tracing::warn!("what was found of the ledger was acknowledged; records are taken again"),
            _ => {}
        }
    }
}
