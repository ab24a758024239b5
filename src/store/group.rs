//! SQLite's one writer: a thread with a queue. What queues up while it is busy shares the next commit and so the next fsync.
//!
//! Work comes in two kinds, each with a connection of its own that only this thread uses, one at a time: through the ORM,
//! each piece in a savepoint, so that one that fails takes back nothing but itself; and plain, decided before, which
//! fails by the database's own fault only and then with all that shares its commit. A change of a lead is plain: through
//! the ORM every statement would cross threads twice.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    Disk, StoreError, plain,
    transaction::{Tx, Work},
};

/// How many pieces of work share a commit at most.
const BATCH: usize = 64;
/// How many may wait.
const QUEUE: usize = 1_024;

/// Called when it is known whether the commit succeeded. If it did not, whoever waits for what it would have kept hears nothing
/// more, and so knows.
type Finish = Box<dyn FnOnce(bool) + Send>;
/// Work through the ORM; says whether to keep what it did.
type Orm = Box<dyn for<'c> FnOnce(Tx<'c>) -> Work<'c, (bool, Finish)> + Send>;
/// Plain work; the same.
type Plain = Box<dyn FnOnce(&Transaction<'_>) -> (bool, Finish) + Send>;

enum Job {
    Orm(Orm),
    Plain(Plain),
}

/// The way to the writer, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    queue: mpsc::Sender<Job>,
    disk: Arc<Disk>,
}

impl Group {
    /// Starts the writer of `file`. `connect` opens the connection for the ORM.
    pub(super) async fn start<C, F>(file: &Path, disk: Arc<Disk>, connect: C) -> Result<Self, StoreError>
    where
        C: Fn() -> F + Send + 'static,
        F: Future<Output = Result<DatabaseConnection, StoreError>> + Send,
    {
        let (mut orm, mut plain) = (Some(connect().await?), Some(plain::connect(file)?));
        let (sender, mut queue) = mpsc::channel::<Job>(QUEUE);
        let (runtime, file, its_disk) = (Handle::current(), file.to_owned(), Arc::clone(&disk));
        let run = move || {
            let _inside = runtime.enter();
            let mut next = None;
            while let Some(first) = next.take().or_else(|| queue.blocking_recv()) {
                let mut batch = Batch { queue: &mut queue, next: &mut next, finishes: Vec::new() };
                // After a failed commit or fsync, or a panic, nobody knows what a handle has: the next batch opens a new one.
                let committed = match first {
                    Job::Orm(first) => caught(|| {
                        runtime.block_on(async {
                            let open = match orm.take() {
                                Some(open) => open,
                                None => connect().await?,
                            };
                            batch.orm(&open, first).await?;
                            orm = Some(open);
                            Ok::<_, StoreError>(())
                        })
                    }),
                    Job::Plain(first) => caught(|| {
                        let mut open = plain.take().map_or_else(|| plain::connect(&file), Ok)?;
                        batch.plain(&mut open, first)?;
                        plain = Some(open);
                        Ok(())
                    }),
                };
                if let Err(error) = &committed {
                    tracing::error!(%error, "commit failed; the database is opened anew");
                    its_disk.note(error);
                }
                for finish in batch.finishes {
                    finish(committed.is_ok());
                }
            }
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(run);
        thread.map_err(|error| StoreError::File("the writer's thread".into(), error))?;
        Ok(Self { queue: sender, disk })
    }

    /// Runs `work` through the ORM; as [`crate::store::Store::write`].
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Orm = Box::new(move |tx| Box::pin(async move { ending(work(tx).await, answer) }));
        self.queue.send(Job::Orm(run)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| self.lost())?
    }

    /// Runs plain `work`; as [`crate::store::Store::write`].
    pub(super) async fn plain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let run: Plain = Box::new(move |connection| ending(work(connection), answer));
        self.queue.send(Job::Plain(run)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| self.lost())?
    }

    /// Why there is no answer.
    fn lost(&self) -> StoreError {
        if self.disk.is_full() { StoreError::Full } else { StoreError::Closed }
    }
}

/// Whether to keep the work, and how whoever waits hears of it. One that is gone has given up waiting.
fn ending<T, E>(result: Result<T, E>, answer: oneshot::Sender<Result<T, E>>) -> (bool, Finish)
where
    T: Send + 'static,
    E: Send + 'static,
{
    let keep = result.is_ok();
    let finish = move |committed| {
        if committed || !keep {
            let _ = answer.send(result);
        }
    };
    (keep, Box::new(finish))
}

/// A panic is a failure of the batch, not of the writer.
fn caught(work: impl FnOnce() -> Result<(), StoreError>) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StoreError::Closed))
}

/// What shares a commit.
struct Batch<'q> {
    queue: &'q mut mpsc::Receiver<Job>,
    /// What came out of the queue and belongs to the next batch.
    next: &'q mut Option<Job>,
    finishes: Vec<Finish>,
}

impl Batch<'_> {
    /// The next piece of work that may share the commit.
    fn more<J>(&mut self, same_kind: impl Fn(Job) -> Result<J, Job>) -> Option<J> {
        if self.finishes.len() >= BATCH {
            return None;
        }
        match same_kind(self.queue.try_recv().ok()?) {
            Ok(job) => Some(job),
            Err(other) => {
                *self.next = Some(other);
                None
            }
        }
    }

    async fn orm(&mut self, connection: &DatabaseConnection, first: Orm) -> Result<(), StoreError> {
        let options =
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        let outer = connection.begin_with_options(options).await?;
        let mut job = Some(first);
        while let Some(run) = job {
            let inner = outer.begin().await?;
            let (keep, finish) = run(Tx(&inner)).await;
            self.finishes.push(finish);
            let ended = if keep { inner.commit().await } else { inner.rollback().await };
            ended?;
            job = self.more(|job| match job {
                Job::Orm(run) => Ok(run),
                other @ Job::Plain(_) => Err(other),
            });
        }
        Ok(outer.commit().await?)
    }

    fn plain(&mut self, connection: &mut Connection, first: Plain) -> Result<(), StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut job = Some(first);
        while let Some(run) = job {
            let (keep, finish) = run(&transaction);
            self.finishes.push(finish);
            if !keep {
                return Err(StoreError::Closed);
            }
            job = self.more(|job| match job {
                Job::Plain(run) => Ok(run),
                other @ Job::Orm(_) => Err(other),
            });
        }
        Ok(transaction.commit()?)
    }
}
