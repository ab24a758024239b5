//! Time and randomness, passed in so that tests and simulations are deterministic.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment in UTC, microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// One second in the unit of [`Timestamp`].
pub const SECOND: i64 = 1_000_000;
/// One hour in the unit of [`Timestamp`].
pub const HOUR: i64 = 3_600 * SECOND;
/// One day in the unit of [`Timestamp`].
pub const DAY: i64 = 86_400 * SECOND;

impl Timestamp {
    /// Reads RFC 3339, for example `2026-11-22T08:30:00Z`; `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }

    /// This moment plus `seconds`.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// The UTC day this moment falls in, counted from 1970-01-01.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// Whole seconds since 1970 (the unit of JWT's `exp`, RFC 7519 § 2).
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }
}

/// RFC 3339 in UTC, with the digits of the second that are not zero. Written by hand because a page of leads has a
/// hundred of them; the years 0000 to 9999 only.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.day());
        let micros = self.0.rem_euclid(DAY);
        let second = micros / SECOND;
        let [hour, minute, second, fraction] = [second / 3_600, second / 60 % 60, second % 60, micros % SECOND];
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if fraction > 0 {
            let digits = format!("{fraction:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar: the era of 400 years,
/// the year in it beginning in March, the day in that.
const fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + (month <= 2) as i64, month, day)
}

/// What time it is.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Where randomness comes from.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` unpredictable bytes.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let moments = [0, 1, -1, 951_782_400 * SECOND, 1_709_164_799_999_999, 253_402_300_799 * SECOND, -62_167_219_200 * SECOND];
        for moment in moments.into_iter().chain((0..4_000).map(|n| n * 17 * DAY + n * 1_000)) {
            let expected = OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment) * 1_000).unwrap().format(&Rfc3339).unwrap();
            assert_eq!(Timestamp(moment).to_string(), expected);
            assert_eq!(Timestamp::parse(&expected), Some(Timestamp(moment)));
        }
    }
}
