//! Looking up one lead.

use super::{lookup::Wanted, row::Cursor};
use crate::{
    domain::{FieldSet, Id, LeadRecord, LeadRow},
    policy::LeadScope,
    store::{Store, StoreError},
};

impl Store {
    /// Hands the lead with this id to `step`, if the scope opens it.
    pub async fn lead<S, F>(&self, scope: &LeadScope, id: Id, fields: FieldSet, state: S, mut step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn LeadRow) + Send + 'static,
    {
        let lookup = self.0.lookups.of(scope, Wanted::Shown(fields), &self.0.rows);
        let layout = lookup.layout;
        lookup.find(&self.0.rows, id, state, move |state, row| step(state, &Cursor::new(row, &layout))).await
    }

    /// The lead with all its values, if the scope opens it. The values are there whatever the windows say: show none of
    /// them without asking the scope.
    pub async fn whole_lead(&self, scope: &LeadScope, id: Id) -> Result<Option<LeadRecord>, StoreError> {
        let lookup = self.0.lookups.of(scope, Wanted::Whole, &self.0.rows);
        let layout = lookup.layout;
        lookup.find(&self.0.rows, id, None, move |found, row| *found = Some(Cursor::new(row, &layout).record())).await
    }
}
