//! Recomputes the whole ledger from what the database holds, trusting nothing but the public key: every leaf from its
//! bytes, every link of every chain, the place of every entry in the tree, every signed head, what lies beside the entries. Rows come in pages; what is
//! kept meanwhile is a line per epoch. Records that have left the database come from the archive, each of whose files is read whole.

mod acknowledged;
mod beside;
mod index;
mod numbers;
mod report;
mod segments;

use std::collections::VecDeque;

use acknowledged::Acknowledgements;
use beside::Beside;
use index::IndexCheck;
use numbers::Numbers;
pub use report::{Acknowledged, Progress, Report, Trust};
use segments::Segments;

use crate::{
    audit::{codec, record::Entry},
    domain::{Id, Timestamp, clock::SECOND},
    ledger::{
        Fault, Wrong,
        growth::{FullTile, edge_index},
        tree,
        verify::{Claim, Verifier},
    },
    store::{
        Store, StoreError,
        ledger::{EntryRow, RunRow},
    },
};

/// Entries, runs or checkpoints read at once.
const PAGE: u64 = 256;
/// A record-to-be that lies in the outbox for so long (µs) belongs to no operation that is still under way.
const OUTBOX_PATIENCE: i64 = 3_600 * SECOND;

/// Checks everything that is there now, beside a server that goes on writing. An error says that the database could not be
/// read, not that something is wrong with it.
pub async fn verify(
    store: &Store,
    trust: Trust<'_>,
    now: Timestamp,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, StoreError> {
    // In this order: a run and the checkpoint over it commit together.
    let folded = store.ledger_folded().await?;
    let signed = store.ledger_signed().await?;
    let beside = Beside::new(store).await?;
    let (verifier, heads) = (Verifier::default(), VecDeque::new());
    let (numbers, index) = (Numbers::default(), Some(IndexCheck::new(store).await?));
    let segments = Segments::of(store).await?;
    let mut check = Check {
        store,
        trust,
        beside,
        numbers,
        index,
        segments,
        verifier,
        heads,
        asked: 0,
        epochs: 0,
        good: 0,
        signed_as: None,
        acknowledged: Acknowledgements::default(),
    };
    let (mut outstanding, mut fault) = (0, None);
    match check.all(folded.max(signed), signed, progress).await {
        Err(Stop::Store(error)) => return Err(error),
        Err(Stop::Fault(found)) => fault = Some(found),
        Ok(()) => {
            let mut after = None;
            loop {
                let rows = store.outbox(after, PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id);
                outstanding += rows.len() as u64;
                if rows.iter().any(|row| row.at.0 < now.0 - OUTBOX_PATIENCE) {
                    fault = fault.or(Some(Fault { wrong: Wrong::Outbox, epoch: None, rseq: None, index: None }));
                }
            }
        }
    }
    let Check { verifier, segments, epochs, good, signed_as, acknowledged, .. } = check;
    Ok(Report {
        entries: verifier.entries(),
        folded: verifier.tree_size(),
        archived: segments.checked(),
        root: verifier.root(),
        epochs,
        checkpoints: good,
        origin: signed_as,
        outstanding,
        acknowledged: acknowledged.0,
        fault,
    })
}

enum Stop {
    Fault(Fault),
    Store(StoreError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        let fault = |wrong, first| Self::Fault(Fault { wrong, epoch: None, rseq: None, index: Some(first) });
        match error {
            StoreError::SegmentMissing { first, .. } => fault(Wrong::SegmentMissing, first),
            StoreError::SegmentAltered { first, .. } => fault(Wrong::SegmentAltered, first),
            error => Self::Store(error),
        }
    }
}

struct Check<'s> {
    store: &'s Store,
    trust: Trust<'s>,
    beside: Beside<'s>,
    numbers: Numbers,
    /// Until it has come to its end.
    index: Option<IndexCheck>,
    segments: Segments,
    verifier: Verifier,
    /// Checkpoints that come next: size, stored root, note.
    heads: VecDeque<(u64, Vec<u8>, String)>,
    /// Up to which size they were read.
    asked: u64,
    epochs: u64,
    good: u64,
    signed_as: Option<String>,
    acknowledged: Acknowledgements,
}

impl Check<'_> {
    async fn all(&mut self, until: u64, signed: u64, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), Stop> {
        self.kept_here()?;
        while self.verifier.tree_size() < until {
            let runs = self.store.ledger_runs(self.verifier.tree_size(), PAGE).await?;
            if runs.is_empty() {
                break;
            }
            for run in runs {
                self.verifier.run(run.first_index, run.epoch, run.first_rseq, run.length)?;
                self.run(run, signed).await?;
                progress(Progress { entries: self.verifier.entries(), of: until });
                if self.verifier.tree_size() >= until {
                    break;
                }
            }
        }
        self.next_head(signed).await?;
        if let Some((size, ..)) = self.heads.front() {
            // Signed, but not there any more: the end was cut off.
            let wrong = Fault { wrong: Wrong::CheckpointRoot, epoch: None, rseq: None, index: Some(*size) };
            return Err(wrong.into());
        }
        self.verifier.finish()?;
        if let Some(kept) = self.trust.kept.filter(|kept| kept.size > self.verifier.tree_size()) {
            return Err(Fault { wrong: Wrong::Cut, epoch: None, rseq: None, index: Some(kept.size) }.into());
        }
        self.partial_tiles().await?;
        self.unfolded().await?;
        if let Some(check) = self.index.take()
            && !check.fits(self.store).await?
        {
            return Err(Fault { wrong: Wrong::Index, epoch: None, rseq: None, index: None }.into());
        }
        if self.beside.has_altered() {
            return Err(Fault { wrong: Wrong::Document, epoch: None, rseq: None, index: None }.into());
        }
        Ok(())
    }

    async fn run(&mut self, run: RunRow, signed: u64) -> Result<(), Stop> {
        let end = run.first_rseq + run.length;
        let mut next = run.first_rseq;
        while next < end {
            let rows = self.store.ledger_entries(run.epoch, next, PAGE.min(end - next)).await?;
            if rows.is_empty() {
                let index = Some(self.verifier.tree_size());
                return Err(Fault { wrong: Wrong::Missing, epoch: Some(run.epoch), rseq: Some(next), index }.into());
            }
            self.beside.page(run.epoch, &rows).await?;
            for row in rows {
                self.entry(run.epoch, &row, true).await?;
                next = row.rseq + 1;
                self.kept_here()?;
                self.tiles_here().await?;
                self.head_here(signed).await?;
            }
        }
        Ok(())
    }

    async fn entry(&mut self, epoch: Id, row: &EntryRow, folded: bool) -> Result<(), Stop> {
        let entry = codec::decode(&row.body).ok();
        let says = entry.as_ref().map(Entry::said);
        let claim = Claim { epoch, rseq: row.rseq, leaf: row.leaf.unwrap_or([0; 32]), body: &row.body, says };
        let index = folded.then_some(self.verifier.tree_size());
        let leaf = self.verifier.entry(&claim, folded)?;
        if let Some(index) = index {
            self.segments.take(self.store, index, leaf).await?;
        }
        let Some(entry) = entry else { return Ok(()) };
        if entry.rseq == 0 {
            self.epoch_head(&entry, index).await?;
        } else if entry.follows.is_some() {
            return Err(wrong(Wrong::EpochHead, &entry, index));
        }
        self.acknowledged.read(&entry, index);
        if let (Some(check), Some(index)) = (&mut self.index, index) {
            check.take(index, &entry);
        }
        if !self.numbers.fit(self.store, &entry).await? {
            return Err(wrong(Wrong::Number, &entry, index));
        }
        match self.beside.wrong(&entry).await? {
            Some(found) => Err(wrong(found, &entry, index)),
            None => Ok(()),
        }
    }

    /// An epoch's first entry names an entry that is there, or none.
    async fn epoch_head(&mut self, entry: &Entry, index: Option<u64>) -> Result<(), Stop> {
        self.epochs += 1;
        if !self.beside.lists(entry.epoch).await? {
            return Err(wrong(Wrong::Epoch, entry, index));
        }
        let Some(tail) = entry.follows else {
            return if entry.previous == [0; 32] { Ok(()) } else { Err(wrong(Wrong::EpochHead, entry, index)) };
        };
        let rows = self.store.ledger_entries(tail.epoch, tail.rseq, 1).await?;
        match rows.first().filter(|row| row.rseq == tail.rseq) {
            None => Err(Fault { wrong: Wrong::Missing, epoch: Some(tail.epoch), rseq: Some(tail.rseq), index: None }.into()),
            Some(row) if tree::leaf(&row.body) == entry.previous => Ok(()),
            Some(_) => Err(wrong(Wrong::EpochHead, entry, index)),
        }
    }

    /// Reads on in the checkpoints if none is at hand.
    async fn next_head(&mut self, signed: u64) -> Result<(), Stop> {
        if self.heads.is_empty() && self.asked < signed {
            self.heads.extend(self.store.ledger_checkpoints(self.asked, PAGE).await?.into_iter().filter(|(size, ..)| *size <= signed));
            self.asked = self.heads.back().map_or(signed, |(size, ..)| *size);
        }
        Ok(())
    }

    /// Checks the checkpoint over exactly the tree so far, if there is one.
    async fn head_here(&mut self, signed: u64) -> Result<(), Stop> {
        self.next_head(signed).await?;
        let Some((size, root, note)) = self.heads.pop_front_if(|(size, ..)| *size <= self.verifier.tree_size()) else { return Ok(()) };
        self.signed_as = Some(self.verifier.checkpoint(size, &note, self.trust.origin, self.trust.key)?.origin);
        if root[..] != self.verifier.root() {
            return Err(Fault { wrong: Wrong::CheckpointRoot, epoch: None, rseq: None, index: Some(size) }.into());
        }
        self.good += 1;
        Ok(())
    }

    /// Compares with the checkpoint that was kept, when the tree has reached its size.
    fn kept_here(&self) -> Result<(), Fault> {
        let reached = self.trust.kept.filter(|kept| kept.size == self.verifier.tree_size());
        match reached.filter(|kept| kept.root != self.verifier.root()) {
            Some(kept) => Err(Fault { wrong: Wrong::Forked, epoch: None, rseq: None, index: Some(kept.size) }),
            None => Ok(()),
        }
    }

    /// Compares the tiles that have become full with those stored.
    async fn tiles_here(&mut self) -> Result<(), Stop> {
        for tile in self.verifier.take_tiles() {
            self.tile(&tile).await?;
        }
        Ok(())
    }

    /// Compares the right edge with the one stored, which may be further by now.
    async fn partial_tiles(&self) -> Result<(), Stop> {
        for (level, hashes) in self.verifier.partial_tiles().iter().enumerate().filter(|(_, hashes)| !hashes.is_empty()) {
            let level = level as u8;
            self.tile(&FullTile { level, index: edge_index(level, self.verifier.tree_size()), hashes: hashes.clone() }).await?;
        }
        Ok(())
    }

    async fn tile(&self, tile: &FullTile) -> Result<(), Stop> {
        let stored = self.store.ledger_tiles(&[(tile.level, tile.index)].into()).await?;
        if stored.get(tile.level, tile.index).is_some_and(|stored| stored.starts_with(&tile.hashes)) {
            return Ok(());
        }
        let first = tile.index << (8 * (u32::from(tile.level) + 1));
        Err(Fault { wrong: Wrong::Tile, epoch: None, rseq: None, index: Some(first) }.into())
    }

    /// Entries that have no place in the tree yet.
    async fn unfolded(&mut self) -> Result<(), Stop> {
        let mut epoch = None;
        while let Some(this) = self.store.ledger_epoch_after(epoch).await? {
            epoch = Some(this);
            loop {
                let rows = self.store.ledger_entries(this, self.verifier.next_of(this), PAGE).await?;
                self.beside.page(this, &rows).await?;
                let mut held_back = false;
                for row in &rows {
                    match self.entry(this, row, false).await {
                        Err(Stop::Fault(fault)) if self.acknowledged.covers(&fault) => {
                            held_back = true;
                            break;
                        }
                        checked => checked?,
                    }
                }
                if held_back {
                    break;
                }
                if rows.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn wrong(wrong: Wrong, entry: &Entry, index: Option<u64>) -> Stop {
    Fault { wrong, epoch: Some(entry.epoch), rseq: Some(entry.rseq), index }.into()
}
