//! Entries that have left the database, read through the archive. What comes from there is compared with the tiles of the tree, which
//! stay in the database: an answer never holds what was not signed.

use std::collections::BTreeSet;

use super::{
    Store, StoreError,
    archive::{Archive, Archived, altered},
    ledger::{EntryRow, RunRow, segment::SegmentRow},
};
use crate::domain::Id;

impl Store {
    /// Lets entries that have left the database be read from here.
    pub fn attach(&self, archive: Archive) {
        // A second one would be the same.
        let _ = self.0.archive.set(archive);
    }

    /// The archive, if one is set.
    pub fn archive(&self) -> Result<&Archive, StoreError> {
        self.0.archive.get().ok_or_else(|| StoreError::Archive("records are asked for that were archived; set ledger.archive.url".into()))
    }

    /// The segment that this place of the tree lies in, if its entries have left the database.
    async fn removed_segment(&self, index: u64) -> Result<Option<SegmentRow>, StoreError> {
        let covers = |segment: &SegmentRow| (segment.first..segment.until).contains(&index);
        let known = self.0.archive.get().and_then(|archive| archive.known(index));
        if known.is_some() {
            return Ok(known);
        }
        let mut segments = self.ledger_segments().await?;
        segments.retain(|segment| segment.removed);
        let found = segments.iter().copied().find(covers);
        if found.is_some() {
            self.archive()?.know(segments);
        }
        Ok(found)
    }

    /// Of the entries from one place of the tree to below another those that the archive has, from the first on without a gap; none
    /// if the first is not there.
    pub(super) async fn archived(&self, from: u64, until: u64) -> Result<Vec<Archived>, StoreError> {
        let mut found: Vec<Archived> = Vec::new();
        let mut next = from;
        while next < until {
            let Some(segment) = self.removed_segment(next).await? else { break };
            let archive = self.archive()?;
            let (group, new) = archive.group_of(&segment, next).await?;
            if new {
                self.compare(&segment, &group).await?;
                archive.keep(&segment, &group);
            }
            let held = group.iter().filter(|entry| (next..until).contains(&entry.index));
            found.extend(held.cloned());
            let end = group.last().map_or(next, |entry| entry.index + 1).min(until);
            if end <= next {
                return Err(altered(&segment));
            }
            next = end;
        }
        Ok(found)
    }

    /// Entries of an epoch from this number on, if they have left the database; at most `limit`, perhaps fewer.
    pub(super) async fn archived_of(&self, epoch: Id, from: u64, limit: u64) -> Result<Vec<EntryRow>, StoreError> {
        let Some(index) = self.ledger_index(epoch, from).await? else { return Ok(Vec::new()) };
        let runs = self.ledger_runs_over(index, 1).await?;
        let Some(RunRow { first_index, length, .. }) = runs.first().copied() else { return Ok(Vec::new()) };
        let until = (first_index + length).min(index.saturating_add(limit));
        let entries = self.archived(index, until).await?;
        let of_it = entries.iter().zip(from..).all(|(entry, rseq)| (entry.epoch, entry.rseq) == (epoch, rseq));
        match self.removed_segment(index).await?.filter(|_| !of_it) {
            Some(segment) => Err(altered(&segment)),
            None => Ok(entries.into_iter().map(EntryRow::from).collect()),
        }
    }

    /// Compares what came from the archive with the tree.
    async fn compare(&self, segment: &SegmentRow, entries: &[Archived]) -> Result<(), StoreError> {
        let wanted: BTreeSet<(u8, u64)> = entries.iter().map(|entry| (0, entry.index / 256)).collect();
        let tiles = self.ledger_tiles(&wanted).await?;
        let stands = |entry: &Archived| tiles.get(0, entry.index / 256)?.get((entry.index % 256) as usize).map(|leaf| *leaf == entry.leaf);
        if entries.iter().all(|entry| stands(entry) == Some(true)) { Ok(()) } else { Err(altered(segment)) }
    }
}

impl From<Archived> for EntryRow {
    fn from(entry: Archived) -> Self {
        Self { rseq: entry.rseq, leaf: Some(entry.leaf), body: entry.body }
    }
}
