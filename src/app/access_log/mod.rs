//! Reading the access log: single records, pages of them, and what they come to: who saw a lead, what somebody was shown. Every read is
//! itself recorded.

mod exposure;
mod filter;
mod page;
mod range;
mod record;
mod stats;
mod who_saw;

use serde::{Deserialize, Serialize};

pub(in crate::app) use exposure::measured;
pub use exposure::{Baseline, Exposure, Peers, ShownLead, ShownLeads, Total, exposure, shown_leads};
pub use filter::LogFilter;
pub use page::{LogPage, MAX_PAGE, Wanted, access_log, begin_at, news};
pub(super) use range::floor;
pub use record::{Beside, ChangeShown, MAX_CHANGES, access_record, beside, changes, document, neighbour};
pub use stats::{GroupBy, Interval, Stat, StatsQuery, stats};
pub use who_saw::{Sighting, Sightings, WhoSaw, who_saw};

use super::{Error, Op};
use crate::{
    audit::{codec, daily::Days, index::DaysOf, record::Entry},
    domain::{Digest, Timestamp, clock::SECOND},
    store::{LogEntry, Store, StoreError, ledger::Reach},
};

/// How far the clocks of two servers may lie apart (µs) before a search by time misses something.
const CLOCK_SKEW: i64 = 300 * SECOND;
/// How long after an operation began its record may be written (µs) for a search up to a time to find it by that.
const LATE: i64 = 3_600 * SECOND;

/// How the access log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many records one page may look at. A page whose filter matches too few ends there and has a next one.
    pub scan: u32,
    /// The first hour (UTC) of the working day.
    pub work_from: u8,
    /// The hour (UTC) at which the working day ends. What is done before, after, or on a Saturday or Sunday is off-hours.
    pub work_until: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { scan: 20_000, work_from: 6, work_until: 20 }
    }
}

impl Settings {
    /// Whether this hour (UTC) of this day, counted from 1970-01-01, is off-hours.
    pub fn is_off(&self, day: i64, hour: usize) -> bool {
        // 1970-01-01 was a Thursday.
        let weekend = matches!(day.rem_euclid(7), 2 | 3);
        weekend || !(usize::from(self.work_from)..usize::from(self.work_until)).contains(&hour)
    }
}

/// A record with its place in the tree.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Hash of its leaf.
    pub leaf: Digest,
    /// What it says.
    pub entry: Entry,
    /// Whether it was read from the archive.
    pub archived: bool,
}

/// The log as it is now and not a moment ago: what has been recorded up to this moment is in the tree.
pub(in crate::app) async fn now(op: &Op) -> Result<Reach, Error> {
    reach(op, Timestamp(i64::MIN), Timestamp(i64::MAX)).await
}

/// What accounts did on the days that are wanted of them, everything counted in that was recorded before this was called.
pub(in crate::app) async fn days_now(op: &Op, wanted: &[DaysOf]) -> Result<Vec<Days>, Error> {
    let (found, more) = op.core.recorder.index().days_then(wanted).await?;
    if !more {
        return Ok(found);
    }
    op.core.recorder.fold_now().await?;
    Ok(op.core.recorder.index().days(wanted).await?)
}

/// How far the log has come, and between which places in the tree the records of operations begun in this time lie.
pub(in crate::app) async fn range(op: &Op, since: Option<Timestamp>, until: Option<Timestamp>) -> Result<(Reach, u64, u64), Error> {
    let since = since.map_or(i64::MIN, |since| since.0.saturating_sub(CLOCK_SKEW));
    let until = until.map_or(i64::MAX, |until| until.0.saturating_add(CLOCK_SKEW + LATE));
    let reach = reach(op, Timestamp(since), Timestamp(until)).await?;
    let (from, end) = range::of(&op.core.store, &reach, Timestamp(since), Timestamp(until)).await?;
    Ok((reach, from, end))
}

async fn reach(op: &Op, since: Timestamp, until: Timestamp) -> Result<Reach, Error> {
    let reach = op.core.store.ledger_reach(since, until).await?;
    if !reach.more {
        return Ok(reach);
    }
    op.core.recorder.fold_now().await?;
    Ok(op.core.store.ledger_reach(since, until).await?)
}

/// Between which places in the tree the records of operations begun in this time lie, of what is in the tree; asked by nobody.
pub(in crate::app) async fn span(store: &Store, since: Timestamp, until: Timestamp) -> Result<(u64, u64), StoreError> {
    let since = Timestamp(since.0.saturating_sub(CLOCK_SKEW));
    let until = Timestamp(until.0.saturating_add(CLOCK_SKEW + LATE));
    let reach = store.ledger_reach(since, until).await?;
    range::of(store, &reach, since, until).await
}

pub(in crate::app) fn logged(entry: LogEntry) -> Result<Logged, Error> {
    let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
    let decoded = codec::decode(&entry.body).map_err(unreadable)?;
    Ok(Logged { index: entry.index, leaf: entry.leaf, entry: decoded, archived: entry.archived })
}
