//! Publishing agreements.

use crate::policy::{AgreementVersion, PolicyDocument, Refusal};

/// Longest renewal, in days.
const DAYS: u32 = 3_660;

impl PolicyDocument {
    /// Publishes the version after the newest of its kind.
    pub fn publish_agreement(&mut self, version: AgreementVersion) -> Result<(), Refusal> {
        let next = self.current_agreement(version.kind).map_or(1, |newest| newest.version + 1);
        if version.version != next {
            return Err(Refusal::conflict("Somebody else has published a version meanwhile; read it and decide anew."));
        }
        if version.renew_days.is_some_and(|days| days == 0 || days > DAYS) {
            return Err(Refusal::bad_input(format!("An agreement is renewed after 1 to {DAYS} days, or never.")));
        }
        self.agreements.insert(AgreementVersion::item(version.kind, version.version), version);
        Ok(())
    }
}
