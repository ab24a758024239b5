//! Time and randomness, passed in so that tests and simulations are deterministic.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment in UTC, microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// One second in the unit of [`Timestamp`].
pub const SECOND: i64 = 1_000_000;
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

/// RFC 3339 in UTC with the digits of the second that are not zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
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
