//! A change of one lead together with its record-to-be.

use entity::change_detail::{self, Column};
use sea_orm::{
    ConnectionTrait, EntityName,
    sea_query::{CommonTableExpression, Expr, Query, WithClause, WithQuery},
};

use super::{NewFinders, write};
use crate::{
    domain::{Id, LeadValues},
    policy::{LeadScope, Marking},
    store::{ChangeNote, Noted, Store, StoreError, write::Writer},
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
    pub finders: Option<NewFinders>,
    /// The record-to-be; of one change.
    pub note: ChangeNote,
}

impl Store {
    /// Writes the change if the lead still has that version, else returns `false`. The scope proves that it was allowed.
    pub async fn change_lead(&self, allowed: &LeadScope, change: LeadChange) -> Result<bool, StoreError> {
        match &self.0.writer {
            // One statement and so one round trip; PostgreSQL makes it a transaction of its own.
            Writer::Own(pool) if change.finders.is_none() => Ok(pool.execute(&statement(&change)?).await?.rows_affected() == 1),
            _ => {
                let allowed = allowed.clone();
                let work = self.write_decided(move |tx| {
                    Box::pin(async move {
                        let LeadChange { from, values, marking, finders, note } = change;
                        let finders = finders.as_ref().map(|(keys, words)| (keys.as_slice(), words.as_slice()));
                        let there = tx.update_lead(&allowed, from, &values, marking, finders).await?;
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

/// `WITH changed AS (UPDATE lead … RETURNING id) INSERT INTO change_detail … SELECT … FROM changed`.
fn statement(change: &LeadChange) -> Result<WithQuery, StoreError> {
    let mut update = write::update(change.from, &change.values, change.marking);
    update.returning_col(entity::lead::Column::Id);
    let mut changed = CommonTableExpression::new();
    changed.table_name("changed").query(update);
    let note = &change.note;
    let Some(Noted { change: detail, salt: Some(salt) }) = note.changes.first() else { return Err(StoreError::Closed) };
    let cells = [
        (Column::RequestId, Expr::value(note.request.0)),
        (Column::Seq, Expr::value(note.first)),
        (Column::Kind, Expr::value(detail.kind)),
        (Column::Item, Expr::value(detail.item.clone())),
        (Column::Before, Expr::value(detail.before.clone())),
        (Column::After, Expr::value(detail.after.clone())),
        (Column::Salt, Expr::value(salt.to_vec())),
        (Column::OutboxId, Expr::value(note.id.0)),
        (Column::At, Expr::value(note.at.0)),
        (Column::Body, Expr::value(note.body.clone())),
    ];
    let mut row = Query::select();
    row.from("changed").exprs(cells.iter().map(|(_, value)| value.clone()));
    let mut insert = Query::insert();
    insert.into_table(change_detail::Entity.table_ref()).columns(cells.map(|(column, _)| column));
    insert.select_from(row).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(WithClause::new().cte(changed).to_owned().query(insert))
}
