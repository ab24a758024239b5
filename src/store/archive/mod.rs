//! Segments of the log as files, outside of the database: a folder, or a store that speaks S3. What is read from them is compared
//! with the tree's tiles, which stay in the database.

mod file;
mod lock;
mod place;
mod read;
mod settings;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use sha2::{Digest as _, Sha256};

pub use file::{ArchiveRow, Header};
pub use settings::Settings;

use super::{StoreError, ledger::segment::SegmentRow as Segment};
use crate::domain::{Digest, Id};

/// Row groups that are kept in memory at most; one may be some megabytes.
const KEPT: usize = 8;

/// An entry as a segment holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Its place in the tree.
    pub index: u64,
    /// Its epoch.
    pub epoch: Id,
    /// Its number there.
    pub rseq: u64,
    /// The hash of its bytes, computed.
    pub leaf: Digest,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Some entries of a segment, read together.
pub(super) type Group = Arc<Vec<Archived>>;

/// Where segments lie.
pub struct Archive {
    place: Box<dyn ObjectStore>,
    prefix: Path,
    /// Row groups read last: the segment's first index, the group's number.
    kept: Mutex<VecDeque<(u64, usize, Group)>>,
    /// Segments whose entries have left the database.
    known: Mutex<Vec<Segment>>,
    /// The footers of segments read last.
    footers: Mutex<VecDeque<(u64, read::Footer)>>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({})", self.place)
    }
}

impl Archive {
    /// The archive at this URL: `file:///folder`, made if it is missing, or `s3://bucket/prefix`, with what else is needed to reach
    /// it from the environment (`AWS_…`).
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let (place, prefix) = place::open(url)?;
        Ok(Self { place, prefix, kept: Mutex::default(), known: Mutex::default(), footers: Mutex::default() })
    }

    /// Writes a segment; returns the SHA-256 of the file and its size. What is there already is replaced.
    pub async fn write(&self, header: &Header, rows: Vec<ArchiveRow>) -> Result<(Digest, u64), StoreError> {
        let header = header.clone();
        let name = name(header.from, header.until);
        let bytes = tokio::task::spawn_blocking(move || file::write(&header, &rows)).await.map_err(|_| StoreError::Closed)??;
        let sha256 = Sha256::digest(&bytes).into();
        let size = bytes.len() as u64;
        self.put(&name, bytes).await?;
        Ok((sha256, size))
    }

    /// Puts a small file beside the segments.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let path = self.path(name);
        self.place.put(&path, PutPayload::from(bytes)).await.map_err(|error| unreachable(&path, &error))?;
        Ok(())
    }

    /// Reads a whole segment and compares it with the hash that was recorded.
    pub async fn check(&self, segment: &Segment) -> Result<(), StoreError> {
        let path = self.path(&name(segment.first, segment.until));
        let bytes = match self.place.get(&path).await {
            Ok(found) => found.bytes().await.map_err(|error| unreachable(&path, &error))?,
            Err(object_store::Error::NotFound { .. }) => return Err(missing(segment)),
            Err(error) => return Err(unreachable(&path, &error)),
        };
        if Sha256::digest(&bytes)[..] != segment.sha256 {
            return Err(altered(segment));
        }
        Ok(())
    }

    /// The entries that are read together with this one, and whether somebody has to compare them with the tree before they are
    /// used and [kept](Self::keep).
    pub(super) async fn group_of(&self, segment: &Segment, index: u64) -> Result<(Group, bool), StoreError> {
        let number = ((index - segment.first) / file::GROUP) as usize;
        match self.kept(segment.first, number) {
            Some(group) => Ok((group, false)),
            None => Ok((self.group(segment, number).await?, true)),
        }
    }

    /// Keeps entries in memory that were compared with the tree.
    pub(super) fn keep(&self, segment: &Segment, group: &Group) {
        let Some(entry) = group.first() else { return };
        let number = ((entry.index - segment.first) / file::GROUP) as usize;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((segment.first, number, Arc::clone(group)));
        kept.truncate(KEPT);
    }

    /// The segment that this place of the tree lies in, of those known from before.
    pub(super) fn known(&self, index: u64) -> Option<Segment> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|segment| (segment.first..segment.until).contains(&index)).copied()
    }

    /// Remembers the segments whose entries have left the database; they never come back.
    pub(super) fn know(&self, segments: Vec<Segment>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = segments;
    }

    fn kept(&self, first: u64, number: usize) -> Option<Group> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(segment, group, _)| (*segment, *group) == (first, number)).map(|(.., group)| Arc::clone(group))
    }

    async fn group(&self, segment: &Segment, number: usize) -> Result<Group, StoreError> {
        let path = self.path(&name(segment.first, segment.until));
        let footer = self.footer(segment, &path).await?;
        let range = footer.range(number).ok_or_else(|| altered(segment))?;
        let bytes = self.range(segment, &path, range.clone()).await?;
        let first = segment.first + number as u64 * file::GROUP;
        let read = move || read::group(&footer, number, range.start, bytes, first);
        // What is no Parquet file any more may make its reader panic.
        let entries = tokio::task::spawn_blocking(read).await.ok().flatten().ok_or_else(|| altered(segment))?;
        Ok(Arc::new(entries))
    }

    async fn footer(&self, segment: &Segment, path: &Path) -> Result<read::Footer, StoreError> {
        let known = |footers: &VecDeque<(u64, read::Footer)>| {
            footers.iter().find(|(first, _)| *first == segment.first).map(|(_, footer)| footer.clone())
        };
        if let Some(footer) = known(&self.footers.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(footer);
        }
        let tail = read::TAIL.min(segment.bytes);
        let bytes = self.range(segment, path, segment.bytes - tail..segment.bytes).await?;
        let footer = read::Footer::read(segment.bytes, bytes).ok_or_else(|| altered(segment))?;
        let mut footers = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        footers.push_front((segment.first, footer.clone()));
        footers.truncate(4 * KEPT);
        Ok(footer)
    }

    async fn range(&self, segment: &Segment, path: &Path, range: std::ops::Range<u64>) -> Result<Bytes, StoreError> {
        let wanted = range.end - range.start;
        match self.place.get_range(path, range).await {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
            Ok(_) => Err(altered(segment)),
            Err(object_store::Error::NotFound { .. }) => Err(missing(segment)),
            // A file that is shorter than it was answers so, and one that cannot be reached as well: the size tells.
            Err(error) => match self.place.head(path).await {
                Ok(found) if found.size != segment.bytes => Err(altered(segment)),
                Err(object_store::Error::NotFound { .. }) => Err(missing(segment)),
                _ => Err(unreachable(path, &error)),
            },
        }
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix).trim_start_matches('/'))
    }
}

/// The name of a segment's file.
pub fn name(from: u64, until: u64) -> String {
    format!("segments/{from:012}-{until:012}.parquet")
}

fn missing(segment: &Segment) -> StoreError {
    StoreError::SegmentMissing { first: segment.first, until: segment.until }
}

pub(super) fn altered(segment: &Segment) -> StoreError {
    StoreError::SegmentAltered { first: segment.first, until: segment.until }
}

fn unreachable(path: &Path, error: &object_store::Error) -> StoreError {
    StoreError::Archive(format!("{path}: {error}"))
}
