//! What a role asks of its holder besides the grant, before it opens its windows.

use serde::{Deserialize, Serialize};

use super::{AgreementKind, PolicyDocument};
use crate::domain::Id;

/// What holding a role asks for. It is kept apart from the role, so that it can be set for the roles that ship, too, and
/// be tightened while somebody holds one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// The agreements that must be accepted.
    pub agreements: Vec<AgreementKind>,
    /// Whether a purpose must be declared.
    #[serde(default)]
    pub purpose_required: bool,
    /// Codes of the purposes that may be declared; none named means any that is registered.
    #[serde(default)]
    pub purposes: Vec<String>,
}

/// What a role asks for that nobody has set anything for: a role that opens windows never asks for nothing by accident.
impl Default for Requirement {
    fn default() -> Self {
        Self { agreements: vec![AgreementKind::Confidentiality], purpose_required: false, purposes: Vec::new() }
    }
}

impl Requirement {
    /// Whether the windows of the role open for a declared purpose.
    pub fn admits(&self, code: Option<&str>) -> bool {
        match code {
            None => !self.purpose_required,
            Some(code) => self.purposes.is_empty() || self.purposes.iter().any(|admitted| admitted == code),
        }
    }

    /// Whether this one asks for all that `before` asked for.
    pub(super) fn is_within(&self, before: &Self) -> bool {
        let purposes = before.purposes.is_empty()
            || (!self.purposes.is_empty() && self.purposes.iter().all(|admitted| before.purposes.contains(admitted)));
        before.agreements.iter().all(|kind| self.agreements.contains(kind))
            && (self.purpose_required || !before.purpose_required)
            && purposes
    }
}

impl PolicyDocument {
    /// What the role asks for.
    pub fn requirement(&self, role: Id) -> Requirement {
        self.requirements.get(&role.0).cloned().unwrap_or_default()
    }
}
