//! Weeks from Monday, UTC.

use crate::domain::{Timestamp, clock::DAY};

/// The Monday of the week that a moment falls in, counted in days from 1970-01-01, which was a Thursday.
pub const fn week_of(at: Timestamp) -> i64 {
    let day = at.day();
    day - (day + 3).rem_euclid(7)
}

/// The Mondays of the weeks that a range touches.
pub fn starts(from: Timestamp, to: Timestamp) -> impl Iterator<Item = i64> {
    (week_of(from)..).step_by(7).take_while(move |day| day.saturating_mul(DAY) < to.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        // 2026-11-22 is a Sunday.
        assert_eq!(week_of(at("2026-11-22T23:59:59Z")), at("2026-11-16T00:00:00Z").day());
        assert_eq!(week_of(at("2026-11-23T00:00:00Z")), at("2026-11-23T00:00:00Z").day());
        let weeks: Vec<i64> = starts(at("2026-11-22T12:00:00Z"), at("2026-11-30T00:00:00Z")).collect();
        assert_eq!(weeks, [at("2026-11-16T00:00:00Z").day(), at("2026-11-23T00:00:00Z").day()]);
    }
}
