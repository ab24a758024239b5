//! Recomputes the whole ledger from what the database holds, trusting nothing but the public key: every leaf from its
//! bytes, every link of every chain, the place of every entry in the tree, every signed head, what lies beside the entries. Rows come
//! in pages, read ahead; what each entry or head says by itself is found on other threads, and looked at here in the order of the
//! tree, so that it is the first thing wrong that is told. What is kept meanwhile is a line per epoch, and one per account and
//! epoch, and per account and day.
//! Records that have left the database come from the archive, each of whose files is read whole.

mod acknowledged;
mod beside;
mod days;
mod heads;
mod index;
mod numbers;
mod pages;
mod product;
mod report;
mod segments;
mod stop;

use std::{collections::VecDeque, sync::Arc};

use acknowledged::Acknowledgements;
use beside::Beside;
use days::CountedPacked;
use heads::Heads;
use index::Expected;
use numbers::Numbers;
use pages::{End, Examined, Pages, examined};
use product::Product;
pub use report::{Acknowledged, Progress, Report, Trust};
use segments::Segments;
use stop::{Stop, not_stored, wrong};
use tokio::task::{JoinHandle, JoinSet};

use crate::{
    audit::record::Entry,
    domain::{Id, Timestamp, clock::SECOND},
    ledger::{
        Fault, Wrong,
        growth::{FullTile, edge_index},
        tree,
        verify::{Claim, Verifier},
    },
    store::{Store, StoreError},
};

/// Entries or records-to-be read at once.
const PAGE: u64 = 256;
/// Tiles read at once.
const TILES: u32 = 16;
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
    let segments = Segments::of(store).await?;
    let (until, mut tasks) = (folded.max(signed), JoinSet::new());
    let expected = Arc::new(Expected::new(store).await?);
    let mut check = Check {
        store,
        trust,
        beside,
        numbers: Numbers::default(),
        index: Some(Indexed::of(store, Arc::clone(&expected))),
        segments,
        verifier: Verifier::default(),
        heads: Heads::read(store, signed, *trust.key, &mut tasks),
        tiles: VecDeque::new(),
        epochs: 0,
        good: 0,
        signed_as: None,
        acknowledged: Acknowledgements::default(),
    };
    let pages = Pages::read(store, until, &expected, &mut tasks);
    let mut outstanding = 0;
    let fault = match check.all(until, pages, progress).await {
        Err(Stop::Store(error)) => return Err(error),
        // What was miscounted stands before whatever was found after it.
        Err(Stop::Fault(found)) => check.numbers.miscounted().or(Some(found)),
        Ok(()) => {
            let (mut fault, mut after) = (check.numbers.recounted(store).await?, None);
            loop {
                let rows = store.outbox(after, PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id);
                outstanding += rows.len() as u64;
                if rows.iter().any(|row| row.at.0 < now.0 - OUTBOX_PATIENCE) {
                    fault = fault.or(Some(Fault { wrong: Wrong::Outbox, epoch: None, rseq: None, index: None }));
                }
            }
            fault
        }
    };
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

/// The comparison of the index, under way.
struct Indexed {
    expected: Arc<Expected>,
    stored: JoinHandle<Result<Option<Product>, StoreError>>,
    days: CountedPacked,
}

impl Indexed {
    fn of(store: &Store, expected: Arc<Expected>) -> Self {
        let stored = tokio::spawn(Arc::clone(&expected).stored(store.clone()));
        Self { expected, stored, days: CountedPacked::default() }
    }
}

impl Drop for Indexed {
    fn drop(&mut self) {
        self.stored.abort();
    }
}

struct Check<'s> {
    store: &'s Store,
    trust: Trust<'s>,
    beside: Beside<'s>,
    numbers: Numbers,
    /// Until it has come to its end.
    index: Option<Indexed>,
    segments: Segments,
    verifier: Verifier,
    /// Checkpoints that come next.
    heads: Heads,
    /// Full tiles of level 0 that come next: number and hashes.
    tiles: VecDeque<(u64, Vec<u8>)>,
    epochs: u64,
    good: u64,
    signed_as: Option<String>,
    acknowledged: Acknowledgements,
}

impl Check<'_> {
    async fn all(&mut self, until: u64, mut pages: Pages, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), Stop> {
        self.kept_here()?;
        while let Some(pieces) = pages.next().await? {
            for piece in pieces {
                if let Some(run) = piece.run {
                    self.verifier.run(run.first_index, run.epoch, run.first_rseq, run.length)?;
                }
                for examined in piece.entries {
                    self.entry(piece.epoch, examined, true).await?;
                    self.kept_here()?;
                    self.tiles_here().await?;
                    self.head_here().await?;
                }
                match piece.end {
                    End::Whole => {}
                    End::Missing(rseq) => {
                        let index = Some(self.verifier.tree_size());
                        return Err(Fault { wrong: Wrong::Missing, epoch: Some(piece.epoch), rseq: Some(rseq), index }.into());
                    }
                    End::Failed(error) => return Err(error.into()),
                }
            }
            progress(Progress { entries: self.verifier.entries(), of: until });
        }
        if let Some(size) = self.heads.next_size().await? {
            // Signed, but not there any more: the end was cut off.
            let wrong = Fault { wrong: Wrong::CheckpointRoot, epoch: None, rseq: None, index: Some(size) };
            return Err(wrong.into());
        }
        self.verifier.finish()?;
        if let Some(kept) = self.trust.kept.filter(|kept| kept.size > self.verifier.tree_size()) {
            return Err(Fault { wrong: Wrong::Cut, epoch: None, rseq: None, index: Some(kept.size) }.into());
        }
        self.partial_tiles().await?;
        self.unfolded().await?;
        if let Some(mut index) = self.index.take() {
            let stored = (&mut index.stored).await.map_err(|_| StoreError::Closed)??;
            if !index.expected.fits(self.store, stored, std::mem::take(&mut index.days)).await? {
                return Err(Fault { wrong: Wrong::Index, epoch: None, rseq: None, index: None }.into());
            }
        }
        if self.beside.has_altered() {
            return Err(Fault { wrong: Wrong::Document, epoch: None, rseq: None, index: None }.into());
        }
        Ok(())
    }

    async fn entry(&mut self, epoch: Id, examined: Examined, folded: bool) -> Result<(), Stop> {
        let Examined { rseq, leaf, found, erasable, entry } = examined;
        let claim = Claim { epoch, rseq, leaf, found, says: entry.as_deref().map(Entry::said) };
        let size = self.verifier.tree_size();
        let index = folded.then_some(size);
        self.verifier.entry(&claim, folded)?;
        if let Some(index) = index {
            self.segments.take(self.store, index, found).await?;
        }
        let Some(entry) = entry else { return Ok(()) };
        if entry.rseq == 0 {
            self.epoch_head(&entry, index).await?;
        } else if entry.follows.is_some() {
            return Err(wrong(Wrong::EpochHead, &entry, index));
        }
        self.acknowledged.read(&entry, index);
        if let (Some(indexed), Some(index)) = (&mut self.index, index)
            && indexed.expected.has(index)
        {
            indexed.days.count(&entry);
        }
        if !self.numbers.fit(&entry, size, folded) {
            return Err(wrong(Wrong::Number, &entry, index));
        }
        match self.beside.wrong(&entry, erasable).await? {
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

    /// Checks the checkpoint over exactly the tree so far, if there is one.
    async fn head_here(&mut self) -> Result<(), Stop> {
        let Some(head) = self.heads.up_to(self.verifier.tree_size()).await? else { return Ok(()) };
        self.verifier.checkpoint(head.size, head.signed.as_ref(), self.trust.origin)?;
        self.signed_as = head.signed.map(|signed| signed.origin);
        if head.root[..] != self.verifier.root() {
            return Err(Fault { wrong: Wrong::CheckpointRoot, epoch: None, rseq: None, index: Some(head.size) }.into());
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
            if tile.level > 0 {
                self.tile(&tile).await?;
                continue;
            }
            if self.tiles.is_empty() {
                self.tiles = self.store.ledger_bottom_tiles(tile.index, TILES).await?.into();
            }
            let stored = self.tiles.pop_front_if(|(number, _)| *number == tile.index);
            if stored.is_none_or(|(_, hashes)| hashes != tile.hashes.as_flattened()) {
                return Err(not_stored(&tile));
            }
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
        Err(not_stored(tile))
    }

    /// Entries that have no place in the tree yet.
    async fn unfolded(&mut self) -> Result<(), Stop> {
        let mut epoch = None;
        while let Some(this) = self.store.ledger_epoch_after(epoch).await? {
            epoch = Some(this);
            loop {
                let some = examined(self.store, this, self.verifier.next_of(this), PAGE).await?;
                let (at_end, mut held_back) = (some.is_empty(), false);
                for examined in some {
                    match self.entry(this, examined, false).await {
                        Err(Stop::Fault(fault)) if self.acknowledged.covers(&fault) => {
                            held_back = true;
                            break;
                        }
                        checked => checked?,
                    }
                }
                if held_back || at_end {
                    break;
                }
            }
        }
        Ok(())
    }
}
