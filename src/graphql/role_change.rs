//! Roles: asking for them and defining them.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    marking::LevelName,
    permission::PermissionName,
    role::{Role, ScopeName},
    scalar::id,
};
use crate::{
    app::roles,
    policy::{Level, Permission, Quotas, RoleDefinition, WindowTemplate},
};

/// A window of a role.
#[derive(Clone, Debug, InputObject)]
pub struct RoleWindowInput {
    /// Which leads it opens.
    scope: ScopeName,
    /// The highest level it opens, of leads and of their fields.
    level: LevelName,
    /// Codes of the compartments it opens.
    #[graphql(default)]
    compartments: Vec<String>,
    /// Whether it opens every compartment, those made later too.
    #[graphql(default)]
    all_compartments: bool,
    /// Names of the fields that come masked, whatever their marking.
    #[graphql(default)]
    masked: Vec<String>,
}

/// How much may be taken; what is left out has no limit.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct QuotasInput {
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

/// A role to be added.
#[derive(Debug, InputObject)]
pub struct AddRoleInput {
    /// Its name: a-z, 0-9, `-` and `_`.
    name: String,
    /// What it is for.
    description: String,
    /// What it lets its holder do.
    permissions: Vec<PermissionName>,
    /// What it lets its holder see. A role that manages or reviews can have none.
    #[graphql(default)]
    windows: Vec<RoleWindowInput>,
    /// How much of it; no limit unless said otherwise.
    quotas: Option<QuotasInput>,
}

/// What to change of a role; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangeRoleInput {
    /// Which role.
    id: ID,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
    /// Another name.
    name: Option<String>,
    /// Another description.
    description: Option<String>,
    /// Other permissions, all of them.
    permissions: Option<Vec<PermissionName>>,
    /// Other windows, all of them.
    windows: Option<Vec<RoleWindowInput>>,
    /// Other quotas, all of them.
    quotas: Option<QuotasInput>,
}

/// Names a role.
#[derive(Debug, InputObject)]
pub struct RemoveRoleInput {
    /// Which role.
    id: ID,
}

/// A role as it is now.
#[derive(Debug, SimpleObject)]
pub struct RolePayload {
    /// The role.
    role: Role,
}

/// A role that is gone.
#[derive(Debug, SimpleObject)]
pub struct RemoveRolePayload {
    /// The id it had.
    id: ID,
}

/// Queries about roles.
#[derive(Debug, Default)]
pub struct RoleQuery;

#[Object]
impl RoleQuery {
    /// Every role: those that ship first, then by name. Needs `POLICY_READ`.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Option<Vec<Role>>> {
        let op = op(ctx);
        Ok(Some(roles::list(op).outward(op)?.into_iter().map(Role::from).collect()))
    }
}

/// Changes of roles.
#[derive(Debug, Default)]
pub struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Adds a role. Needs `POLICY_MANAGE`, as do all changes of roles.
    async fn add_role(&self, ctx: &Context<'_>, #[graphql(desc = "What to add.")] input: AddRoleInput) -> Result<Option<RolePayload>> {
        let op = op(ctx);
        let definition = RoleDefinition {
            name: input.name,
            description: input.description,
            built_in: false,
            permissions: names(&input.permissions),
            windows: templates(&input.windows),
            quotas: input.quotas.map(Quotas::from).unwrap_or_default(),
        };
        Ok(Some(RolePayload { role: roles::add(op, &definition).await.outward(op)?.into() }))
    }

    /// Changes a role for everybody who holds it. Nobody changes a role of their own.
    async fn change_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangeRoleInput,
    ) -> Result<Option<RolePayload>> {
        let op = op(ctx);
        let role = id(&input.id).outward(op)?;
        let edit = |was: RoleDefinition| RoleDefinition {
            name: input.name.clone().unwrap_or(was.name),
            description: input.description.clone().unwrap_or(was.description),
            built_in: was.built_in,
            permissions: input.permissions.as_deref().map_or(was.permissions, names),
            windows: input.windows.as_deref().map_or(was.windows, templates),
            quotas: input.quotas.map_or(was.quotas, Quotas::from),
        };
        Ok(Some(RolePayload { role: roles::change(op, role, input.expected_revision, edit).await.outward(op)?.into() }))
    }

    /// Removes a role that nobody holds or waits for.
    async fn remove_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.")] input: RemoveRoleInput,
    ) -> Result<Option<RemoveRolePayload>> {
        let op = op(ctx);
        roles::remove(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(RemoveRolePayload { id: input.id }))
    }
}

impl From<QuotasInput> for Quotas {
    fn from(input: QuotasInput) -> Self {
        let QuotasInput { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day } = input;
        Self { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day }
    }
}

fn names(permissions: &[PermissionName]) -> Vec<String> {
    permissions.iter().map(|name| Permission::from(*name).name().to_owned()).collect()
}

fn templates(windows: &[RoleWindowInput]) -> Vec<WindowTemplate> {
    let template = |window: &RoleWindowInput| WindowTemplate {
        scope: window.scope.into(),
        level: Level::from(window.level).name().to_owned(),
        compartments: window.compartments.clone(),
        all_compartments: window.all_compartments,
        masked: window.masked.clone(),
    };
    windows.iter().map(template).collect()
}
