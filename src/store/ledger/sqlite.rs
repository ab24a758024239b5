//! The ledger in a file of its own: one thread with the only connection that writes.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Batch, Folded, NewDetail, Sequencing, TailRow,
    fold::{CLOSE, EDGE, Growing, Grown, HEAD, OPEN, Open, PAGE, Row},
};
use crate::{
    domain::{Id, Timestamp},
    ledger::tree,
    store::{StoreError, plain, wal::Checkpointer},
};

type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> bool + Send>;

/// Each time the write-ahead log has so many pages more it is copied into the file.
const COPY_EVERY: i32 = 1_024;

thread_local! {
    /// How many pages the log had after this thread's last commit.
    static LOG: Cell<i32> = const { Cell::new(0) };
}

/// The thread's queue.
pub(super) struct Thread {
    jobs: mpsc::Sender<Job>,
}

impl Thread {
    pub(super) fn start(file: PathBuf) -> Result<Self, StoreError> {
        let first = connect(&file)?;
        let checkpointer = Checkpointer::start(file.clone())?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let run = move || {
            let (mut connection, mut copied) = (Some(first), 0);
            while let Ok(job) = queue.recv() {
                match connection.take().map_or_else(|| connect(&file), Ok) {
                    Ok(mut open) => {
                        let healthy = catch_unwind(AssertUnwindSafe(|| job(Ok(&mut open)))).unwrap_or(false);
                        connection = healthy.then_some(open);
                    }
                    Err(error) => drop(job(Err(error))),
                }
                let pages = LOG.get();
                // With fewer than before it was begun anew.
                copied = if pages < copied { 0 } else { copied };
                if pages - copied >= COPY_EVERY {
                    copied = pages;
                    checkpointer.ring();
                }
            }
        };
        spawn("ledger-writer", run)?;
        Ok(Self { jobs })
    }

    /// Runs `work` on the writing connection, which is given up if it fails.
    pub(super) async fn run<T: Send + 'static>(
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
        self.run(move |connection| append(connection, &batch)).await
    }

    pub(super) async fn tail(&self) -> Result<Option<TailRow>, StoreError> {
        self.run(|connection| tail(connection)).await
    }

    pub(super) async fn fold(&self, now: Timestamp, sequencing: &Arc<Sequencing>) -> Result<Folded, StoreError> {
        let sequencing = Arc::clone(sequencing);
        self.run(move |connection| fold(connection, now, &sequencing)).await
    }

    pub(super) async fn close_epochs(&self, before: Timestamp) -> Result<(), StoreError> {
        self.run(move |connection| Ok(connection.execute(CLOSE, [before.0]).map(drop)?)).await
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map(drop).map_err(|error| StoreError::File(name.to_owned(), error))
}

/// A connection that writes. It never copies the write-ahead log back by itself, so that no append waits for that.
fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = plain::connect(file)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // After the pragma, which would take its place.
    connection.wal_hook(Some(|_, pages| {
        LOG.set(pages);
        Ok(())
    }));
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
    let mut query = connection.prepare_cached("SELECT epoch, rseq, body FROM ledger_entry ORDER BY epoch DESC, rseq DESC LIMIT 1")?;
    let row = query.query_row([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))).optional()?;
    Ok(row.map(|(epoch, rseq, body)| TailRow { epoch: Id(epoch), rseq: rseq as u64, leaf: tree::leaf(&body) }))
}

fn open(connection: &Connection) -> Result<Vec<Open>, StoreError> {
    let mut query = connection.prepare_cached(OPEN)?;
    let rows = query.query_map([], |row| Ok(Open { epoch: row.get(0)?, folded: row.get(1)?, total: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn body(connection: &Connection, epoch: i64, rseq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut query = connection.prepare_cached("SELECT body FROM ledger_entry WHERE epoch = ?1 AND rseq = ?2")?;
    Ok(query.query_row(params![epoch, rseq], |row| row.get(0)).optional()?)
}

fn rows(connection: &Connection, epoch: i64, from: i64, until: i64) -> Result<Vec<Row>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT rseq, leaf, body FROM ledger_entry WHERE epoch = ?1 AND rseq >= ?2 AND rseq < ?3 ORDER BY rseq LIMIT ?4")?;
    let rows =
        query.query_map(params![epoch, from, until, PAGE], |row| Ok(Row { rseq: row.get(0)?, leaf: row.get(1)?, body: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn fold(connection: &mut Connection, now: Timestamp, sequencing: &Sequencing) -> Result<Folded, StoreError> {
    // Looked at before the lock is taken: mostly there is nothing to do.
    if open(connection)?.is_empty() {
        let size: i64 = connection.query_row("SELECT COALESCE(MAX(size), 0) FROM ledger_checkpoint", [], |row| row.get(0))?;
        return Ok(Folded { size: size as u64, more: false, refused: Vec::new() });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let edge = transaction.prepare_cached(EDGE)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let head = transaction.query_row(HEAD, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let mut tree = Growing::from(edge, head)?;
    for open in open(&transaction)? {
        let before = if open.folded > 0 { body(&transaction, open.epoch, open.folded - 1)? } else { None };
        let Some(mut taking) = tree.begin(open, before.as_deref()) else { continue };
        while taking.next < taking.until {
            let rows = rows(&transaction, open.epoch, taking.next, taking.until)?;
            let tail = Growing::follows(&taking, &rows, sequencing);
            let followed = tail.map(|(epoch, rseq)| body(&transaction, epoch.0, rseq as i64)).transpose()?.flatten();
            Growing::follow(&mut taking, followed.as_deref());
            if !tree.take(&mut taking, &rows, sequencing) {
                break;
            }
        }
        let length = tree.end(&taking);
        if length > 0 {
            let mut put =
                transaction.prepare_cached("INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES (?1, ?2, ?3, ?4)")?;
            put.execute(params![taking.first_index, open.epoch, open.folded, length])?;
            transaction.prepare_cached("UPDATE ledger_open SET at = ?2 WHERE epoch = ?1")?.execute([open.epoch, now.0])?;
        }
    }
    let grown = tree.finish();
    if grown.larger {
        put(&transaction, &grown, now, sequencing)?;
        transaction.commit()?;
    }
    Ok(grown.folded)
}

fn put(transaction: &Connection, grown: &Grown, now: Timestamp, sequencing: &Sequencing) -> Result<(), StoreError> {
    for tile in &grown.full {
        let mut put = transaction.prepare_cached("INSERT INTO ledger_tile (level, number, hashes) VALUES (?1, ?2, ?3)")?;
        put.execute(params![i64::from(tile.level), tile.index as i64, tile.hashes.concat()])?;
    }
    for (level, hashes) in &grown.partial {
        let edge = "INSERT INTO ledger_edge (level, hashes) VALUES (?1, ?2) ON CONFLICT (level) DO UPDATE SET hashes = ?2";
        transaction.prepare_cached(edge)?.execute(params![level, hashes])?;
    }
    let head = "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (?1, ?2, ?3, ?4)";
    let note = (sequencing.sign)(grown.folded.size, grown.root);
    transaction.execute(head, params![grown.folded.size as i64, grown.root, note, now.0])?;
    Ok(())
}
