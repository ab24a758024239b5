//! Writing: whole transactions, durable when the call returns.
//!
//! PostgreSQL gives every transaction a connection of its own; SQLite has one writer ([`super::group`]).

use std::sync::Arc;

use sea_orm::{DatabaseConnection, TransactionTrait};

use super::{
    Store, StoreError,
    group::Group,
    kept::Kept,
    transaction::{Tx, Work},
};

/// Who writes the main database.
#[derive(Debug)]
pub(super) enum Writer {
    /// The one thread that does.
    Group(Group),
    /// Every transaction on a connection of its own; those of one statement on kept ones.
    Own(DatabaseConnection, Arc<Kept>),
}

impl Store {
    /// Runs `work` in a transaction; commits if it returns `Ok`, takes everything back if `Err`. When this returns
    /// `Ok`, the disk has it. An error of the commit itself says nothing about whether it happened.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.0.writer {
            Writer::Own(pool, _) => {
                let transaction = pool.begin().await.map_err(StoreError::from)?;
                let result = work(Tx(&transaction)).await;
                let ended = if result.is_ok() { transaction.commit().await } else { transaction.rollback().await };
                ended.map_err(StoreError::from)?;
                result
            }
            Writer::Group(group) => group.write(work).await,
        }
    }
}
