//! The ledger in a file of its own: one connection that writes, and one that reads what is to be folded.
//!
//! Appends are made on the thread of the task that makes them, without a way to another and back for each commit.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tokio::{
    runtime,
    sync::{Mutex, oneshot},
    task::{JoinHandle, spawn_blocking, yield_now},
};

use super::{
    Batch, Folded, NewDetail, Sequencing, TailRow,
    fold::{CLOSE, EDGE, Growing, Grown, HEAD, OPEN, Open, PAGE, Row},
};
use crate::{
    domain::{Id, Timestamp},
    ledger::tree,
    store::{StoreError, plain, wal::Checkpointer},
};

/// Each time the write-ahead log has so many pages more it is copied into the file.
const COPY_EVERY: i32 = 1_024;

thread_local! {
    /// How many pages the log has, if this thread has committed since it was asked.
    static LOG: Cell<Option<i32>> = const { Cell::new(None) };
}

/// The file. Who writes first comes first.
pub(super) struct File {
    writer: Arc<Mutex<Handle>>,
    /// Reads and hashes what is to be folded, so that appends wait only for what comes of it.
    folder: Arc<Mutex<Handle>>,
    /// One fold at a time: a second would read the same.
    folding: Mutex<()>,
}

impl File {
    pub(super) fn open(file: &Path) -> Result<Self, StoreError> {
        let checkpointer = Checkpointer::start(file.to_owned())?;
        let mut copied = 0;
        let written = move || {
            let Some(pages) = LOG.take() else { return };
            // With fewer than before it was begun anew.
            copied = if pages < copied { 0 } else { copied };
            if pages - copied >= COPY_EVERY {
                copied = pages;
                checkpointer.ring();
            }
        };
        let shared = |handle| Arc::new(Mutex::new(handle));
        let writer = shared(Handle::open(file, connect, written)?);
        let folder = shared(Handle::open(file, connect_to_read, || {})?);
        Ok(Self { writer, folder, folding: Mutex::default() })
    }

    /// Runs the task that appends on a thread of its own. What it starts, and what it asks of others, runs where this is called.
    pub(super) fn drive(task: impl Future<Output = ()> + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
        let around = runtime::Handle::current();
        let (lives, ended) = oneshot::channel::<()>();
        let (kept, aborted) = oneshot::channel::<()>();
        let run = move || {
            around.block_on(async move {
                let _lives = lives;
                tokio::select! {
                    biased;
                    _ = aborted => {}
                    () = task => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("ledger-writer".into()).spawn(run);
        thread.map_err(|error| StoreError::File("the ledger's thread".into(), error))?;
        Ok(tokio::spawn(async move {
            let _kept = kept;
            let _ = ended.await;
        }))
    }

    /// Runs `work` on the writing connection, which is given up if it fails.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        aside(&self.writer, work).await
    }

    /// Blocks the thread, which [`File::drive`] has made for it.
    pub(super) async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        // Where the task can be ended, as it can be where nothing blocks.
        yield_now().await;
        self.writer.lock().await.run(|connection| append(connection, batch))
    }

    pub(super) async fn tail(&self) -> Result<Option<TailRow>, StoreError> {
        self.run(|connection| tail(connection)).await
    }

    pub(super) async fn fold(&self, now: Timestamp, sequencing: &Arc<Sequencing>) -> Result<Folded, StoreError> {
        let _alone = self.folding.lock().await;
        let said = Arc::clone(sequencing);
        let grown = aside(&self.folder, move |connection| grown(connection, &said)).await?;
        if grown.folded.size == grown.before {
            return Ok(grown.folded);
        }
        let sign = Arc::clone(sequencing);
        self.run(move |connection| put(connection, grown, now, &sign)).await
    }

    pub(super) async fn close_epochs(&self, before: Timestamp) -> Result<(), StoreError> {
        self.run(move |connection| Ok(connection.execute(CLOSE, [before.0]).map(drop)?)).await
    }
}

/// A connection, made anew after anything that failed on it.
struct Handle {
    connect: Box<dyn Fn() -> Result<Connection, StoreError> + Send>,
    open: Option<Connection>,
    /// Called after each work.
    done: Box<dyn FnMut() + Send>,
}

impl Handle {
    fn open(
        file: &Path,
        connect: fn(&Path) -> Result<Connection, StoreError>,
        done: impl FnMut() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let open = Some(connect(file)?);
        let file = file.to_owned();
        Ok(Self { connect: Box::new(move || connect(&file)), open, done: Box::new(done) })
    }

    fn run<T>(&mut self, work: impl FnOnce(&mut Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut open = self.open.take().map_or_else(&self.connect, Ok)?;
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut open))).unwrap_or(Err(StoreError::Closed));
        self.open = result.is_ok().then_some(open);
        (self.done)();
        result
    }
}

/// Runs `work` where it may block. The handle is taken there, so that nobody waits for one whose work cannot begin.
async fn aside<T: Send + 'static>(
    handle: &Arc<Mutex<Handle>>,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let handle = Arc::clone(handle);
    spawn_blocking(move || handle.blocking_lock().run(work)).await.map_err(|_| StoreError::Closed)?
}

/// A connection that writes. It never copies the write-ahead log back by itself, so that no append waits for that.
fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = plain::connect(file)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // After the pragma, which would take its place.
    connection.wal_hook(Some(|_, pages| {
        LOG.set(Some(pages));
        Ok(())
    }));
    Ok(connection)
}

/// A connection that reads each page once, and soon after it was written.
fn connect_to_read(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
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
    let rows = query.query_map([], |row| Ok(Open { epoch: row.get(0)?, folded: row.get(1)?, total: row.get(2)?, before: row.get(3)? }))?;
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

/// The tree as it grows by what has no place yet; nothing is written.
fn grown(connection: &mut Connection, sequencing: &Sequencing) -> Result<Grown, StoreError> {
    let transaction = connection.transaction()?;
    let edge = transaction.prepare_cached(EDGE)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let head = transaction.query_row(HEAD, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let mut tree = Growing::from(edge, head)?;
    for open in open(&transaction)? {
        let Some(mut taking) = tree.begin(open) else { continue };
        while taking.next < taking.until {
            let rows = rows(&transaction, taking.epoch, taking.next, taking.until)?;
            let tail = Growing::follows(&taking, &rows, sequencing);
            let followed = tail.map(|(epoch, rseq)| body(&transaction, epoch.0, rseq as i64)).transpose()?.flatten();
            Growing::follow(&mut taking, followed.as_deref());
            if !tree.take(&mut taking, &rows, sequencing) {
                break;
            }
        }
        tree.end(&taking);
    }
    Ok(tree.finish())
}

/// Writes how it grew, unless another process has let it grow meanwhile: then there is more to do.
fn put(connection: &mut Connection, grown: Grown, now: Timestamp, sequencing: &Sequencing) -> Result<Folded, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let size: i64 = transaction.query_row("SELECT COALESCE(MAX(size), 0) FROM ledger_checkpoint", [], |row| row.get(0))?;
    if size as u64 != grown.before {
        return Ok(Folded { size: size as u64, more: true, ..grown.folded });
    }
    for run in &grown.runs {
        let mut put =
            transaction.prepare_cached("INSERT INTO ledger_run (first_index, epoch, first_rseq, length) VALUES (?1, ?2, ?3, ?4)")?;
        put.execute([run.first_index, run.epoch, run.first_rseq, run.length])?;
        transaction.prepare_cached("UPDATE ledger_open SET at = ?2 WHERE epoch = ?1")?.execute([run.epoch, now.0])?;
    }
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
    transaction.commit()?;
    Ok(grown.folded)
}
