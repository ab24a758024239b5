//! Signing in and out.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    error::{Outward, op},
    scalar::{DateTime, id, opaque},
};
use crate::app::sessions::{self, Session, SignedIn};

/// An open session: what a token names.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Session")]
pub struct SessionObject {
    /// Its id.
    id: ID,
    /// The person, or the person an app acts for.
    person_id: Option<ID>,
    /// The app.
    app_id: Option<ID>,
    /// When it began.
    created_at: DateTime,
    /// When it ends by itself.
    expires_at: DateTime,
    /// The internet address it was begun from.
    ip: Option<String>,
    /// The program it was begun with, as it named itself.
    user_agent: Option<String>,
    /// Whether it is the one this request came in.
    current: bool,
}

/// Who signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The e-mail address of the account.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// Which tokens to renew.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The refresh token given out last; it is good once.
    #[graphql(secret)]
    refresh_token: String,
}

/// The old and the new password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password so far.
    #[graphql(secret)]
    current_password: String,
    /// The password from now on, 12 to 256 characters.
    #[graphql(secret)]
    new_password: String,
}

/// Which session to end.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// Its id.
    session_id: ID,
}

/// The tokens of a session.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// To be sent with every request: `Authorization: Bearer …`.
    access_token: String,
    /// Good once, for the next pair of tokens. Using it a second time ends the session.
    refresh_token: String,
    /// When the access token expires.
    expires_at: DateTime,
}

/// What became of the caller's session.
#[derive(Debug, SimpleObject)]
pub struct SignOutPayload {
    /// Whether it has ended.
    ended: bool,
}

/// What became of the password.
#[derive(Debug, SimpleObject)]
pub struct ChangePasswordPayload {
    /// Whether it has been changed; all other sessions have ended then.
    changed: bool,
}

/// Which session was ended.
#[derive(Debug, SimpleObject)]
pub struct EndSessionPayload {
    /// Its id.
    session_id: ID,
}

/// Queries about sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The caller's open sessions, newest first, at most 200.
    async fn my_sessions(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<SessionObject>>> {
        let op = op(ctx);
        let sessions = sessions::my_sessions(op).await.outward(op)?;
        Ok(Some(sessions.into_iter().map(|session| SessionObject::of(session, op.subject.session)).collect()))
    }
}

/// Signing in and out.
#[derive(Debug, Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs a person in.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> async_graphql::Result<Option<SignInPayload>> {
        let op = op(ctx);
        let signed_in = sessions::sign_in(op, &input.email, input.password).await.outward(op)?;
        Ok(Some(signed_in.into()))
    }

    /// Gives a new pair of tokens for a refresh token.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tokens to renew.")] input: RefreshSessionInput,
    ) -> async_graphql::Result<Option<SignInPayload>> {
        let op = op(ctx);
        let signed_in = sessions::refresh(op, &input.refresh_token).await.outward(op)?;
        Ok(Some(signed_in.into()))
    }

    /// Ends the session this request came in.
    async fn sign_out(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<SignOutPayload>> {
        let op = op(ctx);
        sessions::sign_out(op).await.outward(op)?;
        Ok(Some(SignOutPayload { ended: true }))
    }

    /// Changes the caller's password and ends their other sessions.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old and the new password.")] input: ChangePasswordInput,
    ) -> async_graphql::Result<Option<ChangePasswordPayload>> {
        let op = op(ctx);
        sessions::change_password(op, input.current_password, input.new_password).await.outward(op)?;
        Ok(Some(ChangePasswordPayload { changed: true }))
    }

    /// Ends one of the caller's sessions; with the permission ACCOUNTS_MANAGE anybody's.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end.")] input: EndSessionInput,
    ) -> async_graphql::Result<Option<EndSessionPayload>> {
        let op = op(ctx);
        let session = id(&input.session_id).outward(op)?;
        sessions::end_session(op, session).await.outward(op)?;
        Ok(Some(EndSessionPayload { session_id: opaque(session) }))
    }
}

impl SessionObject {
    fn of(session: Session, current: Option<crate::domain::Id>) -> Self {
        Self {
            id: opaque(session.id),
            person_id: session.person.map(opaque),
            app_id: session.app.map(opaque),
            created_at: DateTime(session.created_at),
            expires_at: DateTime(session.expires_at),
            ip: session.client.ip,
            user_agent: session.client.user_agent,
            current: current == Some(session.id),
        }
    }
}

impl From<SignedIn> for SignInPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self { access_token: signed_in.access_token, refresh_token: signed_in.refresh_token, expires_at: DateTime(signed_in.expires_at) }
    }
}
