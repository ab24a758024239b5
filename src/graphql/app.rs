//! Apps: service accounts.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    page::{Asked, connection},
    proposal::Proposal,
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::apps::{self, AppFilter as Wanted, AppView, MadeSecret},
    domain::Id,
};

/// A service account: another system of the company.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct App {
    /// Opaque id.
    id: ID,
    /// Display name.
    name: String,
    /// What it names itself with at the token endpoint; null without `ACCOUNTS_MANAGE`.
    client_id: Option<String>,
    /// Whether it is locked.
    locked: bool,
    /// Since when.
    locked_at: Option<DateTime>,
    /// When it was added.
    created_at: DateTime,
    /// Counts the account's changes; for `expectedVersion`.
    version: i64,
    #[graphql(skip)]
    key: Id,
    #[graphql(skip)]
    responsible: Id,
}

#[ComplexObject]
impl App {
    /// The person who answers for it.
    async fn responsible(&self, ctx: &Context<'_>) -> AccountReference {
        AccountReference::of(op(ctx), self.responsible)
    }

    /// Its client secrets, without what they are. Needs `ACCOUNTS_MANAGE`.
    async fn secrets(&self, ctx: &Context<'_>) -> Result<Option<Vec<AppSecret>>> {
        let op = op(ctx);
        let secrets = apps::secrets(op, self.key).await.outward(op)?;
        Ok(Some(secrets.into_iter().map(AppSecret::from).collect()))
    }
}

impl App {
    const fn cursor(&self) -> Id {
        self.key
    }
}

impl From<AppView> for App {
    fn from(app: AppView) -> Self {
        Self {
            id: opaque(app.id),
            name: app.name,
            client_id: app.client_id,
            locked: app.locked_at.is_some(),
            locked_at: app.locked_at.map(DateTime),
            created_at: DateTime(app.created_at),
            version: app.version,
            key: app.id,
            responsible: app.responsible,
        }
    }
}

/// A client secret of an app, without what it is.
#[derive(Clone, Debug, SimpleObject)]
pub struct AppSecret {
    /// Opaque id.
    id: ID,
    /// When it was made.
    created_at: DateTime,
    /// Until when it works; null is until it is revoked.
    expires_at: Option<DateTime>,
}

impl From<apps::AppSecret> for AppSecret {
    fn from(secret: apps::AppSecret) -> Self {
        Self { id: opaque(secret.id), created_at: DateTime(secret.created_at), expires_at: secret.expires_at.map(DateTime) }
    }
}

connection!(AppConnection "Apps, by the time they were added.", AppEdge "An app and its place in the list.", App, Wanted, apps::count);

/// Which apps.
#[derive(Debug, Default, InputObject)]
pub struct AppFilter {
    /// Only locked, or only open accounts.
    locked: Option<bool>,
}

/// An app to be added.
#[derive(Debug, InputObject)]
pub struct AddAppInput {
    /// Display name.
    name: String,
    /// The person who answers for it.
    responsible: ID,
    /// What it will name itself with at the token endpoint; its id unless said otherwise.
    client_id: Option<String>,
}

/// What to change of an app; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangeAppInput {
    /// Which app.
    id: ID,
    /// The version that was read; refused with `CONFLICT` if there is a newer one.
    expected_version: i64,
    /// Another display name.
    name: Option<String>,
    /// Another person who answers for it.
    responsible: Option<ID>,
}

/// Names an app.
#[derive(Debug, InputObject)]
pub struct AppIdInput {
    /// Which app.
    id: ID,
}

/// A client secret to be made.
#[derive(Debug, InputObject)]
pub struct AddAppSecretInput {
    /// For which app. It can have two, so that one can take the place of the other.
    app: ID,
    /// Until when it works; until it is revoked unless said otherwise.
    expires_at: Option<DateTime>,
}

/// Names a client secret.
#[derive(Debug, InputObject)]
pub struct RevokeAppSecretInput {
    /// Which secret.
    id: ID,
}

/// An app as it is now.
#[derive(Debug, SimpleObject)]
pub struct AppPayload {
    /// The app.
    app: App,
}

/// An app as it is now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct UnlockAppPayload {
    /// The app.
    app: App,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A new app with its first client secret.
#[derive(Debug, SimpleObject)]
pub struct AddAppPayload {
    /// The app.
    app: App,
    /// The secret, without what it is.
    secret: AppSecret,
    /// What it is: shown this once.
    client_secret: String,
}

/// A new client secret.
#[derive(Debug, SimpleObject)]
pub struct AddAppSecretPayload {
    /// The secret, without what it is.
    secret: AppSecret,
    /// What it is: shown this once. It works once the proposal is approved.
    client_secret: String,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A client secret that works no longer.
#[derive(Debug, SimpleObject)]
pub struct RevokeAppSecretPayload {
    /// The secret it was.
    secret: AppSecret,
}

/// Queries about apps.
#[derive(Debug, Default)]
pub struct AppQuery;

#[Object]
impl AppQuery {
    /// Apps, by the time they were added. Needs `DIRECTORY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn apps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which apps.")] filter: Option<AppFilter>,
        #[graphql(desc = "Part of the name or, with `ACCOUNTS_MANAGE`, of the client id.")] search: Option<String>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<AppConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = Wanted { locked: filter.and_then(|filter| filter.locked), search };
        let found = apps::list(op, &filter, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(AppConnection::new(asked, filter, found.into_iter().map(App::from))))
    }
}

/// Changes of apps.
#[derive(Debug, Default)]
pub struct AppMutation;

#[Object]
impl AppMutation {
    /// Adds an app with a first client secret. Needs `ACCOUNTS_MANAGE`, as do all changes of apps.
    async fn add_app(&self, ctx: &Context<'_>, #[graphql(desc = "What to add.")] input: AddAppInput) -> Result<Option<AddAppPayload>> {
        let op = op(ctx);
        let responsible = id(&input.responsible).outward(op)?;
        let (app, MadeSecret { secret, text }) = apps::add(op, &input.name, responsible, input.client_id.as_deref()).await.outward(op)?;
        Ok(Some(AddAppPayload { app: app.into(), secret: secret.into(), client_secret: text }))
    }

    /// Gives an app another name or another person who answers for it.
    async fn change_app(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangeAppInput,
    ) -> Result<Option<AppPayload>> {
        let op = op(ctx);
        let app = id(&input.id).outward(op)?;
        let responsible = input.responsible.as_ref().map(id).transpose().outward(op)?;
        let changed = apps::change(op, app, input.expected_version, input.name.as_deref(), responsible).await;
        Ok(Some(AppPayload { app: changed.outward(op)?.into() }))
    }

    /// Locks an app out: its sessions end, its grants rest.
    async fn lock_app(&self, ctx: &Context<'_>, #[graphql(desc = "Which app.")] input: AppIdInput) -> Result<Option<AppPayload>> {
        let op = op(ctx);
        let app = id(&input.id).outward(op)?;
        Ok(Some(AppPayload { app: apps::lock(op, app).await.outward(op)?.into() }))
    }

    /// Lets a locked app in again, once another admin has approved it.
    async fn unlock_app(&self, ctx: &Context<'_>, #[graphql(desc = "Which app.")] input: AppIdInput) -> Result<Option<UnlockAppPayload>> {
        let op = op(ctx);
        let asked = apps::unlock(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(UnlockAppPayload { app: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Makes a client secret for an app. It works once another admin has approved it: whoever has it can act as the app.
    async fn add_app_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which app.")] input: AddAppSecretInput,
    ) -> Result<Option<AddAppSecretPayload>> {
        let op = op(ctx);
        let app = id(&input.app).outward(op)?;
        let asked = apps::add_secret(op, app, input.expires_at.map(|end| end.0)).await.outward(op)?;
        let MadeSecret { secret, text } = asked.value;
        let proposal = asked.proposal.map(Proposal::from);
        Ok(Some(AddAppSecretPayload { secret: secret.into(), client_secret: text, proposal }))
    }

    /// Takes a client secret away and ends the app's sessions.
    async fn revoke_app_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which secret.")] input: RevokeAppSecretInput,
    ) -> Result<Option<RevokeAppSecretPayload>> {
        let op = op(ctx);
        let secret = id(&input.id).outward(op)?;
        Ok(Some(RevokeAppSecretPayload { secret: apps::revoke_secret(op, secret).await.outward(op)?.into() }))
    }
}
