//! What was erased, when and why, and how far its traces in the ledger's database are gone.

use entity::erasure::{self, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::{ByTwo, Permit},
};

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasedKind {
    /// A lead.
    Lead,
    /// A person.
    Person,
}

/// Something that was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Id of the erasure.
    pub id: Id,
    /// What kind of thing.
    pub kind: ErasedKind,
    /// Its id, which stays.
    pub item: Id,
    /// Why.
    pub reason: String,
    /// When, and by whom.
    pub agreed: ByTwo,
    /// The operation that did it.
    pub request: Id,
    /// Up to which place in the tree what lies beside the records is gone.
    pub swept: u64,
    /// How many records lost what lay beside them.
    pub details: u64,
    /// How many documents went.
    pub documents: u64,
    /// Since when nothing is looked for any more.
    pub done_at: Option<Timestamp>,
}

impl ErasedKind {
    /// Its name in the database and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Person => "person",
        }
    }
}

impl Tx<'_> {
    /// Puts an erasure down. `traces` are the texts that may still stand elsewhere.
    pub async fn put_erasure(self, _permit: Permit, new: &Erasure, traces: &[String]) -> Result<(), StoreError> {
        let traces = serde_json::to_string(traces).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let row = erasure::ActiveModel {
            id: Set(new.id.0),
            kind: Set(new.kind.name().to_owned()),
            item: Set(new.item.0),
            reason: Set(new.reason.clone()),
            at: Set(new.agreed.at.0),
            asked_by: Set(new.agreed.asked_by.map(|by| by.0)),
            approved_by: Set(new.agreed.by.map(|by| by.0)),
            request_id: Set(new.request.0),
            traces: Set(Some(traces)),
            swept: Set(0),
            details: Set(0),
            documents: Set(0),
            done_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Notes how far it has come; with `done`, forgets what was looked for.
    pub async fn note_sweep(self, id: Id, swept: u64, gone: (u64, u64), done: Option<Timestamp>) -> Result<(), StoreError> {
        let mut note = Entity::update_many()
            .col_expr(Column::Swept, Expr::value(swept as i64))
            .col_expr(Column::Details, Expr::col(Column::Details).add(gone.0 as i64))
            .col_expr(Column::Documents, Expr::col(Column::Documents).add(gone.1 as i64));
        if let Some(done) = done {
            note = note.col_expr(Column::DoneAt, Expr::value(done.0)).col_expr(Column::Traces, Expr::value(None::<String>));
        }
        note.filter(Column::Id.eq(id.0)).filter(Column::DoneAt.is_null()).exec(self.0).await?;
        Ok(())
    }
}

impl Store {
    /// The first erasure of this thing, if there was one.
    pub async fn erasure_of(&self, _permit: Permit, kind: ErasedKind, item: Id) -> Result<Option<Erasure>, StoreError> {
        let found = Entity::find().filter(Column::Kind.eq(kind.name())).filter(Column::Item.eq(item.0)).order_by_asc(Column::Id);
        found.one(&self.0.main).await?.map(read).transpose()
    }

    /// At most `first` erasures by rising id, those behind `after`.
    pub async fn erasures(&self, _permit: Permit, after: Option<Id>, first: u64) -> Result<Vec<Erasure>, StoreError> {
        let query = Entity::find().filter(Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many there are.
    pub async fn count_erasures(&self, _permit: Permit) -> Result<u64, StoreError> {
        Ok(Entity::find().count(&self.0.main).await?)
    }

    /// Those that are not done, with what they still look for.
    pub async fn open_erasures(&self) -> Result<Vec<(Erasure, Vec<String>)>, StoreError> {
        let rows = Entity::find().filter(Column::DoneAt.is_null()).order_by_asc(Column::Id).all(&self.0.main).await?;
        let with_traces = |mut row: erasure::Model| {
            let traces = row.traces.take().map(|traces| serde_json::from_str(&traces)).transpose();
            Ok((read(row)?, traces.map_err(|error| StoreError::Corrupt(error.to_string()))?.unwrap_or_default()))
        };
        rows.into_iter().map(with_traces).collect()
    }
}

fn read(row: erasure::Model) -> Result<Erasure, StoreError> {
    let kind = [ErasedKind::Lead, ErasedKind::Person].into_iter().find(|kind| kind.name() == row.kind);
    Ok(Erasure {
        id: Id(row.id),
        kind: kind.ok_or_else(|| StoreError::Corrupt(format!("erasure {}", row.id)))?,
        item: Id(row.item),
        reason: row.reason,
        agreed: ByTwo { at: Timestamp(row.at), asked_by: row.asked_by.map(Id), by: row.approved_by.map(Id) },
        request: Id(row.request_id),
        swept: row.swept as u64,
        details: row.details as u64,
        documents: row.documents as u64,
        done_at: row.done_at.map(Timestamp),
    })
}
