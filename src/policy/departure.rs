//! What departures go by: the checklist, and for whom it takes two.

use serde::{Deserialize, Serialize};

use super::{Level, Marking, Permission, Permissions, PolicyDocument, Rights, RowScope, Window, table};
use crate::domain::{Field, FieldSet, Id, Timestamp};

/// What departures go by, as admins decide before anybody leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DepartureRules {
    /// What is to be done at each departure, besides what follows from the facts.
    pub checklist: Vec<String>,
    /// Roles whose holders' departures take two.
    #[serde(default)]
    pub executive_roles: Vec<i64>,
    /// People whose departures take two.
    #[serde(default)]
    pub executives: Vec<i64>,
}

/// What ships.
impl Default for DepartureRules {
    fn default() -> Self {
        let checklist = table::CHECKLIST.iter().map(|text| (*text).to_owned()).collect();
        Self { checklist, executive_roles: Vec::new(), executives: Vec::new() }
    }
}

/// That a person leaves, or has left, as decisions need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departing {
    /// The departure.
    pub departure: Id,
    /// Whether they only read their own leads.
    pub limited: bool,
    /// When their access ends.
    pub ends_at: Timestamp,
    /// Whether the departure has been closed.
    pub left: bool,
}

impl Departing {
    /// Whether their access has ended at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.left || self.ends_at <= now
    }
}

impl PolicyDocument {
    /// What departures go by.
    pub fn departure_rules(&self) -> DepartureRules {
        self.departures.clone().unwrap_or_default()
    }

    /// Whether it takes two to begin this person's departure.
    pub fn is_executive(&self, person: Id, now: Timestamp) -> bool {
        let Some(rules) = &self.departures else { return false };
        let holds = |role: &i64| self.grants.values().any(|grant| (grant.subject, grant.role) == (person.0, *role) && grant.is_active(now));
        rules.executives.contains(&person.0) || rules.executive_roles.iter().any(holds)
    }
}

impl Rights {
    /// Those of a person who leaves: none after their last day; if they are limited, only to read their own leads.
    #[must_use]
    pub(super) fn departing(mut self, departing: Departing, person: Id) -> Self {
        self.valid_until = Some(self.valid_until.map_or(departing.ends_at, |end| end.min(departing.ends_at)));
        if !departing.limited {
            return self;
        }
        let only: Permissions = [Permission::LeadRead].into_iter().collect();
        let own = Window {
            rows: vec![RowScope::Owner(person)],
            clearance: Marking::new(Level::TradeSecret, u64::MAX >> 1),
            clear: Field::ALL.iter().copied().collect(),
            masked: FieldSet::EMPTY,
            permissions: only,
            grants: Vec::new(),
        };
        self.permissions = self.permissions.intersection(only);
        self.closed = self.closed.intersection(only);
        self.windows = self.windows.iter().map(|window| window.intersection(&own)).collect();
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::policy::{Declared, GrantRow, TeamRow};

    const WHO: Id = Id(100);
    const TEAM: Id = Id(10);

    fn rights_of(role: i64) -> Rights {
        let mut document = table::initial();
        document.teams.insert(TEAM.0, TeamRow { name: "Team".into(), parent: None });
        let grant = GrantRow { subject: WHO.0, role, team: Some(TEAM.0), approved_at: Some(0), ..GrantRow::default() };
        document.grants.insert(1, grant);
        Rights::of(&document, WHO, Declared::Nothing, Timestamp(1))
    }

    #[test]
    fn a_limit_only_narrows() {
        let departing = |limited| Departing { departure: Id(1), limited, ends_at: Timestamp(50), left: false };
        for role in table::initial().roles.keys() {
            let whole = rights_of(*role);
            let kept = whole.clone().departing(departing(false), WHO);
            assert_eq!(
                (kept.permissions(), kept.windows(), kept.valid_until()),
                (whole.permissions(), whole.windows(), Some(Timestamp(50)))
            );
            let limited = whole.clone().departing(departing(true), WHO);
            assert!(
                limited
                    .permissions()
                    .iter()
                    .all(|permission| permission == Permission::LeadRead && whole.permissions().contains(permission))
            );
            assert_eq!(limited.windows().len(), whole.windows().len());
            for (window, before) in limited.windows().iter().zip(whole.windows()) {
                let shown = |window: &crate::policy::Window| window.clear.union(window.masked);
                assert!(window.clear.minus(before.clear) == FieldSet::EMPTY && shown(window).minus(shown(before)) == FieldSet::EMPTY);
                for owner in [None, Some(WHO), Some(Id(101))] {
                    for marking in Level::ALL.map(|level| Marking::new(level, 0)) {
                        let opens = window.opens(owner, Some(TEAM), marking);
                        assert!(!opens || owner == Some(WHO) && before.opens(owner, Some(TEAM), marking));
                    }
                }
            }
        }
    }

    #[test]
    fn executives_are_named_by_role_or_one_by_one() {
        let mut document = table::initial();
        assert!(!document.is_executive(WHO, Timestamp(1)));
        document.set_departure_rules(DepartureRules { executives: vec![WHO.0], ..DepartureRules::default() }).unwrap();
        assert!(document.is_executive(WHO, Timestamp(1)) && !document.is_executive(Id(101), Timestamp(1)));
        let before = document.clone();
        document.set_departure_rules(DepartureRules::default()).unwrap();
        assert!(before.is_widened_by(&document) && !document.is_widened_by(&before));
        let unknown = DepartureRules { executive_roles: vec![4_711], ..DepartureRules::default() };
        assert!(document.set_departure_rules(unknown).is_err());
    }
}
