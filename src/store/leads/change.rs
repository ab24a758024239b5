//! A change of one lead together with its record-to-be.

use entity::{change_detail, outbox};
use rusqlite::{Connection, params};
use sea_orm::{
    EntityName, Iden,
    sea_query::{
        CommonTableExpression, Expr, Func, InsertStatement, PostgresQueryBuilder, Query, SelectStatement, SubQueryStatement, TableRef,
        WithClause, WithQuery,
    },
    sqlx::AssertSqlSafe,
};

use super::{Finders, write};
use crate::{
    domain::{Id, LeadValues},
    policy::{LeadScope, Marking},
    store::{ChangeNote, Noted, Store, StoreError, kept::bound, plain, write::Writer},
};

/// A change that was decided on a lead at one version.
#[derive(Clone, Debug)]
pub struct LeadChange {
    /// The lead and the version it was decided on.
    pub from: (Id, i64),
    /// What to set.
    pub values: LeadValues,
    /// The marking, if it changes.
    pub marking: Option<Marking>,
    /// What the lead is found under, if that changes.
    pub finders: Option<Finders>,
    /// The record-to-be; of one change.
    pub note: ChangeNote,
}

impl Store {
    /// Writes the change if the lead still has that version, else returns `false`. The scope proves that it was allowed.
    pub async fn change_lead(&self, allowed: &LeadScope, change: LeadChange) -> Result<bool, StoreError> {
        match &self.0.writer {
            Writer::Group(group) => group.plain(move |connection| plainly(connection, &change)).await,
            // One statement and so one round trip; PostgreSQL makes it a transaction of its own.
            Writer::Own(_, kept) if change.finders.is_none() => {
                let (sql, values) = statement(&change)?.build(PostgresQueryBuilder);
                Ok(kept.execute(bound(AssertSqlSafe(sql), values)).await? == 1)
            }
            Writer::Own(..) => {
                let allowed = allowed.clone();
                let work = self.write(move |tx| {
                    Box::pin(async move {
                        let LeadChange { from, values, marking, finders, note } = change;
                        let there = tx.update_lead(&allowed, from, &values, marking, finders.as_ref()).await?;
                        if there {
                            tx.put_change(&note).await?;
                        }
                        Ok(there)
                    })
                });
                work.await
            }
        }
    }
}

const DETAIL: &str = "INSERT INTO change_detail (request_id, seq, kind, item, before, after, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const OUTBOX: &str = "INSERT INTO outbox (id, request_id, at, body, owner) VALUES (?1, ?2, ?3, ?4, ?5)";

fn plainly(connection: &Connection, change: &LeadChange) -> Result<bool, StoreError> {
    let LeadChange { from, values, marking, finders, note } = change;
    if plain::execute(connection, &write::update(*from, values, *marking))? == 0 {
        return Ok(false);
    }
    if let Some(finders) = finders {
        for statement in write::forget_finders(from.0) {
            plain::execute(connection, &statement)?;
        }
        for statement in write::insert_finders([(from.0, finders)].into_iter())? {
            plain::execute(connection, &statement)?;
        }
    }
    let mut put = connection.prepare_cached(DETAIL)?;
    for (Noted { change, salt }, seq) in note.changes.iter().zip(note.first..) {
        if let Some(salt) = salt {
            put.execute(params![note.request.0, seq, change.kind, change.item, change.before, change.after, salt])?;
        }
    }
    connection.prepare_cached(OUTBOX)?.execute(params![note.id.0, note.request.0, note.at.0, note.body, note.owner.0])?;
    Ok(true)
}

/// `WITH changed AS (UPDATE lead … RETURNING id), detail AS (INSERT INTO change_detail … SELECT … FROM changed)
/// INSERT INTO outbox … SELECT … FROM changed, set_config(…)`: the commit does not wait for the disk, because the record
/// that every answer waits for comes after it in the same write-ahead log (decision 0016).
fn statement(change: &LeadChange) -> Result<WithQuery, StoreError> {
    let mut update = write::update(change.from, &change.values, change.marking);
    update.returning_col(entity::lead::Column::Id);
    let note = &change.note;
    let Some(Noted { change: first, salt: Some(salt) }) = note.changes.first() else { return Err(StoreError::Closed) };
    let mut changed = Query::select();
    changed.from("changed");
    let detail = if_changed(
        &changed,
        change_detail::Entity.table_ref(),
        [
            (change_detail::Column::RequestId, Expr::value(note.request.0)),
            (change_detail::Column::Seq, Expr::value(note.first)),
            (change_detail::Column::Kind, Expr::value(first.kind)),
            (change_detail::Column::Item, Expr::value(first.item.clone())),
            (change_detail::Column::Before, Expr::value(first.before.clone())),
            (change_detail::Column::After, Expr::value(first.after.clone())),
            (change_detail::Column::Salt, Expr::value(salt.to_vec())),
        ],
    )?;
    let unhurried = Func::cust("set_config").args(["synchronous_commit".into(), "off".into(), Expr::value(true)]);
    let waits = if_changed(
        changed.from_function(unhurried, "unhurried"),
        outbox::Entity.table_ref(),
        [
            (outbox::Column::Id, Expr::value(note.id.0)),
            (outbox::Column::RequestId, Expr::value(note.request.0)),
            (outbox::Column::At, Expr::value(note.at.0)),
            (outbox::Column::Body, Expr::value(note.body.clone())),
            (outbox::Column::Owner, Expr::value(note.owner.0)),
        ],
    )?;
    let with = WithClause::new().cte(named("changed", update)).cte(named("detail", detail)).to_owned();
    Ok(with.query(waits))
}

fn named(name: &'static str, statement: impl Into<SubQueryStatement>) -> CommonTableExpression {
    CommonTableExpression::new().table_name(name).query(statement).to_owned()
}

/// `INSERT INTO table (…) SELECT … FROM …`.
fn if_changed<C: Iden, const N: usize>(
    from: &SelectStatement,
    table: TableRef,
    cells: [(C, Expr); N],
) -> Result<InsertStatement, StoreError> {
    let mut row = from.clone();
    row.exprs(cells.iter().map(|(_, value)| value.clone()));
    let mut insert = Query::insert();
    insert.into_table(table).columns(cells.map(|(column, _)| column));
    insert.select_from(row).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(insert)
}
