//! Changes on their way to the ledger: a record-to-be commits in the same transaction as the change itself.

use entity::{change_detail, outbox};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait,
    sea_query::{Func, Query},
};

use super::{Location, Store, StoreError, Tx};
use crate::domain::{Id, Timestamp};

/// PostgreSQL's advisory lock of [`OutboxTurn`].
const OUTBOX_LOCK: i64 = 0x6c65_6164_6f75_7462;

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

/// Held by the process that sees to what was left in the outbox; dropped, or with its process gone, it is free.
#[derive(Debug)]
pub struct OutboxTurn(Option<(DatabaseConnection, DatabaseTransaction)>);

impl OutboxTurn {
    /// Lets the next one.
    pub async fn end(self) -> Result<(), StoreError> {
        if let Some((pool, transaction)) = self.0 {
            transaction.commit().await?;
            pool.close().await?;
        }
        Ok(())
    }
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
        let row =
            outbox::ActiveModel { id: Set(note.id.0), request_id: Set(note.request.0), at: Set(note.at.0), body: Set(note.body.clone()) };
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
        self.outbox_before(Timestamp(i64::MAX), after, limit).await
    }

    /// The same of operations that began before `at`.
    pub async fn outbox_before(&self, at: Timestamp, after: Option<Id>, limit: u64) -> Result<Vec<OutboxRow>, StoreError> {
        let after = after.map_or(-1, |id| id.0);
        let query = outbox::Entity::find().filter(outbox::Column::Id.gt(after)).filter(outbox::Column::At.lt(at.0));
        let query = query.order_by_asc(outbox::Column::Id).limit(limit);
        let row = |row: outbox::Model| OutboxRow { id: Id(row.id), request: Id(row.request_id), at: Timestamp(row.at), body: row.body };
        Ok(query.all(&self.0.main).await?.into_iter().map(row).collect())
    }

    /// The right to see to what was left in the outbox, which one process has at a time; `None` if another has it and
    /// `wait` is false. SQLite has one server, which does one thing after the other.
    pub async fn outbox_turn(&self, wait: bool) -> Result<Option<OutboxTurn>, StoreError> {
        let Location::Postgres(url) = &self.0.location else { return Ok(Some(OutboxTurn(None))) };
        // A connection of its own: it stands still while others do the work.
        let pool = super::open::postgres(url, 1).await?;
        let transaction = pool.begin().await?;
        let name = if wait { "pg_advisory_xact_lock" } else { "pg_try_advisory_xact_lock" };
        let lock = Query::select().expr(Func::cust(name).arg(OUTBOX_LOCK)).take();
        let row = transaction.query_one(&lock).await?.ok_or(StoreError::Closed)?;
        let mine = wait || row.try_get_by_index(0)?;
        Ok(mine.then_some(OutboxTurn(Some((pool, transaction)))))
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
