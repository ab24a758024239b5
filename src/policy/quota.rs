//! How much may be taken: limits of a role, of a purpose, of one person or app.

use serde::{Deserialize, Serialize};

use super::{GrantRow, Permission, PolicyDocument, Refusal};
use crate::domain::{
    Id, Timestamp,
    clock::{DAY, HOUR},
};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaKind {
    /// Leads shown in an hour (UTC).
    LeadsPerHour,
    /// Leads shown in a day (UTC).
    LeadsPerDay,
    /// Leads shown in a day that were never shown to the subject before.
    NewLeadsPerDay,
    /// Leads in one exported file.
    RowsPerExport,
    /// Leads in all files exported in a day.
    ExportRowsPerDay,
}

impl QuotaKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::LeadsPerHour, Self::LeadsPerDay, Self::NewLeadsPerDay, Self::RowsPerExport, Self::ExportRowsPerDay];

    /// Its name in GraphQL, records and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeadsPerHour => "LEADS_PER_HOUR",
            Self::LeadsPerDay => "LEADS_PER_DAY",
            Self::NewLeadsPerDay => "NEW_LEADS_PER_DAY",
            Self::RowsPerExport => "ROWS_PER_EXPORT",
            Self::ExportRowsPerDay => "EXPORT_ROWS_PER_DAY",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What is counted, as sentences have it.
    pub const fn what(self) -> &'static str {
        match self {
            Self::LeadsPerHour => "leads you may see in an hour",
            Self::LeadsPerDay => "leads you may see in a day",
            Self::NewLeadsPerDay => "leads new to you that you may see in a day",
            Self::RowsPerExport => "leads one export of yours may have",
            Self::ExportRowsPerDay => "leads you may export in a day",
        }
    }

    /// The time in which it is counted, or for which a lift of it holds, that `at` falls in: from, and up to without.
    pub const fn period(self, at: Timestamp) -> (Timestamp, Timestamp) {
        let length = match self {
            Self::LeadsPerHour => HOUR,
            _ => DAY,
        };
        let from = at.0.div_euclid(length) * length;
        (Timestamp(from), Timestamp(from + length))
    }
}

/// What may be taken; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quotas {
    /// Leads shown per UTC hour.
    #[serde(default)]
    pub leads_per_hour: Option<u32>,
    /// Leads shown per UTC day.
    #[serde(default)]
    pub leads_per_day: Option<u32>,
    /// Leads shown per UTC day that were never shown to the subject before.
    #[serde(default)]
    pub new_leads_per_day: Option<u32>,
    /// Leads per exported file.
    #[serde(default)]
    pub rows_per_export: Option<u32>,
    /// Leads in all files exported in a UTC day.
    #[serde(default)]
    pub export_rows_per_day: Option<u32>,
}

impl Quotas {
    /// The limit of this kind.
    pub const fn get(self, kind: QuotaKind) -> Option<u32> {
        match kind {
            QuotaKind::LeadsPerHour => self.leads_per_hour,
            QuotaKind::LeadsPerDay => self.leads_per_day,
            QuotaKind::NewLeadsPerDay => self.new_leads_per_day,
            QuotaKind::RowsPerExport => self.rows_per_export,
            QuotaKind::ExportRowsPerDay => self.export_rows_per_day,
        }
    }

    /// Whether nothing is limited.
    pub fn is_unlimited(self) -> bool {
        self == Self::default()
    }

    /// Two roles of one subject: the more generous limit of each kind holds.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        self.each(other, |one, other| one.zip(other).map(|(one, other)| one.max(other)))
    }

    /// Two that must both hold: the stricter limit of each kind does.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        self.each(other, |one, other| one.into_iter().chain(other).min())
    }

    /// With the limits of these kinds lifted once, which is to twice what they are.
    #[must_use]
    pub fn lifted(self, kinds: &[QuotaKind]) -> Self {
        let twice =
            |kind: QuotaKind| if kinds.contains(&kind) { self.get(kind).map(|limit| limit.saturating_mul(2)) } else { self.get(kind) };
        Self::of(twice)
    }

    /// Whether none of these limits is above `before`'s.
    pub fn is_within(self, before: Self) -> bool {
        QuotaKind::ALL.into_iter().all(|kind| before.get(kind).is_none_or(|then| self.get(kind).is_some_and(|now| now <= then)))
    }

    fn each(self, other: Self, merge: impl Fn(Option<u32>, Option<u32>) -> Option<u32>) -> Self {
        Self::of(|kind| merge(self.get(kind), other.get(kind)))
    }

    fn of(limit: impl Fn(QuotaKind) -> Option<u32>) -> Self {
        Self {
            leads_per_hour: limit(QuotaKind::LeadsPerHour),
            leads_per_day: limit(QuotaKind::LeadsPerDay),
            new_leads_per_day: limit(QuotaKind::NewLeadsPerDay),
            rows_per_export: limit(QuotaKind::RowsPerExport),
            export_rows_per_day: limit(QuotaKind::ExportRowsPerDay),
        }
    }
}

impl PolicyDocument {
    /// The limits set for one person or app, which hold beside those of their roles.
    pub fn own_quotas(&self, subject: Id) -> Quotas {
        self.quotas.get(&subject.0).copied().unwrap_or_default()
    }

    /// Sets those limits.
    pub fn set_own_quotas(&mut self, subject: Id, quotas: Quotas) {
        self.quotas.insert(subject.0, quotas);
    }

    /// Whether a grant with `permission` of `manager` stands over a grant of `subject`: one for a team over those for it and
    /// for teams below it, one for no team over all.
    pub fn stands_over(&self, manager: Id, subject: Id, permission: Permission, now: Timestamp) -> bool {
        let held = |who: Id| self.grants.values().filter(move |grant| grant.subject == who.0 && grant.is_active(now));
        let gives = |grant: &&GrantRow| self.roles.get(&grant.role).is_some_and(|role| role.gives(permission));
        held(manager).filter(gives).any(|over| match over.team {
            None => true,
            Some(team) => {
                let teams = self.team_and_below(Id(team));
                held(subject).any(|grant| grant.team.is_some_and(|team| teams.contains(&Id(team))))
            }
        })
    }
}

/// Refuses the lift of a quota that is none, or is a no.
pub fn can_be_lifted(quotas: Quotas, kind: QuotaKind) -> Result<u32, Refusal> {
    match quotas.get(kind) {
        None => Err(Refusal::bad_input("They have no such quota.")),
        Some(0) => Err(Refusal::bad_input("Their quota is 0: their roles do not allow it at all, and there is nothing to lift.")),
        Some(limit) => Ok(limit),
    }
}
