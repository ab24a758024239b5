//! The keeper of the index: makes segments of what is in the tree, merges them, removes what is left over. Of all servers on
//! a database one holds the lease at a time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::MissedTickBehavior};

use super::{
    block::Builder,
    gather::{CountedDays, count, terms, walk},
    merge::Merged,
};
use crate::{
    audit::{
        daily::{
            Days,
            spans::{self, span_of},
        },
        record::Counter,
    },
    domain::Clock,
    store::{
        LedgerWriter, Store, StoreError,
        ledger::index::{self, DailyRow, IndexWrite, SegmentRow},
    },
};

/// How many segments of a level become one of the next.
const FAN: usize = 8;
/// Blocks that are written together: a quarter of a megabyte, which no append waits for long.
const BATCH: usize = 128;
/// Accounts' spans of days that are read together.
const SPANS: usize = 1_024;
/// Seconds that a lease lasts.
const LEASE: i64 = 30;

/// Segments of this level are not merged: more than two thousand million entries.
const TOP: i64 = 6;
/// How often it looks whether there is something to do.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps the index of one ledger.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    writer: LedgerWriter,
    clock: Arc<dyn Clock>,
    /// Its name in the lease.
    owner: i64,
    /// Entries of a new segment.
    segment: u64,
    /// Whether blocks may be left over.
    untidy: AtomicBool,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more to do.
    Done,
    /// There is nothing to do now.
    Idle,
    /// Another keeper is at work.
    Elsewhere,
}

impl Keeper {
    /// A keeper with this name that makes segments of so many entries.
    pub fn new(store: &Store, writer: &LedgerWriter, clock: Arc<dyn Clock>, owner: i64, segment: u64) -> Self {
        Self { store: store.clone(), writer: writer.clone(), clock, owner, segment, untidy: AtomicBool::new(true) }
    }

    /// Keeps the index until told to end.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stop.changed() => return,
            }
            // The room that was kept is for records; answers are searched in these meanwhile.
            if self.store.disk().is_full() {
                continue;
            }
            loop {
                match self.step().await {
                    Ok(Step::Done) => failing = false,
                    Ok(Step::Idle | Step::Elsewhere) => break,
                    Err(error) => {
                        if !failing {
                            tracing::error!(%error, "the ledger's index could not be kept; answers are searched in the records");
                        }
                        failing = true;
                        break;
                    }
                }
                if *stop.borrow() {
                    return;
                }
            }
        }
    }

    /// One segment, one merge, or one removal.
    pub async fn step(&self) -> Result<Step, StoreError> {
        let segments = self.store.index_segments().await?;
        let orphan = if self.untidy.load(Ordering::Relaxed) { self.orphan(&segments).await? } else { None };
        self.untidy.store(orphan.is_some(), Ordering::Relaxed);
        let (ripe, indexed) = (ripe(&segments), segments.last().map_or(0, |segment| segment.until));
        if orphan.is_none() && ripe.is_none() && self.store.ledger_folded().await? < indexed + self.segment {
            return Ok(Step::Idle);
        }
        // Whoever has the lease is alone from here on; until then another may have been at work.
        if self.write(IndexWrite::default()).await? == Step::Elsewhere {
            return Ok(Step::Elsewhere);
        }
        if self.store.index_segments().await? != segments {
            return Ok(Step::Done);
        }
        match (orphan, ripe) {
            (Some(orphan), _) => self.purge(orphan).await,
            (None, Some(ripe)) => self.merge(ripe).await,
            (None, None) => self.add(indexed, indexed + self.segment).await,
        }
    }

    /// Makes segments, the last of them as short as need be, until they cover every entry below `until` that is in the tree; `false`:
    /// another keeper is at work, and they do not yet.
    pub async fn cover(&self, until: u64) -> Result<bool, StoreError> {
        let until = until.min(self.store.ledger_folded().await?);
        loop {
            let indexed = self.indexed().await?;
            if indexed >= until {
                return Ok(true);
            }
            let done = match self.step().await? {
                Step::Idle if self.write(IndexWrite::default()).await? == Step::Elsewhere => Step::Elsewhere,
                Step::Idle if self.indexed().await? == indexed => self.add(indexed, until).await?,
                done => done,
            };
            if done == Step::Elsewhere {
                return Ok(self.indexed().await? >= until);
            }
        }
    }

    /// The first entry that has no segment.
    async fn indexed(&self) -> Result<u64, StoreError> {
        Ok(self.store.index_segments().await?.last().map_or(0, |segment| segment.until))
    }

    /// Takes the whole index away; [`Keeper::step`] makes it anew.
    pub async fn clear(&self) -> Result<Step, StoreError> {
        self.write(IndexWrite { all: true, ..IndexWrite::default() }).await
    }

    async fn write(&self, write: IndexWrite) -> Result<Step, StoreError> {
        let write = IndexWrite { owner: self.owner, lease: index::lease(self.clock.now(), LEASE), ..write };
        Ok(if self.writer.write_index(write).await? { Step::Done } else { Step::Elsewhere })
    }

    /// Makes a segment of the entries from `indexed` to below `end`.
    async fn add(&self, indexed: u64, end: u64) -> Result<Step, StoreError> {
        let (mut until, mut postings, mut days) = (indexed, Vec::new(), CountedDays::new());
        walk(&self.store, indexed, end, |index, entry| {
            until = index + 1;
            if let Some(entry) = entry {
                postings.extend(terms(&entry).into_iter().map(|term| (term, index)));
                count(&mut days, &entry, |_| true);
            }
        })
        .await?;
        postings.sort_unstable();
        let mut builder = Builder::new(indexed, until);
        for run in postings.chunk_by(|one, next| one.0 == next.0) {
            builder.push(run[0].0, run.iter().map(|(_, entry)| *entry));
        }
        builder.finish();
        let daily = self.added(days).await?;
        let id = self.store.index_next_segment().await?;
        let listed = SegmentRow { id, level: 0, first: indexed, until };
        self.write(IndexWrite { segment: id, blocks: builder.done, daily, listed: Some(listed), ..IndexWrite::default() }).await
    }

    /// The days that are stored and these together.
    async fn added(&self, days: CountedDays) -> Result<Vec<DailyRow>, StoreError> {
        let mut together: BTreeMap<(Counter, i64), Days> = BTreeMap::new();
        for ((counter, day), daily) in days {
            together.entry((counter, span_of(day))).or_default().insert(day, daily);
        }
        let wanted: Vec<_> = together.keys().map(|(counter, span)| (*counter, *span, *span)).collect();
        for wanted in wanted.chunks(SPANS) {
            for row in self.store.index_days(wanted).await?.rows {
                let days = together.entry((row.counter, row.span)).or_default();
                for (day, daily) in spans::unpack(row.span, &row.body, false)? {
                    days.entry(day).or_default().add(&daily);
                }
            }
        }
        let row = |((counter, span), days)| DailyRow { counter, span, body: spans::pack(&days) };
        Ok(together.into_iter().map(row).collect())
    }

    /// Makes one segment of several.
    async fn merge(&self, segments: &[SegmentRow]) -> Result<Step, StoreError> {
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Ok(Step::Idle) };
        self.untidy.store(true, Ordering::Relaxed);
        let id = self.store.index_next_segment().await?;
        let mut builder = Builder::new(first.first, last.until);
        let (mut merged, mut entries) = (Merged::of(&self.store, segments).await?, Vec::new());
        while let Some(term) = merged.next(&self.store, &mut entries).await? {
            builder.push(term, entries.iter().copied());
            if builder.done.len() >= BATCH {
                let blocks = std::mem::take(&mut builder.done);
                if self.write(IndexWrite { segment: id, blocks, ..IndexWrite::default() }).await? == Step::Elsewhere {
                    return Ok(Step::Elsewhere);
                }
            }
        }
        builder.finish();
        let listed = SegmentRow { id, level: first.level + 1, first: first.first, until: last.until };
        let replaced = segments.iter().map(|segment| segment.id).collect();
        self.write(IndexWrite { segment: id, blocks: builder.done, replaced, listed: Some(listed), ..IndexWrite::default() }).await
    }

    /// A segment that has blocks but is not listed: merged into another, or never finished.
    async fn orphan(&self, segments: &[SegmentRow]) -> Result<Option<i64>, StoreError> {
        let mut after = i64::MIN;
        while let Some(found) = self.store.index_segment_of_blocks(after).await? {
            if !segments.iter().any(|segment| segment.id == found) {
                return Ok(Some(found));
            }
            after = found;
        }
        Ok(None)
    }

    /// Removes some of its blocks.
    async fn purge(&self, segment: i64) -> Result<Step, StoreError> {
        let below = self.store.index_block_at(segment, BATCH as i64 * 4).await?;
        self.write(IndexWrite { purged: Some((segment, below)), ..IndexWrite::default() }).await
    }
}

/// The oldest segments of a level that has enough of them.
fn ripe(segments: &[SegmentRow]) -> Option<&[SegmentRow]> {
    let mut levels = segments.chunk_by(|one, next| one.level == next.level);
    levels.find(|level| level.len() >= FAN && level[0].level < TOP).map(|level| &level[..FAN])
}
