//! Roles as they are shown.

use async_graphql::{Enum, ID, SimpleObject};

use super::{marking::LevelName, permission::PermissionName, scalar::opaque};
use crate::{
    app::roles,
    policy::{self, Level, Permission, WindowTemplate},
};

/// Which leads a window of a role opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::policy::Scope", name = "WindowScope")]
pub enum ScopeName {
    /// Those the holder owns.
    Own,
    /// Those of the grant's team and of the teams below it.
    Team,
    /// Every one.
    All,
}

/// Permissions, windows and quotas under one name.
#[derive(Clone, Debug, SimpleObject)]
pub struct Role {
    /// Opaque id.
    id: ID,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Whether it ships with the product; then it cannot be changed.
    built_in: bool,
    /// What it lets its holder do.
    permissions: Vec<PermissionName>,
    /// What it lets its holder see.
    windows: Vec<RoleWindow>,
    /// How much of it.
    quotas: Quotas,
}

/// A window of a role: which leads it opens, and how far.
#[derive(Clone, Debug, SimpleObject)]
pub struct RoleWindow {
    /// Which leads.
    scope: ScopeName,
    /// The highest level it opens, of leads and of their fields.
    level: LevelName,
    /// Codes of the compartments it opens; a grant can add to them.
    compartments: Vec<String>,
    /// Whether it opens every compartment, those made later too.
    all_compartments: bool,
    /// Names of the fields that come masked, whatever their marking.
    masked: Vec<String>,
}

/// How much may be taken; null is no limit.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct Quotas {
    /// Leads shown per hour (UTC).
    leads_per_hour: Option<u32>,
    /// Leads shown per day (UTC).
    leads_per_day: Option<u32>,
    /// Leads shown per day (UTC) that were never shown to the subject before.
    new_leads_per_day: Option<u32>,
    /// Leads per exported file.
    rows_per_export: Option<u32>,
    /// Leads in all files exported in a day (UTC).
    export_rows_per_day: Option<u32>,
}

impl From<policy::Quotas> for Quotas {
    fn from(quotas: policy::Quotas) -> Self {
        let policy::Quotas { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day } = quotas;
        Self { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day }
    }
}

impl From<roles::Role> for Role {
    fn from(role: roles::Role) -> Self {
        let definition = role.definition;
        Self {
            id: opaque(role.id),
            name: definition.name,
            description: definition.description,
            built_in: definition.built_in,
            permissions: definition.permissions.iter().filter_map(|name| Permission::from_name(name)).map(Into::into).collect(),
            windows: definition.windows.into_iter().map(RoleWindow::from).collect(),
            quotas: definition.quotas.into(),
        }
    }
}

impl From<WindowTemplate> for RoleWindow {
    fn from(window: WindowTemplate) -> Self {
        Self {
            scope: window.scope.into(),
            level: Level::from_name(&window.level).unwrap_or_default().into(),
            compartments: window.compartments,
            all_compartments: window.all_compartments,
            masked: window.masked,
        }
    }
}
