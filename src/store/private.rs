//! Files that only their owner may read.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{ErrorKind, Read, Write},
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

/// Reads `file`; `None` if it is missing. One that others may read or write is refused with the command that mends it.
pub fn read_file(file: &Path) -> Result<Option<String>, StoreError> {
    let named = |error| StoreError::File(file.display().to_string(), error);
    let mut open = match File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        open => open.map_err(named)?,
    };
    let mode = open.metadata().map_err(named)?.permissions().mode();
    if mode & 0o077 != 0 {
        let file = file.display();
        return Err(StoreError::Unsafe(format!("others may get at {file} (mode {:o}); run: chmod 600 {file}", mode & 0o777)));
    }
    let mut text = String::new();
    open.read_to_string(&mut text).map_err(named)?;
    Ok(Some(text))
}

/// Puts `content` in the place of what `file` held, wholly or not at all, and waits until the disk has it; mode 0600.
pub fn replace_file(file: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    write_file(beside, content)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let replaced = std::fs::rename(beside, file).and_then(|()| File::open(folder)?.sync_all());
    replaced.map_err(|error| StoreError::File(file.display().to_string(), error))
}

fn open(file: &Path) -> std::io::Result<File> {
    let open = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(file)?;
    // A file that was there already keeps the mode it had; that may be a wider one.
    open.set_permissions(Permissions::from_mode(0o600))?;
    Ok(open)
}
