//! Changes on their way to the ledger: a record-to-be commits in the same transaction as the change itself.

use entity::{change_detail, outbox};
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::{StoreError, Tx};
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
