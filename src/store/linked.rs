//! Cells of linked fields: the rows that another table has of a lead, as one text ([`crate::domain::linked`]).

use entity::{contact_account, import_run, lead, lead_origin, lead_relationship};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{Alias, BinOper, Expr, Func, Query, SelectStatement},
};

use crate::domain::{
    Field, RelationshipRole,
    linked::{CELL, ROW},
};

/// The value of a linked field on the row of the lead table that the query is about.
pub(super) fn cell(field: Field) -> Expr {
    match field {
        Field::Origins => origins().into(),
        Field::Relationships => relationships().into(),
        _ => Expr::value(Option::<String>::None),
    }
}

fn origins() -> SelectStatement {
    use lead_origin::Column as Origin;
    let origin = |column: Origin| Expr::col((lead_origin::Entity, column));
    let run = |column: import_run::Column| Expr::col((import_run::Entity, column));
    let cells = [
        number(origin(Origin::Source)),
        number(origin(Origin::Channel)),
        optional(number(origin(Origin::Since))),
        number(origin(Origin::RecordedAt)),
        optional(number(origin(Origin::ById))),
        optional(number(origin(Origin::ImportId))),
        optional(number(origin(Origin::Record))),
        optional(run(import_run::Column::File)),
        optional(run(import_run::Column::Sha256)),
    ];
    let mut select = gathered(cells.into_iter().chain(account()));
    select
        .from(lead_origin::Entity.table_ref())
        .left_join(import_run::Entity.table_ref(), origin(Origin::ImportId).equals((import_run::Entity, import_run::Column::Id)))
        .left_join(
            contact_account::Entity.table_ref(),
            origin(Origin::AccountId).equals((contact_account::Entity, contact_account::Column::Id)),
        )
        .and_where(origin(Origin::LeadId).equals((lead::Entity, lead::Column::Id)));
    select
}

fn relationships() -> SelectStatement {
    use lead_relationship::Column as Relationship;
    let relationship = |column: Relationship| Expr::col((lead_relationship::Entity, column));
    let cells = [
        number(relationship(Relationship::Role)),
        number(relationship(Relationship::Who)),
        number(relationship(Relationship::Since)),
        optional(number(relationship(Relationship::ById))),
    ];
    let of_account = relationship(Relationship::Who)
        .equals((contact_account::Entity, contact_account::Column::Id))
        .and(relationship(Relationship::Role).eq(RelationshipRole::Brand.number()));
    let mut select = gathered(cells.into_iter().chain(account()));
    select
        .from(lead_relationship::Entity.table_ref())
        .left_join(contact_account::Entity.table_ref(), of_account)
        .and_where(relationship(Relationship::LeadId).equals((lead::Entity, lead::Column::Id)));
    select
}

/// The cells that [`crate::domain::AccountFacts`] reads.
fn account() -> impl Iterator<Item = Expr> {
    use contact_account::Column as Account;
    [Account::Id, Account::Platform, Account::Kind, Account::CustodianId, Account::Credentials, Account::ConfirmedAt]
        .into_iter()
        .map(|column| optional(number(Expr::col((contact_account::Entity, column)))))
}

/// `SELECT string_agg(cell ‖ CELL ‖ cell …, ROW)`: the name that both back ends know.
fn gathered(cells: impl Iterator<Item = Expr>) -> SelectStatement {
    let joined = cells.reduce(|row, cell| join(join(row, Expr::value(CELL)), cell)).unwrap_or_else(|| Expr::value(""));
    Query::select().expr(Func::cust("string_agg").args([joined, Expr::value(ROW)])).take()
}

fn join(one: Expr, other: Expr) -> Expr {
    one.binary(BinOper::Custom("||"), other)
}

fn number(cell: Expr) -> Expr {
    cell.cast_as(Alias::new("TEXT"))
}

fn optional(cell: Expr) -> Expr {
    Func::coalesce([cell, Expr::value("")]).into()
}
