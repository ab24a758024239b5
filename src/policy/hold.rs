//! Legal holds: what must not be erased or removed while they stand.

use serde::{Deserialize, Serialize};

use crate::domain::{Id, Timestamp};

/// What a hold keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "camelCase", deny_unknown_fields)]
pub enum HoldOn {
    /// A person or app, and what lies beside their records.
    Subject {
        /// Who.
        id: i64,
    },
    /// A lead, and what lies beside the records that show or change it.
    Lead {
        /// Which.
        id: i64,
    },
    /// What was recorded in a time, and what lies beside it.
    Time {
        /// From this moment (µs).
        from: i64,
        /// Up to and without this one (µs).
        until: i64,
    },
}

/// A hold, standing or of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalHold {
    /// Id.
    pub id: Id,
    /// What it keeps.
    pub on: HoldOn,
    /// Why.
    pub reason: String,
    /// How it began.
    pub set: ByTwo,
    /// How it ended, and why; `None` as long as it stands.
    pub lifted: Option<(ByTwo, String)>,
}

/// When two agreed on something, and who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByTwo {
    /// When.
    pub at: Timestamp,
    /// Who asked for it; `None` is the operator.
    pub asked_by: Option<Id>,
    /// Who approved it; `None` is the operator.
    pub by: Option<Id>,
}
