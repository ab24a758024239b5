//! The policy as data: what admins manage, what a policy revision hashes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AgreementVersion, DepartureRules, Level, Marking, Quotas, Requirement, purpose::Purposes};
use crate::domain::{Field, Id, Timestamp};

/// Which rows a window template opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Leads the subject owns.
    Own,
    /// Leads of the grant's team and of the teams below it.
    Team,
    /// Every lead.
    All,
}

/// One window of a role, before a grant ties it to a subject and a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowTemplate {
    /// Which rows.
    pub scope: Scope,
    /// The highest level it opens, of rows and of fields.
    pub level: String,
    /// Codes of the compartments it opens.
    #[serde(default)]
    pub compartments: Vec<String>,
    /// Whether it opens every compartment, those made later too.
    #[serde(default)]
    pub all_compartments: bool,
    /// Names of the fields that come masked, whatever their marking.
    #[serde(default)]
    pub masked: Vec<String>,
}

/// A role as admins define it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleDefinition {
    /// Unique name, lower case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the product ships it; then it cannot be changed.
    pub built_in: bool,
    /// Names of its permissions.
    pub permissions: Vec<String>,
    /// Its windows.
    pub windows: Vec<WindowTemplate>,
    /// Its quotas.
    pub quotas: Quotas,
}

/// A grant: a role given to a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantRow {
    /// The person or app that holds it.
    pub subject: i64,
    /// The role.
    pub role: i64,
    /// The team its `TEAM` windows are about.
    pub team: Option<i64>,
    /// Codes of the compartments it opens besides the role's: need-to-know belongs to the person.
    #[serde(default)]
    pub compartments: Vec<String>,
    /// Why it was given.
    pub reason: String,
    /// The admin who asked for it; `None` is the operator.
    pub requested_by: Option<i64>,
    /// When (µs).
    pub requested_at: i64,
    /// The other admin who approved it; `None` with `approved_at` set is the operator.
    pub approved_by: Option<i64>,
    /// When (µs); `None` means it has no effect yet.
    pub approved_at: Option<i64>,
    /// Until when (µs).
    pub expires_at: Option<i64>,
    /// When it was revoked (µs).
    pub revoked_at: Option<i64>,
    /// By whom; `None` with `revoked_at` set is the operator.
    pub revoked_by: Option<i64>,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantState {
    /// Waits for another admin.
    Pending,
    /// Gives what its role gives.
    Active,
    /// Its time is over.
    Expired,
    /// Was ended, or withdrawn before it began.
    Revoked,
}

impl GrantRow {
    /// Where it stands at `now`.
    pub fn state(&self, now: Timestamp) -> GrantState {
        if self.revoked_at.is_some() {
            GrantState::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now.0) {
            GrantState::Expired
        } else if self.approved_at.is_some() {
            GrantState::Active
        } else {
            GrantState::Pending
        }
    }

    /// Whether it gives anything at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.state(now) == GrantState::Active
    }

    /// Whether it gives something at `now` or is about to.
    pub fn stands(&self, now: Timestamp) -> bool {
        matches!(self.state(now), GrantState::Active | GrantState::Pending)
    }
}

/// A team; teams form a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamRow {
    /// Unique name.
    pub name: String,
    /// The team above.
    pub parent: Option<i64>,
}

/// A marking as the document writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkingText {
    /// Name of the level.
    pub level: String,
    /// Codes of the compartments.
    #[serde(default)]
    pub compartments: Vec<String>,
}

/// Field name → marking.
pub type FieldMarkings = BTreeMap<String, MarkingText>;

/// Everything that decides who may see and do what. Its JSON, with keys in order, is what a policy revision hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyDocument {
    /// Compartment codes; position is the bit. One is never removed.
    pub compartments: Vec<String>,
    /// The company-wide marking of each lead field; a field without one is TRADE_SECRET in every compartment.
    pub field_markings: FieldMarkings,
    /// Teams by id.
    pub teams: BTreeMap<i64, TeamRow>,
    /// Roles by id.
    pub roles: BTreeMap<i64, RoleDefinition>,
    /// What roles ask of their holders, by the role's id; one that is not named here asks for what [`Requirement::default`] says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requirements: BTreeMap<i64, Requirement>,
    /// Published agreements, by kind and version: `CONFIDENTIALITY/1`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agreements: BTreeMap<String, AgreementVersion>,
    /// Purposes by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub purposes: Purposes,
    /// Limits of single people and apps beside those of their roles, by the subject's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<i64, Quotas>,
    /// What departures go by; `None` is what ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departures: Option<DepartureRules>,
    /// Grants by id, those of the past too.
    pub grants: BTreeMap<i64, GrantRow>,
    /// The notice shown with every answer.
    pub notice: String,
    /// The reminder of confidentiality, shown with the first leads of a day and session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reminder: String,
    /// The marking of a lead that comes in without one.
    pub default_lead_marking: Option<MarkingText>,
}

impl PolicyDocument {
    /// The bits of these compartment codes; `None` if one is unknown.
    pub fn compartment_bits(&self, codes: &[String]) -> Option<u64> {
        codes.iter().try_fold(0, |bits, code| self.compartments.iter().position(|known| known == code).map(|bit| bits | 1 << bit))
    }

    /// What a marking text means; `None` if level or compartment is unknown.
    pub fn marking(&self, text: &MarkingText) -> Option<Marking> {
        Some(Marking::new(Level::from_name(&text.level)?, self.compartment_bits(&text.compartments)?))
    }

    /// The marking of a field; one without a rule, or with a broken one, is the highest.
    pub fn field_marking(&self, field: Field) -> Marking {
        let ruled = self.field_markings.get(field.name()).and_then(|text| self.marking(text));
        ruled.unwrap_or(Marking::new(Level::TradeSecret, u64::MAX >> 1))
    }

    /// The marking of a lead that comes in without one; without a rule it is TRADE_SECRET.
    pub fn default_lead_marking(&self) -> Marking {
        let ruled = self.default_lead_marking.as_ref().and_then(|text| self.marking(text));
        ruled.unwrap_or(Marking::new(Level::TradeSecret, 0))
    }

    /// The team and every team below it.
    pub fn team_and_below(&self, root: Id) -> Vec<Id> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            next += 1;
            let below = self.teams.iter().filter(|(_, team)| team.parent == Some(parent.0)).map(|(id, _)| Id(*id));
            for id in below {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        found
    }

    /// The role with this name.
    pub fn role_named(&self, name: &str) -> Option<(Id, &RoleDefinition)> {
        self.roles.iter().find(|(_, role)| role.name == name).map(|(id, role)| (Id(*id), role))
    }
}
