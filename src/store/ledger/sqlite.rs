//! The ledger in a file of its own: one thread with the only connection that writes.

use std::{
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Batch, Folded, NewDetail, SignHead, TailRow, digest,
    fold::{Growing, OPEN, Open, STATE, State},
};
use crate::{
    domain::{Id, Timestamp},
    store::{StoreError, wal::Checkpointer},
};

type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> bool + Send>;

/// After about so many written bytes the write-ahead log is copied into the file.
const CHECKPOINT_EVERY: usize = 4 << 20;

/// The thread's queue.
pub(super) struct Thread {
    jobs: mpsc::Sender<Job>,
    checkpointer: Checkpointer,
    written: AtomicUsize,
}

impl Thread {
    pub(super) fn start(file: PathBuf) -> Result<Self, StoreError> {
        let first = connect(&file)?;
        let checkpointer = Checkpointer::start(file.clone())?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let run = move || {
            let mut connection = Some(first);
            while let Ok(job) = queue.recv() {
                match connection.take().map_or_else(|| connect(&file), Ok) {
                    Ok(mut open) => connection = job(Ok(&mut open)).then_some(open),
                    Err(error) => drop(job(Err(error))),
                }
            }
        };
        spawn("ledger-writer", run)?;
        Ok(Self { jobs, checkpointer, written: AtomicUsize::new(0) })
    }

    /// Runs `work` on the writing connection, which is given up if it fails.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.and_then(work);
            let healthy = result.is_ok();
            // A receiver that is gone has given up waiting; there is nobody to tell.
            let _ = answer.send(result);
            healthy
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        let bytes: usize = batch.entries.iter().map(|entry| 2 * entry.body.len()).sum();
        self.run(move |connection| append(connection, &batch)).await?;
        // Every commit writes a few whole pages besides the entries.
        if self.written.fetch_add(bytes + 12_288, Ordering::Relaxed) > CHECKPOINT_EVERY {
            self.written.store(0, Ordering::Relaxed);
            self.checkpointer.ring();
        }
        Ok(())
    }

    pub(super) async fn tail(&self) -> Result<Option<TailRow>, StoreError> {
        self.run(|connection| tail(connection)).await
    }

    pub(super) async fn fold(&self, now: Timestamp, sign: &SignHead) -> Result<Folded, StoreError> {
        let sign = SignHead::clone(sign);
        self.run(move |connection| fold(connection, now, &sign)).await
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map(drop).map_err(|error| StoreError::File(name.to_owned(), error))
}

/// A connection whose commits are durable when they return. It never copies the write-ahead log back by itself, so
/// that no append waits for that.
fn connect(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::Unsafe(format!("SQLite answers journal_mode={mode}, synchronous={synchronous} for the ledger")));
    }
    Ok(connection)
}

fn append(connection: &mut Connection, batch: &Batch) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(at) = batch.begins {
        transaction.execute("INSERT INTO ledger_epoch (id, started_at) VALUES (?1, ?2)", params![batch.epoch.0, at.0])?;
    }
    {
        let mut put = transaction.prepare_cached("INSERT INTO ledger_entry (epoch, rseq, leaf, body) VALUES (?1, ?2, ?3, ?4)")?;
        for entry in &batch.entries {
            put.execute(params![batch.epoch.0, entry.rseq as i64, entry.leaf, entry.body])?;
        }
    }
    for entry in &batch.entries {
        if let Some(NewDetail { salt, variables, response }) = &entry.detail {
            let put = "INSERT INTO ledger_detail (epoch, rseq, salt, variables, response) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut put = transaction.prepare_cached(put)?;
            put.execute(params![batch.epoch.0, entry.rseq as i64, salt, variables, response])?;
        }
        if let Some((sha256, text)) = &entry.document {
            let mut put =
                transaction.prepare_cached("INSERT INTO ledger_document (sha256, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            put.execute(params![sha256, text.as_bytes()])?;
        }
    }
    Ok(transaction.commit()?)
}

fn tail(connection: &Connection) -> Result<Option<TailRow>, StoreError> {
    let mut query = connection.prepare_cached("SELECT epoch, rseq, leaf FROM ledger_entry ORDER BY epoch DESC, rseq DESC LIMIT 1")?;
    let row = query.query_row([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?))).optional()?;
    row.map(|(epoch, rseq, leaf)| Ok(TailRow { epoch: Id(epoch), rseq: rseq as u64, leaf: digest(leaf)? })).transpose()
}

fn open(connection: &Connection) -> Result<Vec<Open>, StoreError> {
    let mut query = connection.prepare_cached(OPEN)?;
    let rows = query.query_map([], |row| Ok(Open { epoch: row.get(0)?, folded: row.get(1)?, total: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn fold(connection: &mut Connection, now: Timestamp, sign: &SignHead) -> Result<Folded, StoreError> {
    // Looked at before the lock is taken: mostly there is nothing to do.
    if open(connection)?.is_empty() {
        let size: i64 = connection.query_row("SELECT COALESCE(MAX(size), 0) FROM ledger_checkpoint", [], |row| row.get(0))?;
        return Ok(Folded { size: size as u64, more: false });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let state = transaction.query_row(STATE, [], |row| {
        let pair = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.zip(row.get::<_, Option<Vec<u8>>>(at + 1)?));
        Ok(State { edge: pair(0)?, head: pair(2)? })
    })?;
    let mut tree = Growing::from(state)?;
    let before = tree.edge.size();
    for open in open(&transaction)? {
        let until = tree.until(&open);
        let mut query =
            transaction.prepare_cached("SELECT leaf FROM ledger_entry WHERE epoch = ?1 AND rseq >= ?2 AND rseq < ?3 ORDER BY rseq")?;
        let leaves = query.query_map(params![open.epoch, open.folded, until], |row| row.get::<_, [u8; 32]>(0))?;
        let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
        let run = tree.take(&open, until, &leaves)?;
        if run.length > 0 {
            let mut put =
                transaction.prepare_cached("INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES (?1, ?2, ?3, ?4)")?;
            put.execute(params![run.first_index, open.epoch, open.folded, run.length])?;
        }
    }
    let (size, root) = (tree.edge.size(), tree.edge.root());
    if size == before {
        return Ok(Folded { size, more: tree.more });
    }
    let edge = "INSERT INTO ledger_edge (id, size, roots) VALUES (1, ?1, ?2) ON CONFLICT (id) DO UPDATE SET size = ?1, roots = ?2";
    transaction.execute(edge, params![size as i64, tree.edge.to_bytes()])?;
    let head = "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (?1, ?2, ?3, ?4)";
    transaction.execute(head, params![size as i64, root, sign(size, root), now.0])?;
    transaction.commit()?;
    Ok(Folded { size, more: tree.more })
}
