//! What holds of a version when whoever publishes it says nothing else.

use serde::{Deserialize, Serialize};

/// Settings under `agreements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// For how many days acceptances of the version before still count.
    pub grace_days: u32,
    /// After how many days a version has to be accepted again; 0 is never.
    pub renew_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { grace_days: 14, renew_days: 365 }
    }
}
