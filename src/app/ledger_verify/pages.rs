//! Entries in the order of the tree, read ahead: some hundred at once, whichever epochs they are of, several such pages at a time. What
//! an entry says by itself is found where it is read, before its bytes are let go; pages are handed on in order.

use std::{collections::VecDeque, sync::Arc, thread};

use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

use super::{beside::Erasable, index::Expected};
use crate::{
    audit::{codec, record::Entry},
    domain::{Digest, Id},
    ledger::tree,
    store::{Store, StoreError, ledger::RunRow},
};

/// Entries read at once; each may have 64 KiB.
const PAGE: u64 = 512;
/// Runs read at once.
const RUNS: u64 = 512;
/// More pages than this are never under way.
const MOST: usize = 8;

/// What can be told of an entry by itself.
pub(super) struct Examined {
    /// Its number in the epoch.
    pub(super) rseq: u64,
    /// The leaf stored beside it; `None` if that is no hash at all.
    pub(super) leaf: Option<Digest>,
    /// The leaf of its bytes.
    pub(super) found: Digest,
    /// What lies beside it.
    pub(super) erasable: Erasable,
    /// What its bytes say; `None` if they cannot be read.
    pub(super) entry: Option<Box<Entry>>,
}

/// A run, or a part of one.
pub(super) struct Piece {
    /// The run, if this is its beginning.
    pub(super) run: Option<RunRow>,
    /// The epoch.
    pub(super) epoch: Id,
    /// The entries.
    pub(super) entries: Vec<Examined>,
    /// What comes after them.
    pub(super) end: End,
}

/// What comes after some entries.
pub(super) enum End {
    /// All that there should be were there.
    Whole,
    /// The one with this number is missing.
    Missing(u64),
    /// What comes next could not be read.
    Failed(StoreError),
}

/// Pages on their way.
pub(super) struct Pages(mpsc::Receiver<JoinHandle<Vec<Piece>>>);

impl Pages {
    /// Begins to read the tree up to this size. What the index has to come to is gathered on the way.
    pub(super) fn read(store: &Store, until: u64, expected: &Arc<Expected>, tasks: &mut JoinSet<()>) -> Self {
        let ahead = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        let (pages, read) = mpsc::channel(ahead);
        let mut reader = Reader { store: store.clone(), until, index: 0, runs: VecDeque::new(), ended: false };
        let expected = Arc::clone(expected);
        tasks.spawn(async move {
            while let Some(parts) = reader.page().await {
                let page = tokio::spawn(filled(reader.store.clone(), parts, Arc::clone(&expected)));
                // Whoever checks them has found something and stopped.
                if pages.send(page).await.is_err() {
                    return;
                }
            }
        });
        Self(read)
    }

    /// The next page.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Piece>>, StoreError> {
        let Some(page) = self.0.recv().await else { return Ok(None) };
        page.await.map(Some).map_err(|_| StoreError::Closed)
    }
}

/// A run or a part of one, whose entries are not read yet.
struct Part {
    /// Where it stands.
    place: RunRow,
    /// The run, if this is its beginning.
    run: Option<RunRow>,
    /// Why no more runs can be read.
    failed: Option<StoreError>,
}

struct Reader {
    store: Store,
    until: u64,
    /// The place of the next entry.
    index: u64,
    /// Runs, or the rest of one, that come next, and whether they begin there.
    runs: VecDeque<(RunRow, Option<RunRow>)>,
    ended: bool,
}

impl Reader {
    /// Some runs; `None` after the last.
    async fn page(&mut self) -> Option<Vec<Part>> {
        let (mut parts, mut room) = (Vec::new(), PAGE);
        while room > 0 && !self.ended {
            if self.runs.is_empty()
                && let Err(error) = self.more_runs().await
            {
                let place = RunRow { first_index: self.index, epoch: Id(0), first_rseq: 0, length: 0 };
                parts.push(Part { place, run: None, failed: Some(error) });
                self.ended = true;
                break;
            }
            let Some((rest, run)) = self.runs.pop_front() else {
                self.ended = true;
                break;
            };
            // One that is not where it should be has no entries; whoever checks it says so.
            let fits = rest.first_index == self.index && rest.length > 0;
            let now = if fits { rest.length.min(room) } else { 0 };
            parts.push(Part { place: RunRow { length: now, ..rest }, run, failed: None });
            room -= now;
            self.index += now;
            let [first_index, first_rseq] = [rest.first_index, rest.first_rseq].map(|first| first.saturating_add(now));
            if fits && rest.length > now {
                self.runs.push_front((RunRow { first_index, first_rseq, length: rest.length - now, ..rest }, None));
            } else {
                self.ended = !fits || self.index >= self.until;
            }
        }
        (!parts.is_empty()).then_some(parts)
    }

    async fn more_runs(&mut self) -> Result<(), StoreError> {
        if self.index < self.until {
            let runs = self.store.ledger_runs(self.index, RUNS).await?;
            self.runs.extend(runs.into_iter().map(|run| (run, Some(run))));
        }
        Ok(())
    }
}

/// Reads the entries of these runs: of each epoch those that follow each other together, however many runs they are in.
async fn filled(store: Store, parts: Vec<Part>, expected: Arc<Expected>) -> Vec<Piece> {
    let mut spans: Vec<(Id, u64, u64)> = Vec::new();
    let mut of_part = Vec::with_capacity(parts.len());
    for Part { place, .. } in &parts {
        let end = place.first_rseq.saturating_add(place.length);
        let last = spans.iter().rposition(|(epoch, ..)| *epoch == place.epoch);
        if let Some(number) = last.filter(|number| spans[*number].2 == place.first_rseq) {
            spans[number].2 = end;
            of_part.push(number);
        } else {
            of_part.push(spans.len());
            spans.push((place.epoch, place.first_rseq, end));
        }
    }
    let mut read = Vec::with_capacity(spans.len());
    for (epoch, from, end) in spans {
        let (entries, end) = span(&store, epoch, from, end).await;
        read.push((entries.into_iter(), Some(end)));
    }
    let mut pieces = Vec::with_capacity(parts.len());
    for (Part { place, run, failed }, number) in parts.into_iter().zip(of_part) {
        let (entries, after) = &mut read[number];
        let entries: Vec<_> = entries.by_ref().take(place.length as usize).collect();
        expected.take((place.first_index..).zip(&entries).filter_map(|(index, examined)| Some((index, examined.entry.as_deref()?))));
        let mut end = failed.map_or(End::Whole, End::Failed);
        if (entries.len() as u64) < place.length {
            // After that, nothing more is looked at.
            end = after.take().unwrap_or(End::Missing(place.first_rseq));
        }
        pieces.push(Piece { run, epoch: place.epoch, entries, end });
    }
    pieces
}

/// Entries of an epoch from one number to below another, as far as they are there.
async fn span(store: &Store, epoch: Id, from: u64, end: u64) -> (Vec<Examined>, End) {
    let (mut entries, mut next) = (Vec::new(), from);
    while next < end {
        let some = match examined(store, epoch, next, end - next).await {
            Ok(some) => some,
            Err(error) => return (entries, End::Failed(error)),
        };
        let Some(last) = some.last().filter(|_| some[0].rseq == next) else { return (entries, End::Missing(next)) };
        next = last.rseq + 1;
        entries.extend(some);
    }
    (entries, End::Whole)
}

/// The entries of an epoch that [`Store::ledger_entries`] reads, each with what lies beside it.
pub(super) async fn examined(store: &Store, epoch: Id, from: u64, limit: u64) -> Result<Vec<Examined>, StoreError> {
    let entries = store.ledger_entries_as(epoch, from, limit, examine).await?;
    let [Some((first, _)), Some((last, _))] = [entries.first(), entries.last()] else { return Ok(Vec::new()) };
    let (mut details, mut next, last) = (VecDeque::new(), *first, *last);
    // Where they are long few come at once; then not all the rest is asked for each time.
    let mut most = limit;
    while next <= last {
        let to = last.min(next.saturating_add(most - 1));
        let (some, more) = store.ledger_details(epoch, next, to, Erasable::from).await?;
        next = to + 1;
        if let Some((rseq, _)) = some.last().filter(|_| more) {
            (next, most) = (rseq + 1, 2 * some.len() as u64);
        }
        details.extend(some);
    }
    let mut with_its_own = |mut examined: Examined| {
        if let Some((_, erasable)) = details.pop_front_if(|(rseq, _)| *rseq == examined.rseq) {
            examined.erasable = erasable;
        }
        examined
    };
    Ok(entries.into_iter().map(|(_, examined)| with_its_own(examined)).collect())
}

fn examine(rseq: u64, leaf: Option<Digest>, body: &[u8]) -> Examined {
    Examined { rseq, leaf, found: tree::leaf(body), erasable: Erasable::Gone, entry: codec::decode(body).ok().map(Box::new) }
}
