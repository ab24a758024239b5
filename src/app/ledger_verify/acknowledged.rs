//! What an operator has acknowledged, as records in the log say; a table could be written by others.

use super::Acknowledged;
use crate::{
    audit::record::Entry,
    ledger::{Fault, breach::ACKNOWLEDGED},
};

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements(pub(super) Vec<Acknowledged>);

impl Acknowledgements {
    /// Takes in what this record says.
    pub(super) fn read(&mut self, entry: &Entry, index: Option<u64>) {
        if !entry.record.subject.operator {
            return;
        }
        let of_the_log = entry.record.changed.iter().filter(|changed| changed.kind == ACKNOWLEDGED);
        for breach in of_the_log.filter_map(|changed| changed.item.parse().ok()) {
            if self.0.iter().all(|known| known.breach != breach) {
                self.0.push(Acknowledged { breach, at: entry.record.at, index, fault: None });
            }
        }
    }

    /// Whether this was acknowledged; then it is told of with that.
    pub(super) fn covers(&mut self, fault: &Fault) -> bool {
        let known = self.0.iter_mut().find(|known| known.breach.is(fault));
        known.map(|known| known.fault = Some(*fault)).is_some()
    }
}
