//! The key file of the trap: `keys/canary.key` in the data folder, mode 0600. All servers of one database need the same.

use std::path::{Path, PathBuf};

use crate::{
    domain::{Random, clock::random_bytes},
    store::{Store, StoreError, private},
    trap::Secret,
};

/// Where the key lies in this data folder.
pub fn file(data: &Path) -> PathBuf {
    data.join("keys").join("canary.key")
}

/// Reads the key, or makes one as long as there is no canary. If there are some and their key is gone that is refused: nothing
/// could be traced with another.
pub async fn load_or_create(data: &Path, store: &Store, random: &dyn Random) -> Result<Secret, StoreError> {
    let file = file(data);
    if let Some(text) = private::read_file(&file)? {
        return Secret::from_text(&text).ok_or_else(|| StoreError::Unsafe(format!("{} is no key", file.display())));
    }
    if !store.every_canary().await?.is_empty() {
        return Err(StoreError::Unsafe(format!("{} is missing, but there are canaries; restore it from a backup", file.display())));
    }
    let secret = Secret::new(random_bytes(random));
    private::write_file(&file, secret.to_text().as_bytes())?;
    Ok(secret)
}
