//! Files that only their owner may read.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::StoreError;

/// Makes `file` with mode 0600 if it is missing, and its folder with 0700.
pub fn create_file(file: &Path) -> Result<(), StoreError> {
    let named = |error| StoreError::File(file.display().to_string(), error);
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(named)?;
    }
    open(file).map(drop).map_err(named)
}

/// Replaces the content of `file`, which gets mode 0600, and waits until the disk has it.
pub fn write_file(file: &Path, content: &[u8]) -> Result<(), StoreError> {
    create_file(file)?;
    let written = open(file).and_then(|mut open| {
        open.set_len(0)?;
        open.write_all(content)?;
        open.sync_all()
    });
    written.map_err(|error| StoreError::File(file.display().to_string(), error))
}

fn open(file: &Path) -> std::io::Result<File> {
    let open = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(file)?;
    // A file that was there already keeps the mode it had; that may be a wider one.
    open.set_permissions(Permissions::from_mode(0o600))?;
    Ok(open)
}
