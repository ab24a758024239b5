//! Pages of the access log, in either order, and what has come since. A cursor is a place in the tree, so that a page stays what it is while the log grows.

use super::{LogFilter, Logged, logged, range};
use crate::{
    app::{Error, Op},
    audit::record::{AccessRecord, is_delivery},
    policy::{Permission, Permit, Refusal},
    store::{LogEntry, StoreError},
};

/// How many records a page holds at most.
pub const MAX_PAGE: u32 = 500;
/// How many entries are read from the database at once: 256 of the largest are 16 MiB.
const CHUNK: u32 = 256;
/// How many records are looked through at once for the oldest that have a term; four times as many each time.
const WINDOW: u64 = 65_536;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many records.
    pub first: u32,
    /// Only those behind this one.
    pub after: Option<u64>,
    /// The oldest first.
    pub oldest_first: bool,
}

/// Part of the access log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The records that match.
    pub records: Vec<Logged>,
    /// Go on behind this index; `None` when nothing behind it can match.
    pub next: Option<u64>,
}

/// What is left to be looked at: `from..until`.
struct Search<'o> {
    op: &'o Op,
    permit: Permit,
    term: Option<i64>,
    oldest_first: bool,
    from: u64,
    until: u64,
    window: u64,
}

/// The records that match `filter`, at most `first`.
pub async fn access_log(op: &Op, filter: &LogFilter, wanted: Wanted) -> Result<LogPage, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    let Wanted { first, after, oldest_first } = wanted;
    sized(first)?;
    let (_, mut from, mut until) = range(op, filter.since, filter.until).await?;
    match after {
        Some(after) if oldest_first => from = from.max(after.saturating_add(1)),
        Some(after) => until = until.min(after),
        None => {}
    }
    let mut search = Search { op, permit, term: filter.term(), oldest_first, from, until, window: WINDOW };
    let records = search.run(first, |record| filter.matches(record)).await?;
    let behind = if oldest_first { search.from.checked_sub(1) } else { Some(search.until) };
    Ok(LogPage { records, next: behind.filter(|_| search.from < search.until) })
}

/// Where somebody begins who wants what comes from now on, or what came behind `after`: the index to be looked at next. They
/// want at most `first` records at once.
pub async fn begin_at(op: &Op, first: u32, after: Option<u64>) -> Result<u64, Error> {
    op.rights.permit(Permission::LogRead)?;
    sized(first)?;
    let size = op.core.recorder.fold_now().await?;
    Ok(after.map_or(size, |after| after.saturating_add(1).min(size)))
}

/// The records from this index on that match, at most `first`, the oldest first, and the index to be looked at next. What
/// subscriptions delivered is left out.
///
/// Costs no query as long as nothing has come, and finds it as soon as it has its place in the tree.
pub async fn news(op: &Op, filter: &LogFilter, first: u32, from: u64) -> Result<(LogPage, u64), Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    sized(first)?;
    let until = op.core.recorder.standing().size;
    if until <= from {
        return Ok((LogPage { records: Vec::new(), next: None }, from));
    }
    let mut search = Search { op, permit, term: None, oldest_first: true, from, until, window: WINDOW };
    let records = search.run(first, |record| filter.matches(record) && !is_delivery(record)).await?;
    let next = search.from;
    let more = next < search.until;
    Ok((LogPage { records, next: next.checked_sub(1).filter(|_| more) }, next))
}

fn sized(first: u32) -> Result<(), Refusal> {
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} records.")));
    }
    Ok(())
}

impl Search<'_> {
    /// The records that are wanted, at most `first`, as far as one page may look.
    async fn run(&mut self, first: u32, wanted: impl Fn(&AccessRecord) -> bool) -> Result<Vec<Logged>, Error> {
        let mut records = Vec::new();
        let mut left = self.op.core.access_log.scan;
        while self.from < self.until && records.len() < first as usize && left > 0 {
            let chunk = self.next(CHUNK.min(left)).await?;
            left = left.saturating_sub((chunk.len() as u32).max(1));
            for entry in chunk {
                let logged = logged(entry)?;
                self.passed(logged.index);
                if wanted(&logged.entry.record) {
                    records.push(logged);
                }
                if records.len() == first as usize {
                    break;
                }
            }
        }
        self.op.trace().rows += records.len() as u64;
        Ok(records)
    }

    /// The next entries in the order of the search; none if there were none in what it looked through.
    async fn next(&mut self, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let (store, index) = (&self.op.core.store, self.op.core.recorder.index());
        let Some(term) = self.term else {
            if !self.oldest_first {
                let found = store.log_before(self.permit, self.until, limit).await?;
                return Ok(self.only_wanted(found));
            }
            let (found, next) = store.log_from(self.from, &[], limit).await?;
            if found.is_empty() {
                self.from = next.max(self.until);
            }
            return Ok(self.only_wanted(found));
        };
        let places = if self.oldest_first {
            let end = self.until.min(self.from.saturating_add(self.window));
            let mut places = index.entries(term, self.from, end, usize::MAX).await?;
            places.reverse();
            if places.is_empty() {
                (self.from, self.window) = (end, self.window * 4);
            }
            places
        } else {
            index.entries(term, self.from, self.until, limit as usize).await?
        };
        let places = &places[..places.len().min(limit as usize)];
        if places.is_empty() && !self.oldest_first {
            self.until = self.from;
        }
        let mut found = store.log_at(self.permit, places).await?;
        if !self.oldest_first {
            found.reverse();
        }
        Ok(found)
    }

    /// Of what was read in order, what lies in the range; if nothing does, the search has ended.
    fn only_wanted(&mut self, mut found: Vec<LogEntry>) -> Vec<LogEntry> {
        found.retain(|entry| (self.from..self.until).contains(&entry.index));
        if found.is_empty() {
            self.from = self.until;
        }
        found
    }

    fn passed(&mut self, index: u64) {
        if self.oldest_first {
            self.from = index + 1;
        } else {
            self.until = index;
        }
    }
}
