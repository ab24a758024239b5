//! Apps take tokens for themselves and for the people they act for, and give them back.

use std::sync::Arc;

use super::{
    Core, Error, Op,
    sessions::{access_token, authenticate, begin_attempt, begun, end, know_account, new_session},
};
use crate::{
    auth::{Credential, secret, throttle::RetryAfter},
    domain::{Client, Digest, Id, Subject, Timestamp},
    policy::Rights,
    store::{StoreError, sessions::Session},
};

/// Why an app got nothing.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Unknown, locked, or the wrong secret; nobody learns which.
    #[error("unknown client or wrong secret")]
    Client,
    /// Too many attempts.
    #[error("too many attempts")]
    Throttled(RetryAfter),
    /// The token of the person to act for is not good for that.
    #[error("the subject token is not a person's valid access token")]
    SubjectToken,
    /// The token to revoke belongs to another client.
    #[error("the token was issued to another client")]
    NotYours,
    /// A fault of ours.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A token for an app.
#[derive(Clone)]
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The secret that an app has shown, hashed: looked at again when the token is made.
#[derive(Clone, Copy)]
pub struct Shown(Digest);

/// The app that this id and secret prove; two secrets may be good at a time.
pub async fn authenticate_app(core: &Arc<Core>, client: &Client, client_id: &str, client_secret: &str) -> Result<(Subject, Shown), Denied> {
    let ip = client.ip.as_deref();
    begin_attempt(core, ip, Credential::ClientSecret, client_id).await.map_err(Denied::Throttled)?;
    let (now, shown) = (core.now(), secret::hash(client_secret));
    let found = core.store.app_credential(client_id, now).await?;
    let right = secret::is_one_of(&shown, found.iter().flat_map(|app| &app.secrets).map(Vec::as_slice));
    let app = found.filter(|app| right && !app.locked).ok_or(Denied::Client)?;
    core.auth.throttle.succeeded(Credential::ClientSecret, client_id, ip, now);
    know_account(core, app.id).await?;
    Ok((Subject { person: None, app: Some(app.id), session: None, operator: false }, Shown(shown)))
}

/// The app acting for the person whose access token it holds. Tokens that apps hold cannot be passed on.
pub async fn on_behalf(core: &Arc<Core>, app: Subject, subject_token: &str) -> Result<Subject, Denied> {
    match authenticate(core, subject_token).await {
        // Who has yet to set a password of their own has nothing to lend.
        Ok(subject @ Subject { person: Some(_), app: None, .. }) if rights(core, &subject).await?.own_password().is_err() => {
            Err(Denied::SubjectToken)
        }
        Ok(Subject { person: Some(person), app: None, session, .. }) => Ok(Subject { person: Some(person), session, ..app }),
        Ok(_) | Err(Error::Refused(_)) => Err(Denied::SubjectToken),
        Err(error) => Err(error.into()),
    }
}

async fn rights(core: &Arc<Core>, subject: &Subject) -> Result<Arc<Rights>, Error> {
    Ok(core.current.fresh(&core.store, &*core.clock).await?.rights(subject, None, core.now()))
}

/// A token for the app that asks ([`authenticate_app`]), or for it and the person it acts for ([`on_behalf`]). The latter
/// ends with the person's session.
pub async fn issue(op: &Op, shown: Shown) -> Result<Issued, Denied> {
    let app = op.subject.app.ok_or(Denied::Client)?;
    let parent = match op.subject.session {
        Some(id) => Some(op.core.store.session(id).await?.ok_or(Denied::SubjectToken)?),
        None => None,
    };
    let session = new_session(op, op.subject.person, Some(app), parent.as_ref(), op.core.auth.settings.access_token_seconds);
    begin(op, &session, app, shown).await?;
    let (access_token, expires_at) = access_token(&op.core, &session)?;
    Ok(Issued { access_token, expires_at })
}

/// Ends the session of a token that was issued to the app that asks. A token that is not good is none any more.
pub async fn revoke(op: &Op, token: &str) -> Result<(), Denied> {
    let Some(claims) = op.core.auth.tokens.verify(token, op.core.now()) else {
        return Ok(());
    };
    let found = op.core.store.session(claims.session).await?;
    match found.filter(|session| session.is_open(op.core.now())) {
        None => Ok(()),
        Some(session) if session.app.is_some() && session.app == op.subject.app => Ok(end(op, session.id, "revoked").await?),
        Some(_) => Err(Denied::NotYours),
    }
}

/// Begins a session, if secret and parent are still good when it does.
async fn begin(op: &Op, session: &Session, app: Id, Shown(shown): Shown) -> Result<(), Denied> {
    let note = op.note_change(vec![begun(session)]);
    let (row, written, now) = (session.clone(), note.clone(), op.core.now());
    let work = op.core.store.write(move |tx| {
        Box::pin(async move {
            tx.hold_rights().await?;
            let known = tx.app_credential_of(app, now).await?.filter(|known| !known.locked).ok_or(Denied::Client)?;
            if !secret::is_one_of(&shown, known.secrets.iter().map(Vec::as_slice)) {
                return Err(Denied::Client);
            }
            if let Some(parent) = row.parent
                && !tx.is_session_open(parent, now).await?
            {
                return Err(Denied::SubjectToken);
            }
            tx.put_session(&row).await?;
            Ok(tx.put_change(&written).await?)
        })
    });
    work.await?;
    op.changed(&note);
    Ok(())
}
