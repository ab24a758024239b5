//! Writing: whole transactions, durable when the call returns.
//!
//! SQLite has one writer. What queues up while it is busy shares the next commit and so the next fsync; each piece of
//! work stands in its own savepoint, so that one that fails takes back nothing but itself.

use std::{future::Future, pin::Pin};

use sea_orm::{DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use super::{Store, StoreError};

/// An open transaction of the main database.
#[derive(Clone, Copy, Debug)]
pub struct Tx<'c>(pub(super) &'c DatabaseTransaction);

/// A future that borrows the transaction.
pub type Work<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// Called when it is known whether the commit succeeded.
type Finish = Box<dyn FnOnce(bool) + Send>;
/// Says whether to keep what it did.
type Run = Box<dyn for<'c> FnOnce(Tx<'c>) -> Work<'c, (bool, Finish)> + Send>;

/// A piece of work in the queue.
pub(super) struct Job {
    run: Run,
    /// Whether it stands in a savepoint of its own when it shares a commit.
    apart: bool,
}

/// How many pieces of work share a commit at most.
const BATCH: usize = 64;
/// How many may wait.
const QUEUE: usize = 1_024;

pub(super) enum Writer {
    /// One task with the only connection that writes.
    Group(mpsc::Sender<Job>),
    /// Every transaction on a connection of its own.
    Own(DatabaseConnection),
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Group(_) => "Group",
            Self::Own(_) => "Own",
        })
    }
}

impl Writer {
    pub(super) async fn group_commit<C, F>(connect: C) -> Result<Self, StoreError>
    where
        C: Fn() -> F + Send + 'static,
        F: Future<Output = Result<DatabaseConnection, StoreError>> + Send,
    {
        let mut connection = connect().await?;
        let (sender, mut queue) = mpsc::channel::<Job>(QUEUE);
        tokio::spawn(async move {
            while let Some(first) = queue.recv().await {
                let mut finishes = Vec::new();
                let committed = batch(&connection, first, &mut queue, &mut finishes).await;
                if let Err(error) = &committed {
                    // After a failed commit or fsync nobody knows what this handle has; start over with a new one.
                    tracing::error!(%error, "commit failed; reopening the database");
                    match connect().await {
                        Ok(fresh) => connection = fresh,
                        Err(error) => tracing::error!(%error, "could not reopen the database"),
                    }
                }
                for finish in finishes {
                    finish(committed.is_ok());
                }
            }
        });
        Ok(Self::Group(sender))
    }
}

async fn batch(
    connection: &DatabaseConnection,
    first: Job,
    queue: &mut mpsc::Receiver<Job>,
    finishes: &mut Vec<Finish>,
) -> Result<(), StoreError> {
    let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
    let outer = connection.begin_with_options(options).await?;
    let alone = queue.is_empty();
    let mut next = Some(first);
    while let Some(job) = next {
        if alone || !job.apart {
            let (keep, finish) = (job.run)(Tx(&outer)).await;
            finishes.push(finish);
            if !keep {
                outer.rollback().await?;
                // Alone it took back only itself; otherwise the others have to know.
                return if alone { Ok(()) } else { Err(StoreError::Closed) };
            }
        } else {
            let inner = outer.begin().await?;
            let (keep, finish) = (job.run)(Tx(&inner)).await;
            finishes.push(finish);
            let ended = if keep { inner.commit().await } else { inner.rollback().await };
            ended?;
        }
        next = if !alone && finishes.len() < BATCH { queue.try_recv().ok() } else { None };
    }
    Ok(outer.commit().await?)
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
        self.run(work, true).await
    }

    /// The same for work that was decided before: it fails by the database's own fault only. Then it may take back what
    /// shares its commit, which fails with it; that spares every such change a savepoint.
    pub async fn write_decided<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        self.run(work, false).await
    }

    async fn run<T, E, F>(&self, work: F, apart: bool) -> Result<T, E>
    where
        F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.0.writer {
            Writer::Own(pool) => {
                let transaction = pool.begin().await.map_err(StoreError::from)?;
                let result = work(Tx(&transaction)).await;
                let ended = if result.is_ok() { transaction.commit().await } else { transaction.rollback().await };
                ended.map_err(StoreError::from)?;
                result
            }
            Writer::Group(queue) => {
                let (answer, answered) = oneshot::channel();
                let run: Run = Box::new(move |tx| {
                    Box::pin(async move {
                        let result = work(tx).await;
                        let keep = result.is_ok();
                        let finish: Finish = Box::new(move |committed| {
                            // A receiver that is gone has given up waiting; there is nobody to tell.
                            let _ = answer.send(if committed { result } else { Err(StoreError::Closed.into()) });
                        });
                        (keep, finish)
                    })
                });
                queue.send(Job { run, apart }).await.map_err(|_| StoreError::Closed)?;
                answered.await.map_err(|_| StoreError::Closed)?
            }
        }
    }
}
