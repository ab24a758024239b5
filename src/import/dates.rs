//! Moments as exports write them.

use time::{Date, Month};

use crate::domain::{Timestamp, clock::DAY};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// `01 Jan 2024` (LinkedIn), `2024-01-01` with or without a time, `20240101T120000Z` (vCard): its beginning in UTC, the
/// seconds of what names a time in UTC. `None` if it is none of these.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(at) = Timestamp::parse(text) {
        return Some(at);
    }
    if let [day, month, year] = text.split_whitespace().collect::<Vec<_>>()[..] {
        let month = MONTHS.iter().position(|name| month.get(..3).is_some_and(|month| month.eq_ignore_ascii_case(name)))?;
        return date(year, &(month + 1).to_string(), day);
    }
    let (day, time) = text.split_once(['T', ' ']).map_or((text, ""), |(day, time)| (day, time));
    let digits: String = day.chars().filter(|letter| *letter != '-').collect();
    if digits.len() != 8 || !digits.is_ascii() {
        return None;
    }
    let at = date(&digits[..4], &digits[4..6], &digits[6..])?;
    let clock: String = time.chars().filter(char::is_ascii_digit).take(6).collect();
    let seconds = (clock.len() == 6).then(|| [0, 2, 4].map(|from| clock[from..from + 2].parse::<i64>().unwrap_or_default()));
    // A time without a zone is anybody's; the day it names is near enough.
    Some(match seconds.filter(|_| time.ends_with('Z')) {
        Some([hours, minutes, seconds]) if hours < 24 && minutes < 60 && seconds < 60 => {
            at.plus_seconds(hours * 3_600 + minutes * 60 + seconds)
        }
        _ => at,
    })
}

fn date(year: &str, month: &str, day: &str) -> Option<Timestamp> {
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok().filter(|year| (1900..=2200).contains(year))?, month, day.parse().ok()?).ok()?;
    // Julian day 2,440,588 is 1970-01-01.
    Some(Timestamp((i64::from(date.to_julian_day()) - 2_440_588) * DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (text, wanted) in [
            ("01 Jan 2024", Some("2024-01-01T00:00:00Z")),
            ("9 September 2021", Some("2021-09-09T00:00:00Z")),
            ("2024-02-29", Some("2024-02-29T00:00:00Z")),
            ("2024-02-29T10:11:12+01:00", Some("2024-02-29T09:11:12Z")),
            ("20240229T101112Z", Some("2024-02-29T10:11:12Z")),
            ("20240229T101112", Some("2024-02-29T00:00:00Z")),
            ("30 Feb 2024", None),
            ("2024-13-01", None),
            ("yesterday", None),
            ("", None),
            ("日本語 Jan 2024", None),
        ] {
            assert_eq!(moment(text).map(|at| at.to_string()).as_deref(), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            let _ = moment(&text);
        }
    }
}
