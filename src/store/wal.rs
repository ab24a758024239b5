//! Copying the ledger's write-ahead log back into its file, on a thread of its own so that no append waits for it.
//!
//! The main database copies its own after a commit: measured, changes of single leads were slower beside a thread that syncs
//! their scattered pages.

use std::{path::PathBuf, sync::mpsc, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// A log of more pages than this is begun anew, for which writers wait a moment.
const LONG_LOG: i64 = 16_384;

/// The thread's bell. The thread ends when it is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer(mpsc::SyncSender<()>);

impl Checkpointer {
    /// Starts the thread for this file.
    pub(super) fn start(file: PathBuf) -> Result<Self, StoreError> {
        let connection = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        // A long reader must not make the checkpointer hold up writers; the next ring tries again.
        connection.busy_timeout(Duration::from_millis(50))?;
        let (ring, bell) = mpsc::sync_channel(1);
        let run = move || {
            for () in bell {
                checkpoint(&connection);
            }
        };
        let thread = std::thread::Builder::new().name("checkpointer".into()).spawn(run);
        thread.map_err(|error| StoreError::File(file.display().to_string(), error))?;
        Ok(Self(ring))
    }

    /// Asks for a copy. A bell that has been rung already will be answered.
    pub(super) fn ring(&self) {
        let _ = self.0.try_send(());
    }
}

fn checkpoint(connection: &Connection) {
    // The answer's second column is how many pages the log has.
    let run = |statement| connection.query_row(statement, [], |row| row.get::<_, i64>(1));
    match run("PRAGMA wal_checkpoint(PASSIVE)") {
        Ok(pages) if pages > LONG_LOG => {
            if let Err(error) = run("PRAGMA wal_checkpoint(RESTART)") {
                tracing::warn!(%error, "a write-ahead log grows; a reader holds it");
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "could not copy a write-ahead log"),
    }
}
