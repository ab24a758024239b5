//! The ledger's key file: `keys/ledger.pem` in the data folder, mode 0600.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    domain::{Random, clock::random_bytes},
    ledger::LedgerKey,
    store::{Store, StoreError, private},
};

/// Where the key lies in this data folder.
pub fn file(data: &Path) -> PathBuf {
    data.join("keys").join("ledger.pem")
}

/// Reads the key; `None` if there is no file.
pub fn load(data: &Path) -> Result<Option<LedgerKey>, StoreError> {
    let file = file(data);
    match std::fs::read_to_string(&file) {
        Ok(pem) => match LedgerKey::from_pem(&pem) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(StoreError::Unsafe(format!("{}: {error}", file.display()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::File(file.display().to_string(), error)),
    }
}

/// Reads the key, or makes one for a ledger that has nothing in it yet. A ledger with entries whose key is gone is
/// refused: another key could not vouch for what the first has signed.
pub async fn load_or_create(data: &Path, store: &Store, random: &dyn Random) -> Result<LedgerKey, StoreError> {
    if let Some(key) = load(data)? {
        return Ok(key);
    }
    let file = file(data);
    if store.ledger_epoch_after(None).await?.is_some() {
        return Err(StoreError::Unsafe(format!("{} is missing, but the ledger has entries; restore it from a backup", file.display())));
    }
    let key = LedgerKey::from_seed(&random_bytes(random));
    let pem = key.to_pem().map_err(|error| StoreError::Unsafe(error.to_string()))?;
    private::write_file(&file, pem.as_bytes())?;
    Ok(key)
}
