//! Counts of leads, in all and by a field, hidden cells counted as empty ones; with the markings of the leads counted.

use std::collections::BTreeMap;

use entity::lead::{Column, Entity};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{CaseStatement, Expr, Func, Query, SelectStatement},
};

use super::{page::narrow, row::is_text};
use crate::{
    domain::{
        LeadQuery,
        clock::DAY,
        query::{Group, GroupBy, GroupKey},
    },
    policy::{LeadScope, Level, Marking},
    store::{
        Store, StoreError,
        rows::Row,
        scope::{clear_cell, row_exists},
    },
};

impl Store {
    /// How many leads the filter and search find, with the join of their markings. `compartments` is how many the policy
    /// knows.
    pub async fn lead_count(&self, scope: &LeadScope, query: &LeadQuery, compartments: usize) -> Result<(u64, Marking), StoreError> {
        let mut statement = Query::select();
        statement.from(Entity.table_ref()).expr(Expr::col(Column::Id).count());
        select_markings(&mut statement, compartments);
        statement.and_where(row_exists(scope));
        narrow(&mut statement, scope, query);
        let read = move |(count, marking): &mut (u64, Marking), row: &dyn Row| {
            *count = row.integer(0)?.unwrap_or_default() as u64;
            if *count > 0 {
                *marking = markings(row, 1, compartments)?;
            }
            Ok(())
        };
        self.0.rows.fold(statement, (0, Marking::PUBLIC), read).await
    }

    /// Counts by group, largest first, at most `limit` groups; with the join of the markings of the leads counted.
    /// `compartments` is how many compartments the policy knows.
    pub async fn lead_stats(
        &self,
        scope: &LeadScope,
        query: &LeadQuery,
        by: GroupBy,
        compartments: usize,
    ) -> Result<(Vec<Group>, Marking), StoreError> {
        let cell = clear_cell(scope, by.field());
        let key = match by {
            GroupBy::Value(_) => cell,
            GroupBy::Month(_) => cell.div(DAY),
        };
        let mut statement = Query::select();
        statement.from(Entity.table_ref()).expr(key).expr(Expr::col(Column::Id).count());
        select_markings(&mut statement, compartments);
        statement.and_where(row_exists(scope));
        narrow(&mut statement, scope, query);
        // By position, so that the bound values of the key need not be told equal by the planner.
        statement.add_group_by([Expr::cust("1")]);
        let text = is_text(by.field());
        let read = move |(groups, marking): &mut (BTreeMap<GroupKey, u64>, Marking), row: &dyn Row| {
            let key = match by {
                GroupBy::Value(_) if text => row.text(0)?.map_or(GroupKey::Empty, |text| GroupKey::Text(text.to_owned())),
                GroupBy::Value(_) => row.integer(0)?.map_or(GroupKey::Empty, GroupKey::Integer),
                GroupBy::Month(_) => row.integer(0)?.map_or(GroupKey::Empty, |day| GroupKey::Text(month(day))),
            };
            *groups.entry(key).or_default() += row.integer(1)?.unwrap_or_default() as u64;
            *marking = marking.join(markings(row, 2, compartments)?);
            Ok(())
        };
        let (groups, marking) = self.0.rows.fold(statement, (BTreeMap::new(), Marking::PUBLIC), read).await?;
        let mut groups: Vec<Group> = groups.into_iter().map(|(key, count)| Group { key, count }).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        Ok((groups, marking))
    }
}

/// Adds the columns that [`markings`] reads.
fn select_markings(statement: &mut SelectStatement, compartments: usize) {
    statement.expr(Expr::col(Column::Level).max());
    for bit in 0..compartments {
        let inside = Expr::col(Column::Compartments).bit_and(1_i64 << bit).ne(0_i64);
        let inside: Expr = CaseStatement::new().case(inside, 1_i64).finally(0_i64).into();
        statement.expr(Func::max(inside));
    }
}

/// The join of the markings of the leads that a row counts, from the columns that begin at `first`.
fn markings(row: &dyn Row, first: usize, compartments: usize) -> Result<Marking, StoreError> {
    let level = row.integer(first)?.unwrap_or(i64::from(u8::MAX)) as u8;
    let mut bits = 0;
    for bit in 0..compartments {
        bits |= (row.integer(first + 1 + bit)?.unwrap_or_default() as u64) << bit;
    }
    Ok(Marking::new(Level::from_number(level), bits))
}

/// `2026-11` for a day counted from 1970-01-01.
fn month(day: i64) -> String {
    let date = crate::domain::Timestamp(day.saturating_mul(DAY)).to_string();
    date.get(..7).unwrap_or_default().to_owned()
}
