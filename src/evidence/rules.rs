//! What the rules were, what left as files, and what the register of contact accounts had.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    moment::{moment, perhaps},
    who::Who,
};
use crate::domain::Timestamp;

/// Files taken out.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exports {
    /// How many.
    pub files: u64,
    /// Leads in them.
    pub leads: u64,
    /// Those that bore a marking above PUBLIC.
    pub marked: u64,
    /// Those that declared a purpose.
    pub with_purpose: u64,
    /// Names of roles that could export and had no limit per file, at the end of the range.
    pub without_limit: Vec<String>,
}

/// A revision of the policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Its number.
    pub number: i64,
    /// SHA-256 of its document, in hexadecimal.
    pub sha256: String,
    /// Since when.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    /// Who made it.
    pub by: Who,
    /// How many items it changed, by kind.
    pub changed: BTreeMap<String, u64>,
}

/// The policy over the range.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// The first there ever was took hold then.
    #[serde(serialize_with = "perhaps")]
    pub since: Option<Timestamp>,
    /// The one in force at the beginning, if there was one, and those made in the range.
    pub revisions: Vec<Revision>,
    /// Within the range: when only one subject could change it.
    #[serde(skip)]
    pub sole_admin: Vec<(Timestamp, Timestamp)>,
}

/// Accounts on platforms, and where leads came from.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// The company's accounts that had been entered into the register by the end of the range, by kind; those put out of use
    /// since are among them. Personal profiles are left out: a person can be erased, and the file must stay the same.
    pub entered: BTreeMap<&'static str, u64>,
    /// When the first of them was entered.
    #[serde(serialize_with = "perhaps")]
    pub since: Option<Timestamp>,
    /// How often accounts of the register were entered, changed or confirmed in the range.
    pub changes: u64,
    /// Imports of leads in the range; each notes for every lead it meets where it came from.
    pub imports: u64,
}
