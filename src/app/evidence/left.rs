//! Who left, or was leaving, in a range: what was written down once and for all, as of the end of the range.

use super::{count::Counting, order::Order, who::Names};
use crate::{
    app::{
        Error, Op,
        departures::{self, Departure, DepartureFilter},
    },
    domain::{DepartureState, Timestamp},
    evidence::Leaver,
};

/// Departures read at once.
const PAGE: u64 = 500;

/// Departures that had begun by the end of the range and were not over at its beginning.
pub(super) async fn read(op: &Op, order: &Order) -> Result<Vec<Departure>, Error> {
    let mut all: Vec<Departure> = Vec::new();
    let mut after = None;
    loop {
        let page = departures::list(op, DepartureFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.id);
        let touches = |one: &Departure| one.begun_at < order.to && one.ended_at.is_none_or(|ended| ended >= order.from);
        all.extend(page.into_iter().filter(touches));
    }
}

/// The facts.
pub(super) fn facts(order: &Order, departures: &[Departure], counting: &Counting, names: &Names) -> Vec<Leaver> {
    // What happened after the range is another file's.
    let by_then = |at: Option<Timestamp>| at.filter(|at| *at < order.to);
    let leaver = |one: &Departure| {
        let over_at = by_then(one.ended_at);
        Leaver {
            who: names.account(one.person),
            known_at: one.known_at,
            begun_at: one.begun_at,
            limited_at: by_then(one.limited_at),
            // An account that was locked before has no access that could have ended later.
            ended_at: by_then(if one.locked_before { Some(one.begun_at) } else { one.locked_at }),
            last_shown_at: counting.last_shown(one.person, one.rehired_at),
            over_at,
            called_off: over_at.is_some() && one.state == DepartureState::Cancelled,
        }
    };
    departures.iter().map(leaver).collect()
}
