//! What can be set about the archive, under `ledger.archive`.

use serde::{Deserialize, Serialize};

/// Where segments of the log go, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where segments lie: `file:///folder` or `s3://bucket/prefix`. What S3 needs besides, comes from the environment (`AWS_…`).
    pub url: Option<String>,
    /// How many records make a segment; a multiple of 256. Must stay what it is once something is archived.
    pub segment: u64,
    /// The retention rule: after how many days in the tree records leave the database; 0: never without `--older-than`.
    pub after_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { url: None, segment: 65_536, after_days: 0 }
    }
}

impl Settings {
    /// The first value that makes no sense: its key and what is wrong.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if self.segment == 0 || !self.segment.is_multiple_of(256) || self.segment > 1 << 20 {
            return Some(("ledger.archive.segment", "must be a multiple of 256, at most 1048576"));
        }
        let known = |url: &String| url.starts_with("file:///") || url.starts_with("s3://");
        if self.url.as_ref().is_some_and(|url| !known(url)) {
            return Some(("ledger.archive.url", "must begin with file:/// or s3://"));
        }
        None
    }
}
