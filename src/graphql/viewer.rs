//! Who am I, and what may I do.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    acceptance::Acceptance,
    account::AccountReference,
    agreement::AgreementPoint,
    error::{Outward, op},
    field_marking::RuledMarking,
    permission::PermissionName,
    quota::QuotaUse,
    role::{Quotas, Role},
    scalar::{DateTime, opaque},
};
use crate::{
    app::{
        agreements, quota,
        viewer::{self, OpenWindow},
    },
    domain::{FieldSet, SubjectKind},
};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::domain::SubjectKind", name = "SubjectKind")]
pub enum KindName {
    /// A person.
    Person,
    /// An app, for itself or on behalf of a person.
    App,
    /// The operator, on the command line.
    Operator,
    /// Somebody who has not signed in.
    Anonymous,
}

/// Which leads an open window is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::viewer::Rows", name = "WindowRows")]
pub enum RowsName {
    /// The caller's own.
    Own,
    /// Those of some teams.
    Team,
    /// Those that are the person's own and of some teams: an app acts for them.
    OwnInTeam,
    /// Every one.
    All,
}

/// The caller, as this request found them.
#[derive(Debug)]
pub struct Viewer;

/// A window open to the caller: they see the union of all of theirs.
#[derive(Clone, Debug, SimpleObject)]
pub struct ViewerWindow {
    /// Which leads.
    rows: RowsName,
    /// Names of the teams, if it is about teams.
    teams: Vec<String>,
    /// The highest marking it opens.
    clearance: RuledMarking,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked.
    masked: Vec<&'static str>,
    /// What may be done with its leads.
    permissions: Vec<PermissionName>,
    /// The grants it comes from.
    grants: Vec<ID>,
}

impl From<OpenWindow> for ViewerWindow {
    fn from(window: OpenWindow) -> Self {
        let names = |fields: FieldSet| fields.iter().map(crate::domain::Field::name).collect();
        Self {
            rows: window.rows.into(),
            teams: window.teams,
            clearance: window.clearance.into(),
            clear: names(window.clear),
            masked: names(window.masked),
            permissions: window.permissions.into_iter().map(Into::into).collect(),
            grants: window.grants.into_iter().map(opaque).collect(),
        }
    }
}

/// The caller, as this request found them.
#[Object]
impl Viewer {
    /// What kind of subject asks.
    async fn kind(&self, ctx: &Context<'_>) -> KindName {
        SubjectKind::into(op(ctx).subject.kind())
    }

    /// The person who asks, or for whom an app does.
    async fn person(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        op(ctx).subject.person.map(|id| AccountReference::of(op(ctx), id))
    }

    /// The app that asks.
    async fn app(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        op(ctx).subject.app.map(|id| AccountReference::of(op(ctx), id))
    }

    /// The session the request came in.
    async fn session_id(&self, ctx: &Context<'_>) -> Option<ID> {
        op(ctx).subject.session.map(opaque)
    }

    /// The roles held now. For an app on behalf of a person, those of both; what it may is what both may.
    async fn roles(&self, ctx: &Context<'_>) -> Vec<Role> {
        viewer::roles(op(ctx)).into_iter().map(Role::from).collect()
    }

    /// What the caller may do.
    async fn permissions(&self, ctx: &Context<'_>) -> Vec<PermissionName> {
        viewer::permissions(op(ctx)).into_iter().map(Into::into).collect()
    }

    /// What the caller may see.
    async fn windows(&self, ctx: &Context<'_>) -> Vec<ViewerWindow> {
        viewer::windows(op(ctx)).into_iter().map(ViewerWindow::from).collect()
    }

    /// How much the caller may take.
    async fn quotas(&self, ctx: &Context<'_>) -> Quotas {
        viewer::quotas(op(ctx)).into()
    }

    /// How the caller stands with each quota they have. Of an app that acts for a person by the count that leaves less.
    async fn quota_use(&self, ctx: &Context<'_>) -> Result<Vec<QuotaUse>> {
        let op = op(ctx);
        Ok(quota::standings(op).await.outward(op)?.into_iter().map(QuotaUse::from).collect())
    }

    /// Whether somebody else set the caller's password, so that `changePassword` comes before everything else.
    async fn must_change_password(&self, ctx: &Context<'_>) -> bool {
        op(ctx).rights.own_password().is_err()
    }

    /// The agreements that the caller's access to leads hangs on, and how they stand. With one that is not accepted no lead is
    /// shown.
    async fn agreements(&self, ctx: &Context<'_>) -> Vec<AgreementPoint> {
        agreements::of_viewer(op(ctx)).into_iter().map(AgreementPoint::from).collect()
    }

    /// What the person who asks has accepted, the oldest first.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn acceptances(&self, ctx: &Context<'_>) -> Result<Option<Vec<Acceptance>>> {
        let op = op(ctx);
        Ok(Some(agreements::mine(op).await.outward(op)?.into_iter().map(Acceptance::from).collect()))
    }

    /// When the first of the caller's grants expires.
    async fn rights_until(&self, ctx: &Context<'_>) -> Option<DateTime> {
        op(ctx).rights.valid_until().map(DateTime)
    }
}

/// Queries about the caller.
#[derive(Debug, Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who the caller is and what they may do.
    async fn viewer(&self) -> Viewer {
        Viewer
    }
}
