//! Leads one after the other with what custody follows from: for counts that SQL cannot make.

use entity::lead::{Column, Entity};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{Expr, Order, Query},
};

use super::page::narrow;
use crate::{
    domain::{Field, Id, LeadQuery},
    policy::{LeadScope, Level, Marking},
    store::{
        Store, StoreError,
        rows::Row,
        scope::{clear_cell, opening_windows, row_exists},
    },
};

/// Leads read together.
const PAGE: usize = 5_000;
/// The cells that are read, each only where it is clear.
const CELLS: [Field; 5] = [Field::Origins, Field::Relationships, Field::Owner, Field::DealValue, Field::Team];

/// A lead as custody sees it; a cell that is not clear is empty.
#[derive(Clone, Debug)]
pub struct HeldLead {
    /// Its id.
    pub id: Id,
    /// Its own marking.
    pub marking: Marking,
    /// Bit *i* is set when window *i* of the scope opens it.
    pub windows: u32,
    /// What the database tells of its origins.
    pub origins: String,
    /// The same of its relationships.
    pub relationships: String,
    /// The person responsible.
    pub owner: Option<Id>,
    /// The expected value of the deal, in hundredths.
    pub value: i64,
    /// The team it belongs to.
    pub team: Option<Id>,
}

impl Store {
    /// Folds every lead that the query finds into `state`, by rising id, a page of them in memory.
    pub async fn held_leads<S, F>(&self, scope: &LeadScope, query: &LeadQuery, state: S, step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, HeldLead) + Send + 'static,
    {
        let mut fold = (state, step, Id(0), 0_usize);
        loop {
            let mut statement = Query::select();
            statement.from(Entity.table_ref()).column(Column::Id).expr(opening_windows(scope));
            statement.columns([Column::Level, Column::Compartments]);
            for field in CELLS {
                statement.expr(clear_cell(scope, field));
            }
            statement.and_where(row_exists(scope)).and_where(Expr::col(Column::Id).gt(fold.2.0));
            narrow(&mut statement, scope, query);
            statement.order_by(Column::Id, Order::Asc).limit(PAGE as u64);
            fold.3 = 0;
            let read = |(state, step, last, rows): &mut (S, F, Id, usize), row: &dyn Row| {
                let lead = held(row)?;
                (*last, *rows) = (lead.id, *rows + 1);
                step(state, lead);
                Ok(())
            };
            fold = self.0.rows.fold(statement, fold, read).await?;
            if fold.3 < PAGE {
                return Ok(fold.0);
            }
        }
    }
}

fn held(row: &dyn Row) -> Result<HeldLead, StoreError> {
    let number = |column: usize| row.integer(column).map(Option::unwrap_or_default);
    let text = |column: usize| row.text(column).map(|told| told.unwrap_or_default().to_owned());
    Ok(HeldLead {
        id: Id(number(0)?),
        windows: number(1)? as u32,
        marking: Marking::new(Level::from_number(number(2)? as u8), number(3)? as u64),
        origins: text(4)?,
        relationships: text(5)?,
        owner: row.integer(6)?.map(Id),
        value: number(7)?,
        team: row.integer(8)?.map(Id),
    })
}
