//! This host's own memory of the log, a file outside of any database: the newest signed head. So a database that was put back to
//! an earlier state is noticed even where no witness is.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::compare::contradicted;
use crate::{
    app::Core,
    domain::Timestamp,
    ledger::{Checkpoint, key::Public},
    store::{Store, StoreError, ledger::outside::FoundBreach, private},
};

/// Where it lies in this data folder.
pub fn file(data: &Path) -> PathBuf {
    data.join("ledger.seen")
}

/// Compares the ledger with the newest head that this host has seen; what was found, unless it was acknowledged.
pub async fn examine(store: &Store, key: &Public, file: &Path, now: Timestamp) -> Result<Option<FoundBreach>, StoreError> {
    let note = match std::fs::read_to_string(file) {
        Ok(note) => note,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::File(file.display().to_string(), error)),
    };
    let Some(seen) = Checkpoint::open(&note, key) else {
        tracing::warn!(file = %file.display(), "is no head that this ledger's key has signed; it is not compared with");
        return Ok(None);
    };
    let Some(breach) = contradicted(store, key, &seen).await? else { return Ok(None) };
    if store.acknowledged().await?.iter().any(|known| known.breach.covers(&breach)) {
        return Ok(None);
    }
    Ok(Some(FoundBreach { breach, at: now, source: file.display().to_string() }))
}

/// Remembers the newest head, if it is not `last`; returns its size.
pub async fn remember(core: &Core, last: Option<u64>) -> Result<Option<u64>, StoreError> {
    let Some((size, note)) = core.store.ledger_checkpoint(None).await? else { return Ok(last) };
    if last != Some(size) {
        let file = core.outside.memory.clone();
        let written = tokio::task::spawn_blocking(move || private::replace_file(&file, note.as_bytes())).await;
        written.map_err(|_| StoreError::Closed)??;
    }
    Ok(Some(size))
}
