//! Whether a change of the policy lets anybody see more than before.

use std::collections::BTreeSet;

use crate::{
    domain::Field,
    policy::{PolicyDocument, TeamRow},
};

impl PolicyDocument {
    /// Whether `after` opens anything to somebody that this document does not, without a grant of it: a field or the
    /// leads to come are marked lower, a team comes below one that it was not below, a purpose narrows
    /// less, a role asks for less before it opens, somebody's own quotas limit less, or one alone may end somebody's access whom it
    /// took two for. An agreement that is published counts as
    /// well: its text binds everybody, and a poor one would open what a good one keeps closed. Roles need no other look: what one
    /// allows cannot change while somebody holds it.
    pub fn is_widened_by(&self, after: &Self) -> bool {
        let lower = |field: &Field| !after.field_marking(*field).dominates(self.field_marking(*field));
        let opened = |(id, _): (&i64, &TeamRow)| after.teams.contains_key(id) && !after.teams_above(*id).is_subset(&self.teams_above(*id));
        Field::ALL.iter().any(lower)
            || !after.default_lead_marking().dominates(self.default_lead_marking())
            || self.teams.iter().any(opened)
            || self.asks_less(after)
            || self.quotas.iter().any(|(id, before)| !after.own_quotas(crate::domain::Id(*id)).is_within(*before))
            || self.agreements != after.agreements
            || self.spares_executives(after)
    }

    /// The teams whose grants open this one's leads, but for itself.
    fn teams_above(&self, team: i64) -> BTreeSet<i64> {
        let mut above = BTreeSet::new();
        let mut next = self.teams.get(&team).and_then(|row| row.parent);
        while let Some(parent) = next.filter(|parent| above.insert(*parent)) {
            next = self.teams.get(&parent).and_then(|row| row.parent);
        }
        above
    }
}
