//! Archiving: closed ranges of the log are written to files, read back, and then leave the database, unless a legal hold keeps them.
//! Which ranges follows from the tree and the setting, so that every run, and every server, finds the same.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Core, Error, Op, access_log, holds::standing};
use crate::{
    audit::{codec, record::Entry},
    domain::{Timestamp, clock::SECOND},
    ledger::{Edge, Tile, tile::Content, tree},
    policy::{Permission, Refusal},
    store::{
        Change, LogEntry, StoreError,
        archive::{ArchiveRow, Header, Settings},
        ledger::{RunRow, segment::SegmentRow},
    },
};

/// Records younger than this (µs) stay: a chain that is just beginning may lead back to them.
const YOUNGEST: i64 = 3_600 * SECOND;
/// Entries read at once.
const PAGE: u32 = 256;

/// What became of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was written to the archive.
    Archived(SegmentRow),
    /// Its records left the database; how many.
    Removed(SegmentRow, u64),
    /// A legal hold keeps it in the database.
    Held(SegmentRow, crate::domain::Id),
    /// It stays in the database for now: the index does not cover it yet, and somebody else is at work on that.
    Unindexed(SegmentRow),
}

/// Archives what is older than `moment` and, with `remove`, takes what is in the archive out of the database. Tells each step.
pub async fn archive(
    op: &Op,
    settings: &Settings,
    moment: Timestamp,
    remove: bool,
    tell: &mut (dyn FnMut(Done) + Send),
) -> Result<(), Error> {
    op.rights.permit(Permission::LogRead)?;
    let core = &op.core;
    core.store.archive().map_err(|_| Refusal::bad_input("There is no archive; set ledger.archive.url."))?;
    core.recorder.fold_now().await?;
    let moment = Timestamp(moment.0.min(core.now().0 - YOUNGEST));
    let closed = access_log::floor(&core.store, moment).await?;
    let mut segments = core.store.ledger_segments().await?;
    let mut first = segments.last().map_or(0, |segment| segment.until);
    if segments.iter().any(|segment| segment.until - segment.first != settings.segment) {
        return Err(Refusal::conflict("Segments of another size are there already; ledger.archive.segment must stay what it was.").into());
    }
    while first + settings.segment <= closed {
        let segment = write(core, first, first + settings.segment).await?;
        note(op, &segment, "archived").await?;
        core.recorder.list_segment(segment).await?;
        op.trace().rows += settings.segment;
        segments.push(segment);
        first = segment.until;
        tell(Done::Archived(segment));
    }
    let keeper = core.recorder.index_keeper();
    for segment in segments.into_iter().filter(|segment| remove && segment.until <= closed) {
        if let Some(hold) = standing::over_records(core, segment.first, segment.until).await? {
            tell(Done::Held(segment, hold.id));
            continue;
        }
        // Whoever begins a chain reads what has no index yet: that must not hang on the archive being there.
        if !segment.removed && !keeper.cover(segment.until).await? {
            tell(Done::Unindexed(segment));
            continue;
        }
        let gone = release(op, &segment).await?;
        if gone > 0 {
            tell(Done::Removed(segment, gone));
        }
    }
    Ok(())
}

/// Writes a segment with its tiles, and reads it back.
async fn write(core: &Core, first: u64, until: u64) -> Result<SegmentRow, Error> {
    let (mut rows, mut edge, mut next) = (Vec::new(), Edge::default(), first);
    while next < until {
        let (entries, _) = core.store.log_from(next, &[], PAGE.min((until - next) as u32)).await?;
        let unfit = |index| StoreError::Corrupt(format!("the record at index {index} cannot be archived; run `leadkeep ledger verify`"));
        if entries.is_empty() {
            return Err(unfit(next).into());
        }
        for entry in entries {
            let decoded = codec::decode(&entry.body).ok().filter(|_| entry.index == next && tree::leaf(&entry.body) == entry.leaf);
            edge.push(entry.leaf);
            rows.push(row(&decoded.ok_or_else(|| unfit(next))?, entry));
            next += 1;
        }
    }
    let archive = core.store.archive()?;
    let tiles = tiles(first, until);
    let stored = core.store.ledger_tiles(&tiles).await?;
    for (level, index) in tiles {
        let hashes = stored.get(level, index).filter(|hashes| hashes.len() == 256);
        let hashes = hashes.ok_or_else(|| StoreError::Corrupt(format!("tile {index} of level {level} is missing")))?;
        if level == 0 && rows[(index * 256 - first) as usize..][..256].iter().map(|row| row.leaf).ne(hashes.iter().copied()) {
            return Err(StoreError::Corrupt(format!("tile {index} is not what the records make; run `leadkeep ledger verify`")).into());
        }
        let tile = Tile { content: Content::Hashes(level), index, width: 256 };
        archive.put(&format!("tile/{tile}"), hashes.concat()).await?;
    }
    if let Some((_, note)) = core.store.ledger_checkpoint(Some(until)).await? {
        archive.put("checkpoint", note.into_bytes()).await?;
    }
    let header = Header { origin: core.recorder.origin().to_owned(), from: first, until, root: edge.root() };
    let (sha256, bytes) = archive.write(&header, rows).await?;
    let segment = SegmentRow { first, until, root: edge.root(), sha256, bytes, at: core.now(), removed: false };
    archive.check(&segment).await?;
    Ok(segment)
}

/// Lets the records of a segment leave the database, once the archive was read once more; how many did.
async fn release(op: &Op, segment: &SegmentRow) -> Result<u64, Error> {
    let core = &op.core;
    let runs = runs(core, segment).await?;
    // They go in their order, so that the last ones tell whether all are gone; one may be the end of its chain.
    if segment.removed && core.store.ledger_rows(runs.last()).await? <= 1 {
        return Ok(0);
    }
    if !segment.removed {
        core.store.archive()?.check(segment).await?;
        note(op, segment, "removed").await?;
        core.recorder.release_segment(segment.first).await?;
    }
    let mut gone = 0;
    for run in runs {
        gone += core.recorder.remove_entries(run).await?;
    }
    Ok(gone)
}

/// The parts of runs that a segment covers.
async fn runs(core: &Core, segment: &SegmentRow) -> Result<Vec<RunRow>, StoreError> {
    let mut runs = Vec::new();
    let mut next = segment.first;
    while next < segment.until {
        let found = core.store.ledger_runs_over(next, PAGE.into()).await?;
        if found.is_empty() {
            break;
        }
        for run in found.into_iter().take_while(|run| run.first_index < segment.until) {
            let skipped = next.saturating_sub(run.first_index);
            let end = (run.first_index + run.length).min(segment.until);
            let (first_index, first_rseq) = (run.first_index + skipped, run.first_rseq + skipped);
            runs.push(RunRow { first_index, first_rseq, length: end - first_index, ..run });
            next = end;
        }
    }
    Ok(runs)
}

/// Says beforehand what is going to be done.
async fn note(op: &Op, segment: &SegmentRow, state: &str) -> Result<(), Error> {
    let item = crate::store::archive::name(segment.first, segment.until);
    let (root, sha256) = (STANDARD.encode(segment.root), STANDARD.encode(segment.sha256));
    let after = serde_json::json!({ "state": state, "root": root, "sha256": sha256 }).to_string();
    let change = Change { kind: "ledgerSegment", item, before: None, after: Some(after) };
    op.commit(vec![change], |_| Box::pin(async { Ok(()) })).await
}

/// The tiles that are full once the tree has `until` entries and were not when it had `first`.
fn tiles(first: u64, until: u64) -> BTreeSet<(u8, u64)> {
    let mut wanted = BTreeSet::new();
    let (mut from, mut end) = (first / 256, until / 256);
    for level in 0.. {
        if from == end {
            break;
        }
        wanted.extend((from..end).map(|index| (level, index)));
        (from, end) = (from / 256, end / 256);
    }
    wanted
}

fn row(entry: &Entry, stored: LogEntry) -> ArchiveRow {
    let record = &entry.record;
    ArchiveRow {
        index: stored.index,
        epoch: entry.epoch,
        rseq: entry.rseq,
        leaf: stored.leaf,
        body: stored.body,
        at: record.at.0,
        request: record.request,
        person: record.subject.person,
        app: record.subject.app,
        kind: record.operation.kind.name(),
        name: record.operation.name.clone(),
        decision: record.decision.name(),
        code: record.code.map(crate::policy::Code::name),
        purpose: record.purpose.clone(),
        ip: record.client.ip.clone(),
        level: record.marking.level.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tile_is_archived_once() {
        for segment in [256, 512, 65_536] {
            let all: Vec<_> = (0..131_072 / segment).flat_map(|number| tiles(number * segment, (number + 1) * segment)).collect();
            let once: BTreeSet<_> = all.iter().copied().collect();
            assert_eq!((all.len(), once.len()), (512 + 2, 512 + 2), "segments of {segment}");
        }
    }
}
