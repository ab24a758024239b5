//! Which accounts a list shows.

use entity::subject;
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, SimpleExpr},
};

use crate::domain::Id;

/// Which accounts, and from where on.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Only locked or only open ones.
    pub locked: Option<bool>,
    /// Only those whose name, or other searched text, contains this in upper or lower case.
    pub search: Option<String>,
    /// Whether the e-mail address or client id is searched too.
    pub search_address: bool,
}

impl AccountFilter {
    /// The condition; `address` is the column of the e-mail address or client id.
    pub(super) fn condition(&self, address: impl ColumnTrait) -> Condition {
        let mut all = Condition::all();
        all = match self.locked {
            Some(true) => all.add(subject::Column::LockedAt.is_not_null()),
            Some(false) => all.add(subject::Column::LockedAt.is_null()),
            None => all,
        };
        if let Some(search) = &self.search {
            let mut any = Condition::any().add(contains((subject::Entity, subject::Column::Name), search));
            if self.search_address {
                any = any.add(contains((address.entity_name(), address), search));
            }
            all = all.add(any);
        }
        all
    }
}

/// The accounts made after the one with this id.
pub(super) fn after(id: Option<Id>) -> Condition {
    Condition::all().add_option(id.map(|id| subject::Column::Id.gt(id.0)))
}

fn contains(column: impl sea_orm::sea_query::IntoColumnRef, text: &str) -> SimpleExpr {
    let literal = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(format!("%{literal}%")).escape('\\'))
}
