//! People sign in and out; every request's token is held against its session.

use std::sync::Arc;

pub use crate::store::sessions::Session;

use super::{Core, Error, Op};
use crate::{
    auth::{Claims, Credential, OpenSession, PasswordPolicy, Secret, secret, throttle::RetryAfter},
    domain::{Id, Subject, Timestamp, subject::account_email},
    policy::{Code, Permission, Refusal},
    store::{Change, credentials::PersonCredential, sessions::SessionsOf},
};

/// How many sessions are listed at most.
const LISTED: u64 = 200;

/// What somebody who has signed in goes on with.
#[derive(Clone)]
pub struct SignedIn {
    /// Sent as `Authorization: Bearer …` with every request.
    pub access_token: String,
    /// Good once, for the next pair.
    pub refresh_token: String,
    /// When the access token expires.
    pub expires_at: Timestamp,
}

/// The subject a bearer token names, if its session is open and none of its accounts is locked.
///
/// Costs no query unless rights, accounts or sessions have changed since the session was last seen.
pub async fn authenticate(core: &Arc<Core>, bearer: &str) -> Result<Subject, Error> {
    let now = core.now();
    let claims = core.auth.tokens.verify(bearer, now).ok_or_else(ended)?;
    let snapshot = core.current.fresh(&core.store, &*core.clock).await?;
    let session = if let Some(session) = core.auth.sessions.get(snapshot.generation, claims.session) {
        session
    } else {
        let row = core.store.session(claims.session).await?.filter(|row| row.is_open(now)).ok_or_else(ended)?;
        let session = OpenSession { person: row.person, app: row.app, expires_at: row.expires_at };
        core.auth.sessions.insert(snapshot.generation, claims.session, session);
        session
    };
    let named = (claims.actor.is_some(), Some(claims.subject))
        == (session.app.is_some() && session.person.is_some(), session.person.or(session.app));
    let locked = |id: Id| snapshot.accounts.get(&id).is_none_or(|account| account.is_locked(now));
    if !named || now >= session.expires_at || session.person.is_some_and(locked) || session.app.is_some_and(locked) {
        return Err(ended());
    }
    Ok(Subject { person: session.person, app: session.app, session: Some(claims.session), operator: false })
}

/// Signs a person in. Unknown, wrong and locked are answered alike, after the same time.
pub async fn sign_in(op: &Op, email: &str, password: String) -> Result<SignedIn, Error> {
    let email = account_email(email);
    begin_password(op, &email).await?;
    let found = op.core.store.person_credential(&email).await?;
    let Some(person) = verified(op, &email, found, password).await?.filter(|person| !person.locked && !is_over(op, person.id)) else {
        return Err(wrong());
    };
    op.core.auth.throttle.succeeded(Credential::Password, &email, op.client.ip.as_deref(), op.core.now());
    let subject = Subject { person: Some(person.id), ..Subject::ANONYMOUS };
    if op.core.recorder.is_disk_full() && !op.snapshot.rights(&subject, None, op.core.now()).manages() {
        return Err(Refusal::disk_full().into());
    }
    if person.password_given {
        op.trace().reasons.push("password-given".into());
    }
    let session = new_session(op, Some(person.id), None, None, op.core.auth.settings.session_seconds);
    let (refresh, row) = (Secret::new(&*op.core.random), session.clone());
    let note = op.note_change(vec![begun(&session)]);
    let (written, hash, proven) = (note.clone(), refresh.hash, person.clone());
    let work = op.core.store.write(move |tx| {
        Box::pin(async move {
            tx.hold_rights().await?;
            if !tx.still_proves(&proven).await? {
                return Err(wrong());
            }
            tx.put_session(&row).await?;
            tx.put_refresh_token(&hash, row.id, row.created_at).await?;
            tx.put_change(&written).await?;
            Ok::<_, Error>(())
        })
    });
    work.await?;
    op.changed(&note);
    know_account(&op.core, person.id).await?;
    signed_in(op, &session, refresh.text)
}

/// Gives a new pair of tokens for a refresh token, which is then spent. One that was spent before is in two hands: its
/// session ends.
pub async fn refresh(op: &Op, refresh_token: &str) -> Result<SignedIn, Error> {
    let (core, now) = (&op.core, op.core.now());
    let hash = secret::hash(refresh_token);
    let token = core.store.refresh_token(&hash).await?.ok_or_else(stale)?;
    let session = core.store.session(token.session).await?.filter(|session| session.is_open(now)).ok_or_else(stale)?;
    if token.spent {
        return Err(reused(op, session.id).await?);
    }
    let person = core.store.person_credential_of(session.person.ok_or_else(stale)?).await?;
    let in_time = now < token.issued_at.plus_seconds(core.auth.settings.refresh_token_seconds);
    let Some(person) = person.filter(|person| in_time && !person.locked && !is_over(op, person.id)) else {
        return Err(stale());
    };
    let next = Secret::new(&*core.random);
    let id = session.id;
    let note =
        op.note_change(vec![Change { kind: "session", item: id.to_string(), before: None, after: Some(r#"{"refreshed":true}"#.into()) }]);
    let (written, next_hash) = (note.clone(), next.hash);
    let work = core.store.write(move |tx| {
        Box::pin(async move {
            tx.hold_rights().await?;
            if !tx.is_session_open(id, now).await? || !tx.still_proves(&person).await? {
                return Err(stale());
            }
            let first = tx.spend_refresh_token(&hash, now).await?;
            if first {
                tx.put_refresh_token(&next_hash, id, now).await?;
                tx.put_change(&written).await?;
            }
            Ok::<_, Error>(first)
        })
    });
    if !work.await? {
        return Err(reused(op, id).await?);
    }
    op.changed(&note);
    signed_in(op, &session, next.text)
}

/// Ends the session of the token that asks.
pub async fn sign_out(op: &Op) -> Result<(), Error> {
    let session = op.subject.session.ok_or_else(nobody)?;
    end(op, session, "signed-out").await
}

/// Changes the password of the person who asks and ends their other sessions.
pub async fn change_password(op: &Op, current: String, new: String) -> Result<(), Error> {
    let (Some(person), Some(session)) = (op.subject.person, op.subject.session) else {
        return Err(if op.subject.app.is_some() { for_people() } else { nobody() });
    };
    if op.subject.app.is_some() {
        return Err(for_people());
    }
    PasswordPolicy::check(&new).map_err(|broken| Refusal::bad_input(broken.to_string()))?;
    let known = op.core.store.person_credential_of(person).await?.ok_or_else(nobody)?;
    let (email, same) = (known.email.clone(), current == new);
    begin_password(op, &email).await?;
    let Some(known) = verified(op, &email, Some(known), current).await? else {
        return Err(Refusal::bad_input("The current password is wrong.").into());
    };
    op.core.auth.throttle.succeeded(Credential::Password, &email, op.client.ip.as_deref(), op.core.now());
    if same {
        return Err(Refusal::bad_input("Choose a password other than the current one.").into());
    }
    let hash = op.core.auth.passwords.hash(new).await?;
    let after = Some(r#"{"password":"changed","otherSessions":"ended"}"#.to_owned());
    let changes = vec![Change { kind: "person", item: person.to_string(), before: None, after }];
    let now = op.core.now();
    let work = op.commit(changes, move |tx| {
        Box::pin(async move {
            // Whoever was to change it may do everything now.
            tx.bump_generation().await?;
            if !tx.is_session_open(session, now).await? || !tx.still_proves(&known).await? {
                return Err(ended());
            }
            tx.set_password(person, &hash, false, now).await?;
            tx.end_sessions(SessionsOf::SubjectExcept(person, session), now, "password-changed").await?;
            Ok(())
        })
    });
    work.await
}

/// The open sessions of whoever asks, newest first; of a person also those in which an app acts for them.
pub async fn my_sessions(op: &Op) -> Result<Vec<Session>, Error> {
    let me = op.subject.actor().ok_or_else(nobody)?;
    op.rights.own_password()?;
    let sessions = op.core.store.open_sessions(me, op.core.now(), LISTED).await?;
    // An app acting for one person does not learn whom else it acts for.
    let mine = |session: &Session| op.subject.app.is_none() || session.person == op.subject.person;
    let sessions: Vec<_> = sessions.into_iter().filter(mine).collect();
    op.trace().rows += sessions.len() as u64;
    Ok(sessions)
}

/// Ends a session of whoever asks, or anybody's with the permission to manage accounts.
pub async fn end_session(op: &Op, id: Id) -> Result<(), Error> {
    op.subject.actor().or(op.subject.operator.then_some(id)).ok_or_else(nobody)?;
    op.rights.own_password()?;
    let session = op.core.store.session(id).await?.filter(|session| session.is_open(op.core.now())).ok_or_else(Refusal::not_found)?;
    let mine = match (op.subject.app, op.subject.person) {
        (Some(app), person) => session.app == Some(app) && session.person == person,
        (None, person) => person.is_some() && session.person == person,
    };
    if !mine && op.rights.permit(Permission::AccountsManage).is_err() {
        return Err(Refusal::not_found().into());
    }
    end(op, id, if mine { "ended" } else { "ended-by-admin" }).await
}

/// Ends one session and those made from it.
pub(super) async fn end(op: &Op, session: Id, reason: &'static str) -> Result<(), Error> {
    let after = Some(serde_json::json!({ "ended": reason }).to_string());
    let changes = vec![Change { kind: "session", item: session.to_string(), before: None, after }];
    let now = op.core.now();
    let work = op.commit(changes, move |tx| {
        Box::pin(async move {
            tx.end_sessions(SessionsOf::Session(session), now, reason).await?;
            Ok(())
        })
    });
    work.await
}

/// Counts an attempt and waits as long as the answer has to.
pub(super) async fn begin_attempt(core: &Core, ip: Option<&str>, what: Credential, account: &str) -> Result<(), RetryAfter> {
    let late = core.auth.throttle.begin(what, account, ip, core.now())?;
    core.auth.throttle.hold_back(late).await;
    Ok(())
}

async fn begin_password(op: &Op, email: &str) -> Result<(), Error> {
    let begun = begin_attempt(&op.core, op.client.ip.as_deref(), Credential::Password, email).await;
    begun.map_err(|retry| {
        op.trace().reasons.push("throttled".into());
        Refusal::new(Code::QuotaExceeded, format!("Too many attempts; try again in {} seconds.", retry.seconds)).into()
    })
}

/// A session that begins now; not yet written.
pub(super) fn new_session(op: &Op, person: Option<Id>, app: Option<Id>, parent: Option<&Session>, seconds: i64) -> Session {
    let now = op.core.now();
    let end = now.plus_seconds(seconds);
    Session {
        id: op.core.new_id(),
        person,
        app,
        parent: parent.map(|parent| parent.id),
        created_at: now,
        expires_at: parent.map_or(end, |parent| end.min(parent.expires_at)),
        ended_at: None,
        client: op.client.clone(),
    }
}

/// What a new session changes.
pub(super) fn begun(session: &Session) -> Change {
    let (person, app) = (session.person.map(|id| id.to_string()), session.app.map(|id| id.to_string()));
    let after = serde_json::json!({ "person": person, "app": app }).to_string();
    Change { kind: "session", item: session.id.to_string(), before: None, after: Some(after) }
}

/// An access token for a session, and when it expires.
pub(super) fn access_token(core: &Core, session: &Session) -> Result<(String, Timestamp), Error> {
    let now = core.now();
    let expires_at = now.plus_seconds(core.auth.settings.access_token_seconds).min(session.expires_at);
    let (subject, actor) = match (session.person, session.app) {
        (Some(person), app) => (person, app),
        (None, app) => (app.ok_or_else(nobody)?, None),
    };
    let token = core.auth.tokens.sign(&Claims { subject, actor, session: session.id, issued_at: now, expires_at })?;
    Ok((token, expires_at))
}

/// Whether the last day of somebody who leaves is over.
fn is_over(op: &Op, person: Id) -> bool {
    op.snapshot.accounts.get(&person).is_some_and(|account| account.is_locked(op.core.now()))
}

/// Makes sure that the policy in memory knows an account that another process may have made a moment ago.
pub(super) async fn know_account(core: &Core, id: Id) -> Result<(), Error> {
    let known = core.current.fresh(&core.store, &*core.clock).await?.accounts.contains_key(&id);
    if !known {
        core.current.check(&core.store, &*core.clock).await?;
    }
    Ok(())
}

/// Whoever `found` is, if the password is theirs. What could not be looked at is no wrong guess.
async fn verified(op: &Op, email: &str, found: Option<PersonCredential>, password: String) -> Result<Option<PersonCredential>, Error> {
    let hash = found.as_ref().map(|person| person.password_hash.clone());
    let right = op.core.auth.passwords.verify(password, hash).await;
    if right.is_err() {
        op.core.auth.throttle.not_looked_at(Credential::Password, email, op.client.ip.as_deref());
    }
    let right = right?;
    Ok(found.filter(|_| right))
}

async fn reused(op: &Op, session: Id) -> Result<Error, Error> {
    op.trace().reasons.push("refresh-reuse".into());
    end(op, session, "refresh-reuse").await?;
    Ok(stale())
}

fn signed_in(op: &Op, session: &Session, refresh_token: String) -> Result<SignedIn, Error> {
    let (access_token, expires_at) = access_token(&op.core, session)?;
    Ok(SignedIn { access_token, refresh_token, expires_at })
}

fn wrong() -> Error {
    Refusal::new(Code::Unauthenticated, "The e-mail address or the password is wrong.").into()
}

fn ended() -> Error {
    Refusal::new(Code::Unauthenticated, "The access token is not valid, or its session has ended.").into()
}

fn stale() -> Error {
    Refusal::new(Code::Unauthenticated, "The refresh token is not valid; sign in again.").into()
}

fn nobody() -> Error {
    Refusal::new(Code::Unauthenticated, "Sign in first.").into()
}

fn for_people() -> Error {
    Refusal::forbidden("Only a person who has signed in can do this.").into()
}
