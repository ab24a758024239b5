//! The window algebra: what a subject sees is the union of its windows.
//!
//! Window *i* is (row predicate Pᵢ, clear fields Cᵢ, masked fields Mᵢ). Row *r* exists for the subject iff some Pᵢ(r).
//! Field *F* of *r* is clear iff some *i* has Pᵢ(r) and F ∈ Cᵢ; else masked iff some *i* has Pᵢ(r) and F ∈ Mᵢ; else
//! hidden. A window that cannot be represented is not opened.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::{Marking, Permission, Permissions};
use crate::domain::{Field, FieldSet, Id};

/// How many windows a subject can have at once: the bits of [`crate::domain::LeadRow::windows`].
pub const MAX_WINDOWS: usize = 31;

/// A condition on a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowScope {
    /// Its owner is this person.
    Owner(Id),
    /// Its team is one of these.
    Teams(Vec<Id>),
}

/// What one template of one grant opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// All must hold; none means every row.
    pub rows: Vec<RowScope>,
    /// Only rows whose marking this dominates.
    pub clearance: Marking,
    /// Fields shown as they are.
    pub clear: FieldSet,
    /// Fields shown masked.
    pub masked: FieldSet,
    /// What the role lets its holder do with the rows of this window.
    pub permissions: Permissions,
    /// The grants it comes from: one, or for an app acting for a person two.
    pub grants: Vec<Id>,
}

impl Window {
    /// What both windows open: for an app acting for a person.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let clear = self.clear.intersection(other.clear);
        let shown = self.clear.union(self.masked).intersection(other.clear.union(other.masked));
        Self {
            rows: self.rows.iter().chain(&other.rows).cloned().collect(),
            clearance: self.clearance.meet(other.clearance),
            clear,
            masked: shown.minus(clear),
            permissions: self.permissions.intersection(other.permissions),
            grants: self.grants.iter().chain(&other.grants).copied().collect(),
        }
    }

    /// Whether this window opens a row with this owner, team and marking.
    pub fn opens(&self, owner: Option<Id>, team: Option<Id>, marking: Marking) -> bool {
        self.clearance.dominates(marking)
            && self.rows.iter().all(|scope| match scope {
                RowScope::Owner(person) => owner == Some(*person),
                RowScope::Teams(teams) => team.is_some_and(|team| teams.contains(&team)),
            })
    }
}

/// How a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// As it is.
    Clear,
    /// Its shape only.
    Masked,
    /// As null.
    Hidden,
}

/// The windows one use case works through. Only this module's callers inside `policy` can build one, and every query
/// of the store takes one: a query without a decision does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadScope {
    windows: Vec<Window>,
    field_markings: Arc<[Marking]>,
    reader: Option<Id>,
}

/// By its windows and reader: where these are the same, so are the markings of fields as a rule.
impl Hash for LeadScope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.windows.hash(state);
        self.reader.hash(state);
    }
}

impl LeadScope {
    pub(super) fn new(windows: Vec<Window>, field_markings: Arc<[Marking]>, reader: Option<Id>) -> Self {
        Self { windows, field_markings, reader }
    }

    /// Whose canaries are there among the leads; nobody else's are, and for the operator none.
    pub const fn reader(&self) -> Option<Id> {
        self.reader
    }

    /// The windows; bit *i* of a row's windows is the *i*-th.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Those of its windows whose role also gives `permission`.
    #[must_use]
    pub fn with(&self, permission: Permission) -> Self {
        let windows = self.windows.iter().filter(|window| window.permissions.contains(permission)).cloned().collect();
        Self::new(windows, self.field_markings.clone(), self.reader)
    }

    /// The fields that are clear and masked on a row which these windows open.
    pub fn cells(&self, open: u32) -> (FieldSet, FieldSet) {
        let opening = self.windows.iter().enumerate().filter(|(bit, _)| open >> bit & 1 == 1);
        let (clear, masked) = opening.fold((FieldSet::EMPTY, FieldSet::EMPTY), |(clear, masked), (_, window)| {
            (clear.union(window.clear), masked.union(window.masked))
        });
        (clear, masked.minus(clear))
    }

    /// Which windows show `field` in clear: a bit for each.
    pub fn clear_in(&self, field: Field) -> u32 {
        self.bits(|window| window.clear.contains(field))
    }

    /// Which windows show `field` at all, clear or masked: a bit for each.
    pub fn shown_in(&self, field: Field) -> u32 {
        self.bits(|window| window.clear.contains(field) || window.masked.contains(field))
    }

    /// A bit for every window.
    pub fn every_window(&self) -> u32 {
        self.bits(|_| true)
    }

    fn bits(&self, test: impl Fn(&Window) -> bool) -> u32 {
        self.windows.iter().enumerate().filter(|(_, window)| test(window)).fold(0, |bits, (bit, _)| bits | 1 << bit)
    }

    /// The company-wide marking of a field.
    pub fn field_marking(&self, field: Field) -> Marking {
        self.field_markings[usize::from(field.number())]
    }

    /// The marking of what these cells disclose: of a clear cell its field's; of a masked one its field's as far as
    /// the clearances of the windows that mask it go.
    pub fn marking_of(&self, clear: FieldSet, masked: FieldSet) -> Marking {
        let clear = clear.iter().fold(Marking::PUBLIC, |sum, field| sum.join(self.field_marking(field)));
        masked.iter().fold(clear, |sum, field| {
            let masking = self.windows.iter().filter(|window| window.masked.contains(field));
            let ceiling = masking.fold(Marking::PUBLIC, |top, window| top.join(window.clearance));
            sum.join(self.field_marking(field).meet(ceiling))
        })
    }
}
