//! Days of the year that is played: which are worked on, which end a quarter. Days are counted from 1970-01-01 (UTC).

use time::{Date, Month};

/// The Julian day of 1970-01-01.
const EPOCH: i64 = 2_440_588;
/// Nobody works on these.
const HOLIDAYS: [(Month, u8); 6] =
    [(Month::January, 1), (Month::May, 1), (Month::December, 24), (Month::December, 25), (Month::December, 26), (Month::December, 31)];

/// The calendar date of a day.
fn date(day: i64) -> Date {
    i32::try_from(day + EPOCH).ok().and_then(|julian| Date::from_julian_day(julian).ok()).unwrap_or(Date::MIN)
}

/// The day of an ISO date, `2026-11-21`.
pub fn day_of(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse::<u8>().ok()?, parts.next()?.parse().ok()?);
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    Some(i64::from(date.to_julian_day()) - EPOCH)
}

/// Days since Monday.
pub(in crate::year) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Whether the company works on that day.
pub(super) fn is_working(day: i64) -> bool {
    let date = date(day);
    weekday(day) < 5 && !HOLIDAYS.contains(&(date.month(), date.day()))
}

/// Whether it is one of the last two weeks of a quarter, when everybody closes deals.
pub(super) fn is_quarter_end(day: i64) -> bool {
    let date = date(day);
    u8::from(date.month()).is_multiple_of(3) && date.day() > 16
}

/// Whether it is the first working day of a month, when reports are made.
pub(super) fn begins_month(day: i64) -> bool {
    let so_far = i64::from(date(day).day());
    is_working(day) && (day - so_far + 1..day).all(|earlier| !is_working(earlier))
}

/// The working day that is nearest before this day, or this day.
pub(super) fn working_day_until(day: i64) -> i64 {
    (day - 14..=day).rev().find(|day| is_working(*day)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_its_days() {
        let first = day_of("2026-01-01").unwrap();
        let year: Vec<i64> = (first..first + 365).collect();
        let working = year.iter().filter(|day| is_working(**day)).count();
        // 261 weekdays, of which 1 January, 1 May, 24, 25 and 31 December.
        assert_eq!(working, 256);
        assert_eq!(year.iter().filter(|day| begins_month(**day)).count(), 12);
        assert_eq!(year.iter().filter(|day| is_quarter_end(**day)).count(), 15 + 14 + 14 + 15);
        let monday = day_of("2026-11-23").unwrap();
        assert_eq!((weekday(monday), working_day_until(monday - 1)), (0, monday - 3));
        assert_eq!((day_of("1970-01-01"), day_of("2026-02-30"), day_of("soon")), (Some(0), None, None));
    }
}
