//! Changes on their way to the ledger: a record-to-be commits in the same transaction as the change itself.

use entity::{change_detail, outbox};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

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

/// The record-to-be of one or more changes made in one transaction.
#[derive(Clone, Debug)]
pub struct ChangeNote {
    /// The outbox row.
    pub id: Id,
    /// The operation.
    pub request: Id,
    /// When.
    pub at: Timestamp,
    /// The record that goes to the ledger if the process dies before it has written the full one.
    pub body: Vec<u8>,
    /// The changes, with the number of the first of them within the request.
    pub first: i64,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Tx<'_> {
    /// Puts the note beside the change it is about.
    pub async fn put_change(self, note: &ChangeNote) -> Result<(), StoreError> {
        let row =
            outbox::ActiveModel { id: Set(note.id.0), request_id: Set(note.request.0), at: Set(note.at.0), body: Set(note.body.clone()) };
        outbox::Entity::insert(row).exec_without_returning(self.0).await?;
        let details = note.changes.iter().zip(note.first..).map(|(change, seq)| change_detail::ActiveModel {
            request_id: Set(note.request.0),
            seq: Set(seq),
            kind: Set(change.kind.to_owned()),
            item: Set(change.item.clone()),
            before: Set(change.before.clone()),
            after: Set(change.after.clone()),
        });
        change_detail::Entity::insert_many(details).exec_without_returning(self.0).await?;
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
        let after = after.map_or(-1, |id| id.0);
        let query = outbox::Entity::find().filter(outbox::Column::Id.gt(after)).order_by_asc(outbox::Column::Id).limit(limit);
        let rows = query.all(&self.0.main).await?;
        let row = |row: outbox::Model| OutboxRow { id: Id(row.id), request: Id(row.request_id), at: Timestamp(row.at), body: row.body };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Removes rows whose records are in the ledger.
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
