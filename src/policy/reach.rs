//! Need-to-know: what somebody could have seen, whatever they would have declared.

use super::{Declared, GrantRow, Level, PolicyDocument, Rights, Window};
use crate::domain::{Field, FieldSet, Id, Timestamp};

impl PolicyDocument {
    /// The windows that were open to a subject at a moment, for any purpose it could have declared.
    ///
    /// A purpose only narrows, so that others than none matter only where a role asks for one.
    pub fn reach(&self, subject: Id, at: Timestamp) -> Vec<Window> {
        let mut windows = Rights::of(self, subject, Declared::Nothing, at).windows().to_vec();
        let asks = |grant: &GrantRow| self.requirement(Id(grant.role)).purpose_required;
        if self.grants.values().any(|grant| grant.subject == subject.0 && grant.is_active(at) && asks(grant)) {
            let declarable = self.purposes.values().zip(0..).filter(|(purpose, _)| !purpose.retired);
            for (_, number) in declarable {
                windows.extend(Rights::of(self, subject, Declared::Known(number), at).windows().iter().cloned());
            }
        }
        windows
    }

    /// Whether a window keeps nothing back: every lead, every compartment there is, every field as it is.
    pub fn is_unrestricted(&self, window: &Window) -> bool {
        let every: FieldSet = Field::ALL.iter().copied().collect();
        let compartments = (0..self.compartments.len()).fold(0_u64, |bits, bit| bits | 1 << bit);
        window.rows.is_empty()
            && window.clearance.level == Level::TradeSecret
            && compartments & !window.clearance.compartments == 0
            && every.minus(window.clear).is_empty()
    }
}
