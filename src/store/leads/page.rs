//! Pages of leads by keyset: no offset, no row read that is not shown, save one.
//!
//! Order by a field runs through two regions, each of which an index serves on both back ends: the leads whose value is
//! clear, by value and id; then the others, by id.

use entity::lead::{Column, Entity};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{Expr, Order as Direction, Query, SelectStatement, UnionType},
};

use super::{
    filter::{condition, search, value},
    row::{Cursor, Layout, is_text, select},
};
use crate::{
    domain::{Field, Filter, Id, LeadQuery, LeadRow, LeadValue},
    policy::LeadScope,
    store::{
        Store, StoreError,
        rows::Row,
        scope::{arms, clear_cell, column, opened_by, row_exists},
    },
};

/// Tests in a statement that is gathered from arms.
const LARGEST: usize = 2_000;

/// What became of a page.
#[derive(Debug)]
pub struct Page<S> {
    /// What the rows were folded into.
    pub state: S,
    /// How many rows it has.
    pub rows: usize,
    /// Whether there are more in the direction read.
    pub more: bool,
}

/// One stretch of the list in the order asked for.
struct Region {
    condition: Option<Expr>,
    keys: Vec<Expr>,
}

impl Store {
    /// Folds a page of leads into `state`, row by row, in the direction read (backward pages come last row first).
    /// `None` if `query.from` is no lead that the scope opens, in an order that needs its value.
    pub async fn lead_page<S, F>(&self, scope: &LeadScope, query: &LeadQuery, state: S, step: F) -> Result<Option<Page<S>>, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn LeadRow) + Send + 'static,
    {
        let Some(regions) = self.regions(scope, query).await? else { return Ok(None) };
        let layout = Layout::of(query.select);
        let mut fold = (state, step, 0_usize);
        for region in regions {
            let wanted = query.limit + 1 - fold.2;
            if wanted == 0 {
                break;
            }
            let statement = statement(scope, query, &region, wanted);
            let limit = query.limit;
            fold = self
                .0
                .rows
                .fold(statement, fold, move |(state, step, rows), row| {
                    *rows += 1;
                    if *rows <= limit {
                        step(state, &Cursor::new(row, &layout));
                    }
                    Ok(())
                })
                .await?;
        }
        let (state, _, rows) = fold;
        Ok(Some(Page { state, rows: rows.min(query.limit), more: rows > query.limit }))
    }

    async fn regions(&self, scope: &LeadScope, query: &LeadQuery) -> Result<Option<Vec<Region>>, StoreError> {
        let past =
            |id: Id| if query.order.descending == query.backward { Expr::col(Column::Id).gt(id.0) } else { Expr::col(Column::Id).lt(id.0) };
        let Some(field) = query.order.field else {
            return Ok(Some(vec![Region { condition: query.from.map(past), keys: Vec::new() }]));
        };
        let clear = scope.clear_in(field);
        let is_clear = match opened_by(scope, clear) {
            None => column(field).is_not_null(),
            Some(open) => open.and(column(field).is_not_null()),
        };
        let valued = |seek: Option<Expr>| Region {
            condition: Some(seek.map_or(is_clear.clone(), |seek| is_clear.clone().and(seek))),
            keys: vec![column(field)],
        };
        let empty = |seek: Option<Expr>| {
            let is_empty = clear_cell(scope, field).is_null();
            Region { condition: Some(seek.map_or(is_empty.clone(), |seek| is_empty.clone().and(seek))), keys: Vec::new() }
        };
        let Some(from) = query.from else {
            let both = if query.backward { vec![empty(None), valued(None)] } else { vec![valued(None), empty(None)] };
            return Ok(Some(both));
        };
        let Some(at) = self.clear_value(scope, from, field).await? else { return Ok(None) };
        Ok(Some(match (at, query.backward) {
            (None, false) => vec![empty(Some(past(from)))],
            (None, true) => vec![empty(Some(past(from))), valued(None)],
            (Some(at), backward) => {
                let (cell, at) = (column(field), value(&at));
                let (reach, beyond) = if query.order.descending == backward {
                    (cell.clone().gte(at.clone()), cell.clone().gt(at.clone()))
                } else {
                    (cell.clone().lte(at.clone()), cell.clone().lt(at.clone()))
                };
                let seek = reach.and(beyond.or(cell.eq(at).and(past(from))));
                if backward { vec![valued(Some(seek))] } else { vec![valued(Some(seek)), empty(None)] }
            }
        }))
    }

    /// The value a lead has in a field if it is clear; outer `None` if the scope does not open the lead.
    async fn clear_value(&self, scope: &LeadScope, lead: Id, field: Field) -> Result<Option<Option<LeadValue>>, StoreError> {
        let statement = Query::select()
            .from(Entity.table_ref())
            .expr(clear_cell(scope, field))
            .and_where(Expr::col(Column::Id).eq(lead.0))
            .and_where(row_exists(scope))
            .take();
        let read = move |found: &mut Option<Option<LeadValue>>, row: &dyn Row| {
            *found = Some(if is_text(field) {
                row.text(0)?.map(|text| LeadValue::Text(text.to_owned()))
            } else {
                row.integer(0)?.map(LeadValue::Integer)
            });
            Ok(())
        };
        self.0.rows.fold(statement, None, read).await
    }
}

fn statement(scope: &LeadScope, query: &LeadQuery, region: &Region, limit: usize) -> SelectStatement {
    let direction = if query.order.descending == query.backward { Direction::Asc } else { Direction::Desc };
    let limited = |mut statement: SelectStatement, of: &[Expr]| {
        for key in of {
            statement.order_by_expr(key.clone(), direction.clone());
        }
        statement.order_by(Column::Id, direction.clone()).limit(limit as u64).take()
    };
    let narrowed = |mut statement: SelectStatement| {
        narrow(&mut statement, scope, query);
        if let Some(condition) = &region.condition {
            statement.and_where(condition.clone());
        }
        limited(statement, &region.keys)
    };
    // Every arm repeats the filter; a statement has room for so many values only.
    let size = query.filter.as_ref().map_or(1, Filter::size) + query.words.len();
    let Some(arms) = arms(scope).filter(|arms| arms.len() * size <= LARGEST) else {
        return narrowed(select(scope, query.select).and_where(row_exists(scope)).take());
    };
    // The first rows of the union are among the first rows of its arms.
    let arm = |opens: Expr| {
        let first = narrowed(Query::select().column(Column::Id).from(Entity.table_ref()).and_where(opens).take());
        Query::select().column(Column::Id).from_subquery(first, "arm").take()
    };
    let mut arms = arms.into_iter().map(arm);
    let mut union = arms.next().unwrap_or_default();
    union.unions(arms.map(|arm| (UnionType::All, arm)));
    limited(select(scope, query.select).and_where(Expr::col(Column::Id).in_subquery(union)).take(), &region.keys)
}

/// Filter and search, AND-ed to what the windows open.
pub(super) fn narrow(statement: &mut SelectStatement, scope: &LeadScope, query: &LeadQuery) {
    if let Some(filter) = &query.filter {
        statement.and_where(condition(scope, filter));
    }
    if let Some(found) = search(scope, &query.words) {
        statement.and_where(found);
    }
}
