//! What people had promised, and what was done when somebody left.

use serde::Serialize;

use super::{
    moment::{moment, perhaps},
    who::Who,
};
use crate::domain::{Timestamp, clock::DAY};

/// A published version of an agreement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// Its kind.
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
    /// When it was written down for publication.
    #[serde(serialize_with = "moment")]
    pub dated: Timestamp,
}

/// That somebody accepted one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acceptance {
    /// Its id; access records name it.
    pub id: String,
    /// Who is bound; `None` is another company.
    pub who: Option<Who>,
    /// The kind of agreement.
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// When it was signed.
    #[serde(serialize_with = "moment")]
    pub signed_at: Timestamp,
    /// When it was recorded here.
    #[serde(serialize_with = "moment")]
    pub recorded_at: Timestamp,
    /// Whether it counts at the end of the range.
    pub counts: bool,
    /// SHA-256 of the exact text that was accepted, in hexadecimal; `None` of a paper, whose text is its own.
    pub text_sha256: Option<String>,
    /// SHA-256 of the paper, if it was signed on one.
    pub paper_sha256: Option<String>,
}

/// Who had signed.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// Every version published by the end of the range.
    pub agreements: Vec<Agreement>,
    /// Every acceptance recorded by then.
    pub acceptances: Vec<Acceptance>,
    /// People who could see leads at the end of the range.
    pub people: u64,
    /// Of those, bound by a confidentiality agreement, or by one of another company's people, that counts then.
    pub people_bound: u64,
    /// Answers and files that showed leads, by their own record.
    pub shown: u64,
    /// Of those, given under accepted agreements that the record names.
    pub shown_under: u64,
    /// When the first version was published.
    #[serde(serialize_with = "perhaps")]
    pub since: Option<Timestamp>,
}

/// Somebody who left or was leaving.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaver {
    /// Who.
    pub who: Who,
    /// Since when the company knew, as it says.
    #[serde(serialize_with = "moment")]
    pub known_at: Timestamp,
    /// When the departure was begun here.
    #[serde(serialize_with = "moment")]
    pub begun_at: Timestamp,
    /// When access was limited, by the end of the range.
    #[serde(serialize_with = "perhaps")]
    pub limited_at: Option<Timestamp>,
    /// When access ended, by the end of the range.
    #[serde(serialize_with = "perhaps")]
    pub ended_at: Option<Timestamp>,
    /// When they were last shown a lead in the range, before they were taken on again if they were.
    #[serde(serialize_with = "perhaps")]
    pub last_shown_at: Option<Timestamp>,
    /// When the departure was closed or called off, by the end of the range.
    #[serde(serialize_with = "perhaps")]
    pub over_at: Option<Timestamp>,
    /// Whether it was called off.
    pub called_off: bool,
}

impl Signed {
    /// People who could see leads and were not bound.
    pub const fn unbound(&self) -> u64 {
        self.people - self.people_bound
    }
}

impl Leaver {
    /// How long it took from when the company knew until access ended (µs).
    pub fn lag(&self) -> Option<i64> {
        self.ended_at.map(|ended| (ended.0 - self.known_at.0).max(0))
    }

    /// Whether they were shown a lead after their access had ended.
    pub fn shown_after(&self) -> bool {
        self.ended_at.zip(self.last_shown_at).is_some_and(|(ended, shown)| shown > ended)
    }
}

/// A time in words: `3 days 4 h`, `5 h 10 min`, `40 s`.
pub(super) fn lasting(micros: i64) -> String {
    let seconds = micros / (DAY / 86_400);
    let [days, hours, minutes] = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60];
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_took() {
        let second = DAY / 86_400;
        let told = [40, 600, 3_700, 90_000, 300_000].map(|seconds| lasting(seconds * second));
        assert_eq!(told, ["40 s", "10 min", "1 h 1 min", "1 day 1 h", "3 days 11 h"]);
    }
}
