//! Changes on their way to the ledger: a record-to-be commits in the same transaction as the change itself.

use entity::{change_detail, outbox};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{Store, StoreError, Tx};
use crate::domain::{Id, Timestamp};

/// What one change did; before and after are JSON and can be erased later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `lead`, `grant`, `session`, `person`, …
    pub kind: &'static str,
    /// Its id or name.
    pub item: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
}

/// A change on its way into the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The change.
    pub change: Change,
    /// Random, for the commitment to before and after; `None`: nothing of it goes into the table, only into the record.
    pub salt: Option<[u8; 16]>,
}

/// The record-to-be of one or more changes made in one transaction.
#[derive(Clone, Debug)]
pub struct ChangeNote {
    /// The outbox row.
    pub id: Id,
    /// The process that makes the change and sees to its record ([`Store::own_outbox`]).
    pub owner: Id,
    /// The operation.
    pub request: Id,
    /// When.
    pub at: Timestamp,
    /// The record that goes to the ledger if the process dies before it has written the full one.
    pub body: Vec<u8>,
    /// The changes, with the number of the first of them within the request.
    pub first: i64,
    /// The changes.
    pub changes: Vec<Noted>,
}

impl Tx<'_> {
    /// Puts the note beside the change it is about.
    pub async fn put_change(self, note: &ChangeNote) -> Result<(), StoreError> {
        let salted = note.changes.iter().zip(note.first..).filter_map(|(noted, seq)| Some((&noted.change, noted.salt?, seq)));
        let rows = salted.map(|(change, salt, seq)| change_detail::ActiveModel {
            request_id: Set(note.request.0),
            seq: Set(seq),
            kind: Set(change.kind.to_owned()),
            item: Set(change.item.clone()),
            before: Set(change.before.clone()),
            after: Set(change.after.clone()),
            salt: Set(salt.to_vec()),
        });
        change_detail::Entity::insert_many(rows).exec_without_returning(self.0).await?;
        let row = outbox::ActiveModel {
            id: Set(note.id.0),
            request_id: Set(note.request.0),
            at: Set(note.at.0),
            body: Set(note.body.clone()),
            owner: Set(note.owner.0),
        };
        outbox::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }
}

/// A record-to-be that was committed with its change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The row.
    pub id: Id,
    /// The operation.
    pub request: Id,
    /// When it began.
    pub at: Timestamp,
    /// The record, as [`crate::store::ChangeNote::body`] has it.
    pub body: Vec<u8>,
}

impl Store {
    /// What lies in the outbox after row `after`, oldest first, at most `limit` rows.
    pub async fn outbox(&self, after: Option<Id>, limit: u64) -> Result<Vec<OutboxRow>, StoreError> {
        self.outbox_rows(outbox::Entity::find(), after, limit).await
    }

    /// The same of one owner's operations that began before `at`.
    pub async fn outbox_of(&self, owner: Id, at: Timestamp, after: Option<Id>, limit: u64) -> Result<Vec<OutboxRow>, StoreError> {
        let query = outbox::Entity::find().filter(outbox::Column::Owner.eq(owner.0)).filter(outbox::Column::At.lt(at.0));
        self.outbox_rows(query, after, limit).await
    }

    /// How many changes wait for their record.
    pub async fn outbox_size(&self) -> Result<u64, StoreError> {
        Ok(outbox::Entity::find().count(&self.0.main).await?)
    }

    /// Whose what lies in the outbox is.
    pub async fn outbox_owners(&self) -> Result<Vec<Id>, StoreError> {
        let query = outbox::Entity::find().select_only().column(outbox::Column::Owner).distinct();
        let owners: Vec<i64> = query.into_tuple().all(&self.0.main).await?;
        Ok(owners.into_iter().map(Id).collect())
    }

    async fn outbox_rows(&self, query: Select<outbox::Entity>, after: Option<Id>, limit: u64) -> Result<Vec<OutboxRow>, StoreError> {
        let query = query.filter(outbox::Column::Id.gt(after.map_or(-1, |id| id.0)));
        let query = query.order_by_asc(outbox::Column::Id).limit(limit);
        let row = |row: outbox::Model| OutboxRow { id: Id(row.id), request: Id(row.request_id), at: Timestamp(row.at), body: row.body };
        Ok(query.all(&self.0.main).await?.into_iter().map(row).collect())
    }

    /// Takes rows whose records are in the ledger out of the outbox; what they changed stays.
    pub async fn clear_outbox(&self, rows: Vec<Id>) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for ids in rows.chunks(500) {
                    let ids = ids.iter().map(|id| id.0);
                    outbox::Entity::delete_many().filter(outbox::Column::Id.is_in(ids)).exec(tx.0).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
