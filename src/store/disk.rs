//! The disk under the databases: whether it is full, and the room that is kept on it for that case.
//!
//! SQLite: a file that takes up room is removed when a write finds none, so that what has begun can be ended in order; it is
//! made again as soon as there is room for it, and by that the disk is known not to be full any more. PostgreSQL's disk is
//! elsewhere: what it says is believed for a few seconds, then it is asked again.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FallocateFlags, fallocate},
    sys::statvfs::statvfs,
};

use super::{Location, StoreError};

/// The file that takes up room, in the data folder.
const RESERVE: &str = "reserve";
/// With fewer bytes free the disk counts as full.
const NOTHING: u64 = 256 * 1024;
/// So many bytes must be free beside the reserve before the disk counts as not full any more.
const SOME: u64 = 1024 * 1024;
/// How long PostgreSQL is believed that its disk is full.
const BELIEVED: Duration = Duration::from_secs(5);

/// What is known of the disk.
#[derive(Debug)]
pub struct Disk {
    /// Where the files are, if they are ours.
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When it was last found full, if it is.
    full: Option<Instant>,
    /// How many bytes to keep, if this process sees to that.
    keep: Option<u64>,
    /// Whether it was told that they cannot be.
    complained: bool,
}

/// How a disk stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskReport {
    /// Bytes that can still be written.
    pub free: u64,
    /// Bytes kept for the case that there are none.
    pub reserve: u64,
}

impl DiskReport {
    /// Whether there is nothing left to write to.
    pub const fn is_full(&self) -> bool {
        self.free < NOTHING
    }
}

impl Disk {
    /// That of these databases. If nothing can be written to it, the reserve is given up at once: opening them needs some room.
    pub(super) fn of(location: &Location) -> Self {
        let folder = if let Location::Folder(folder) = location { Some(folder.clone()) } else { None };
        let disk = Self { folder, state: Mutex::default() };
        if location.disk().is_some_and(|report| report.is_full()) {
            disk.found_full();
        }
        disk
    }

    /// Whether it is full, as far as this process knows.
    pub fn is_full(&self) -> bool {
        let mut state = self.state();
        if self.folder.is_none() && state.full.is_some_and(|found| found.elapsed() > BELIEVED) {
            state.full = None;
        }
        state.full.is_some()
    }

    /// Keeps so many bytes from now on, whenever [`Disk::look`] is called.
    pub fn keep(&self, bytes: u64) {
        self.state().keep = Some(bytes);
        self.look();
    }

    /// Looks whether there is room again, and for the reserve. Waits for the disk.
    pub fn look(&self) {
        let (was_full, keep) = {
            let state = self.state();
            (state.full.is_some(), state.keep)
        };
        let (Some(folder), Some(keep)) = (&self.folder, keep) else { return };
        let reserved = std::fs::metadata(folder.join(RESERVE)).is_ok_and(|reserve| reserve.len() == keep);
        if !was_full && (reserved || keep == 0) {
            return;
        }
        let room = free(folder).is_ok_and(|free| free >= keep.saturating_add(SOME));
        let lacking = !room || keep > 0 && reserve(folder, keep).is_err_and(|error| self.is_for_want_of_room(&error));
        match (was_full, lacking) {
            (true, false) => {
                tracing::warn!("there is room on the disk again");
                self.state().full = None;
            }
            (false, true) => self.found_full(),
            _ => {}
        }
    }

    /// Whether that is why no room could be kept. Anything else is told once: it is not what the disk is full of.
    fn is_for_want_of_room(&self, error: &io::Error) -> bool {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return true;
        }
        if !std::mem::replace(&mut self.state().complained, true) {
            tracing::warn!(%error, "no room can be kept for a full disk");
        }
        false
    }

    /// Takes note of a write that failed: whether for want of room. Then what was kept is released, and it can be tried once more.
    pub fn note(&self, error: &StoreError) -> bool {
        let full = error.is_disk_full() || error.is_io() && self.folder.as_deref().and_then(report).is_some_and(|report| report.is_full());
        if full {
            self.found_full();
        }
        full
    }

    /// Takes note that a write found no room.
    pub fn found_full(&self) {
        let known = self.is_full();
        self.state().full = Some(Instant::now());
        if !known {
            tracing::error!("the disk is full: leads are neither read nor changed until there is room");
        }
        if let Some(folder) = &self.folder
            && std::fs::remove_file(folder.join(RESERVE)).is_ok()
        {
            tracing::warn!("the room that was kept is released, so that what has begun can be ended");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Location {
    /// How the disk of these databases stands; `None` if it is PostgreSQL's, or cannot be asked.
    pub fn disk(&self) -> Option<DiskReport> {
        if let Self::Folder(folder) = self { report(folder) } else { None }
    }
}

fn report(folder: &Path) -> Option<DiskReport> {
    let free = free(folder).ok()?;
    Some(DiskReport { free, reserve: std::fs::metadata(folder.join(RESERVE)).map_or(0, |reserve| reserve.len()) })
}

fn free(folder: &Path) -> nix::Result<u64> {
    let about = statvfs(folder)?;
    Ok(about.blocks_available().saturating_mul(about.fragment_size()))
}

/// Takes up so many bytes, really and wholly or not at all.
fn reserve(folder: &Path, bytes: u64) -> io::Result<()> {
    let (new, file) = (folder.join("reserve.new"), folder.join(RESERVE));
    let taken = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new).and_then(|open| {
        fill(&open, bytes)?;
        open.sync_all()
    });
    taken.and_then(|()| std::fs::rename(&new, &file)).inspect_err(|_| {
        let _ = std::fs::remove_file(&new);
    })
}

fn fill(mut file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, i64::try_from(bytes).unwrap_or(i64::MAX)) {
        // Some file systems cannot set room aside without writing to it.
        Err(nix::Error::EOPNOTSUPP) => io::copy(&mut io::Read::take(io::repeat(0xa5), bytes), &mut file).map(drop),
        done => Ok(done?),
    }
}
