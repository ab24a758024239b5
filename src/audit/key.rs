//! The ledger's key file: `keys/ledger.pem` in the data folder, mode 0600.

use std::path::{Path, PathBuf};

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
    let key = private::read_file(&file)?.map(|pem| LedgerKey::from_pem(&pem));
    key.transpose().map_err(|error| StoreError::Unsafe(format!("{}: {error}", file.display())))
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
