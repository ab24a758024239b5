//! A disk that misbehaves when a test says so: `faulty_disk.c` under the real program.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

use tempfile::{NamedTempFile, TempPath};

use super::Home;

const INSTALL: &str = "a C compiler is missing; install one with: apt-get update && apt-get install -y gcc libc6-dev";

/// What can be wrong with the disk. Chances are of a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The chance that a write fails (EIO).
    WriteError,
    /// The chance that half of a write is done and then it fails (EIO).
    TornWrite,
    /// The chance that half of a write is done and it says so.
    ShortWrite,
    /// The chance that a write finds no space (ENOSPC).
    NoSpace,
    /// The chance that a sync fails (EIO).
    SyncError,
    /// How much longer each sync takes (µs).
    SlowSync,
    /// How many bytes the files in the data folder may have together; 0: as many as there are. Counts refused writes.
    Room,
}

impl Fault {
    pub const ALL: [Self; 7] =
        [Self::WriteError, Self::TornWrite, Self::ShortWrite, Self::NoSpace, Self::SyncError, Self::SlowSync, Self::Room];
}

/// The disk under a home's data folder, for programs started with [`FaultyDisk::command`].
#[derive(Debug)]
pub struct FaultyDisk {
    control: File,
    path: TempPath,
    folder: PathBuf,
}

impl FaultyDisk {
    /// One that has nothing wrong with it yet.
    pub fn under(home: &Home, seed: u64) -> Self {
        let (control, path) = NamedTempFile::new().expect("a temporary file").into_parts();
        control.set_len(8 * (2 * Fault::ALL.len() as u64 + 1)).expect("room for it");
        let disk = Self { control, path, folder: home.folder().canonicalize().expect("the data folder") };
        disk.put(2 * Fault::ALL.len(), seed);
        disk
    }

    /// The program as it runs on this disk.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LD_PRELOAD", library()).env("FAULTY_DISK", &*self.path).env("FAULTY_DISK_FOLDER", &self.folder);
        command
    }

    /// From now on this is wrong, so often or so much.
    pub fn set(&self, fault: Fault, value: u64) {
        self.put(fault as usize, value);
    }

    /// From now on nothing is.
    pub fn mend(&self) {
        for fault in Fault::ALL {
            self.set(fault, 0);
        }
    }

    /// How often it has gone wrong so.
    pub fn seen(&self, fault: Fault) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, 8 * (Fault::ALL.len() + fault as usize) as u64).expect("what is there");
        u64::from_ne_bytes(bytes)
    }

    /// How many bytes the files in the data folder have together.
    pub fn used(&self) -> u64 {
        let files = std::fs::read_dir(&self.folder).expect("the data folder").flatten();
        files.filter_map(|file| file.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
    }

    fn put(&self, place: usize, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), 8 * place as u64).expect("what is there");
    }
}

/// The compiled layer, once per test process.
fn library() -> &'static Path {
    const LIBRARY: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/faulty_disk.so");
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/faulty_disk.c");
        // Another test process may be at it as well: whoever is last puts the same in its place.
        let mine = format!("{LIBRARY}.{}", std::process::id());
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o", &mine, source, "-ldl"]).output().expect(INSTALL);
        assert!(compiled.status.success(), "{INSTALL}\n{}", String::from_utf8_lossy(&compiled.stderr));
        std::fs::rename(mine, LIBRARY).expect("it can be put in its place");
    });
    Path::new(LIBRARY)
}
