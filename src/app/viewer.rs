//! Who the caller is, and what they may do.

use super::{
    Op,
    markings::{Marked, marked},
    roles::Role,
};
use crate::{
    domain::{FieldSet, Id},
    policy::{Permission, Quotas, RowScope, Window},
};

/// A window open to the caller.
#[derive(Clone, Debug)]
pub struct OpenWindow {
    /// Which rows.
    pub rows: Rows,
    /// Names of the teams, if the rows are those of teams.
    pub teams: Vec<String>,
    /// The highest marking it opens.
    pub clearance: Marked,
    /// Fields shown as they are.
    pub clear: FieldSet,
    /// Fields shown masked.
    pub masked: FieldSet,
    /// What may be done inside it.
    pub permissions: Vec<Permission>,
    /// The grants it comes from.
    pub grants: Vec<Id>,
}

/// Which rows a window opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rows {
    /// The caller's own.
    Own,
    /// Those of some teams.
    Team,
    /// Those that are the caller's own and of some teams: of an app that acts for a person.
    OwnInTeam,
    /// Every one.
    All,
}

/// Which rows a window opens.
pub(super) fn rows(window: &Window) -> Rows {
    let owned = window.rows.iter().any(|scope| matches!(scope, RowScope::Owner(_)));
    let in_teams = window.rows.iter().any(|scope| matches!(scope, RowScope::Teams(_)));
    match (owned, in_teams) {
        (true, true) => Rows::OwnInTeam,
        (true, false) => Rows::Own,
        (false, true) => Rows::Team,
        (false, false) => Rows::All,
    }
}

/// The windows open to the caller.
pub fn windows(op: &Op) -> Vec<OpenWindow> {
    let document = &op.snapshot.document;
    let opened = op.rights.windows().iter().map(|window| {
        let rows = rows(window);
        let in_teams = matches!(rows, Rows::Team | Rows::OwnInTeam);
        let every = |team: &&i64| {
            window.rows.iter().all(|scope| match scope {
                RowScope::Teams(teams) => teams.contains(&Id(**team)),
                RowScope::Owner(_) => true,
            })
        };
        let teams = document.teams.keys().filter(|_| in_teams).filter(every).filter_map(|id| document.teams.get(id));
        OpenWindow {
            rows,
            teams: teams.map(|team| team.name.clone()).collect(),
            clearance: marked(&document.compartments, window.clearance),
            clear: window.clear,
            masked: window.masked,
            permissions: window.permissions.iter().collect(),
            grants: window.grants.clone(),
        }
    });
    opened.collect()
}

/// The caller's roles, each once.
pub fn roles(op: &Op) -> Vec<Role> {
    let mut ids = op.rights.roles().to_vec();
    ids.sort_unstable();
    ids.dedup();
    let role = |id: Id| op.snapshot.document.roles.get(&id.0).map(|definition| Role { id, definition: definition.clone() });
    ids.into_iter().filter_map(role).collect()
}

/// What the caller may do.
pub fn permissions(op: &Op) -> Vec<Permission> {
    op.rights.permissions().iter().collect()
}

/// How much the caller may take.
pub fn quotas(op: &Op) -> Quotas {
    op.rights.quotas()
}

/// The caller's display names: the person's and the app's.
pub fn name(op: &Op, id: Id) -> Option<String> {
    op.snapshot.name(id).map(ToOwned::to_owned)
}
