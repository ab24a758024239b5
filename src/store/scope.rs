//! The window algebra as SQL: every query about leads is AND-ed with what these return.

use entity::lead::Column;
use sea_orm::{
    ExprTrait, Iden,
    sea_query::{CaseStatement, Expr, IntoIden},
};

use super::linked;
use crate::{
    domain::{Field, FieldSet, lead::FieldType},
    policy::{LeadScope, RowScope, Window},
};

/// The value of a field, whoever may see it.
pub(super) fn column(field: Field) -> Expr {
    if field.kind() == FieldType::Linked { linked::cell(field) } else { Expr::col(FieldColumn(field).into_iden()) }
}

/// A field's column as an identifier.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldColumn(pub(super) Field);

impl Iden for FieldColumn {
    fn unquoted(&self) -> &str {
        self.0.column()
    }
}

/// The row exists for the subject: some window opens it, and it is no canary of another reader's.
pub(super) fn row_exists(scope: &LeadScope) -> Expr {
    any(scope.windows().iter().map(window_opens)).and(is_there(scope))
}

/// A lead, or a canary of whoever reads: the only place where the two are told apart.
fn is_there(scope: &LeadScope) -> Expr {
    let real = Expr::col(Column::ReaderId).is_null();
    match scope.reader() {
        None => real,
        Some(reader) => real.or(Expr::col(Column::ReaderId).eq(reader.0)),
    }
}

/// How many arms a page is gathered from at most.
const ARMS: usize = 64;

/// The rows that exist for the subject as a union of arms, each of which an index serves in any order that one serves:
/// the leads of one owner, or of one team. `None` if they are better found by the order itself: there is but one arm, or
/// some window opens leads of any owner and team, or there would be too many.
pub(super) fn arms(scope: &LeadScope) -> Option<Vec<Expr>> {
    let mut arms = Vec::new();
    for window in scope.windows() {
        let teams = window.rows.iter().enumerate().find_map(|(at, rows)| match rows {
            RowScope::Teams(teams) if teams.len() > 1 => Some((at, teams)),
            _ => None,
        });
        match teams {
            _ if window.rows.is_empty() => return None,
            None => arms.push(window_opens(window)),
            Some((at, teams)) => arms.extend(teams.iter().map(|team| {
                let mut of_team = window.clone();
                of_team.rows[at] = RowScope::Teams(vec![*team]);
                window_opens(&of_team)
            })),
        }
    }
    let arms: Vec<Expr> = arms.into_iter().map(|arm| arm.and(is_there(scope))).collect();
    (2..=ARMS).contains(&arms.len()).then_some(arms)
}

/// Some window of `bits` opens the row; `None` when that follows from the row's being there at all.
pub(super) fn opened_by(scope: &LeadScope, bits: u32) -> Option<Expr> {
    if bits == scope.every_window() {
        return None;
    }
    let windows = scope.windows().iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    Some(any(windows.map(|(_, window)| window_opens(window))))
}

/// Which windows open the row: bit *i* for window *i*.
pub(super) fn opening_windows(scope: &LeadScope) -> Expr {
    if scope.windows().len() == 1 {
        return Expr::value(1_i64);
    }
    let bit =
        |(bit, window): (usize, &Window)| -> Expr { CaseStatement::new().case(window_opens(window), 1_i64 << bit).finally(0_i64).into() };
    scope.windows().iter().enumerate().map(bit).reduce(ExprTrait::add).unwrap_or_else(|| Expr::value(0_i64))
}

/// The field's value where some window of `bits` opens the row, else NULL.
pub(super) fn cell_where(scope: &LeadScope, field: Field, bits: u32) -> Expr {
    match opened_by(scope, bits) {
        None => column(field),
        Some(open) => CaseStatement::new().case(open, column(field)).into(),
    }
}

/// The value that filters, sorts, groups and searches see: clear or NULL.
pub(super) fn clear_cell(scope: &LeadScope, field: Field) -> Expr {
    cell_where(scope, field, scope.clear_in(field))
}

/// The value that a selection fetches: clear, or to be masked, or NULL.
pub(super) fn shown_cell(scope: &LeadScope, field: Field) -> Expr {
    cell_where(scope, field, scope.shown_in(field))
}

/// `fields` in groups that are clear in the same windows; those clear in none are left out.
pub(super) fn clear_groups(scope: &LeadScope, fields: FieldSet) -> Vec<(u32, FieldSet)> {
    let mut groups: Vec<(u32, FieldSet)> = Vec::new();
    for field in fields.iter() {
        let bits = scope.clear_in(field);
        match groups.iter_mut().find(|(known, _)| *known == bits) {
            _ if bits == 0 => {}
            Some((_, group)) => group.insert(field),
            None => groups.push((bits, [field].into_iter().collect())),
        }
    }
    groups
}

fn window_opens(window: &Window) -> Expr {
    let clearance = window.clearance;
    let level = Expr::col(Column::Level).lte(clearance.level as i64);
    let missing = (!clearance.compartments & (u64::MAX >> 1)) as i64;
    let compartments = (missing != 0).then(|| Expr::col(Column::Compartments).bit_and(missing).eq(0_i64));
    let rows = window.rows.iter().map(|scope| match scope {
        RowScope::Owner(person) => Expr::col(Column::OwnerId).eq(person.0),
        RowScope::Teams(teams) if teams.len() == 1 => Expr::col(Column::TeamId).eq(teams[0].0),
        // SQLite takes a list for selective and sorts what it finds; the sum keeps it to the index of the order.
        RowScope::Teams(teams) => Expr::col(Column::TeamId).add(0_i64).is_in(teams.iter().map(|team| team.0)),
    });
    rows.chain(compartments).fold(level, ExprTrait::and)
}

fn any(parts: impl Iterator<Item = Expr>) -> Expr {
    parts.reduce(ExprTrait::or).unwrap_or_else(|| Expr::value(false))
}
