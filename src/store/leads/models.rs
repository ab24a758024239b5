//! Whole leads that invented ones are modelled on.

use entity::lead::{Column, Entity};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{Expr, IntoIden, Order, Query, SelectStatement},
};

use super::{
    page::narrow,
    row::{Cursor, Layout, select},
};
use crate::{
    domain::{Field, FieldSet, LeadQuery, LeadRecord},
    policy::LeadScope,
    store::{
        rows::Row,
        scope::{FieldColumn, opened_by, row_exists},
    },
};

/// Where the fields stand in a row of [`models`].
#[derive(Debug)]
pub(in crate::store) struct WholeRow(Layout);

impl WholeRow {
    /// The row as a record.
    pub(in crate::store) fn record(&self, row: &dyn Row) -> LeadRecord {
        Cursor::new(row, &self.0).record()
    }
}

/// `SELECT` of the newest leads, no canaries and not put away, that the query finds and whose e-mail addresses are clear.
pub(in crate::store) fn models(scope: &LeadScope, query: &LeadQuery, limit: u64) -> (SelectStatement, WholeRow) {
    let all: FieldSet = Field::STORED.iter().copied().collect();
    let mut statement = select(scope, FieldSet::EMPTY);
    statement.columns(Field::STORED.iter().map(|field| FieldColumn(*field).into_iden()));
    statement.and_where(row_exists(scope)).and_where(Expr::col(Column::ReaderId).is_null());
    statement.and_where(Expr::col(Column::Archived).eq(0_i64)).and_where(Expr::col(Column::Emails).is_not_null());
    if let Some(clear) = opened_by(scope, scope.clear_in(Field::Emails)) {
        statement.and_where(clear);
    }
    narrow(&mut statement, scope, query);
    (statement.order_by(Column::Id, Order::Desc).limit(limit).take(), WholeRow(Layout::of(all)))
}

/// Counts the canaries of the scope's reader that it opens, save those that a query names and those that were put away.
pub(in crate::store) fn canary_seen(scope: &LeadScope, save: SelectStatement) -> SelectStatement {
    let mut statement = Query::select();
    statement.from(Entity.table_ref()).expr(Expr::col(Column::Id).count());
    statement.and_where(Expr::col(Column::ReaderId).is_not_null()).and_where(row_exists(scope));
    statement.and_where(Expr::col(Column::Archived).eq(0_i64)).and_where(Expr::col(Column::Id).not_in_subquery(save));
    statement.take()
}
