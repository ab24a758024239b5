//! Apps and their client secrets.

use serde_json::json;

pub use super::accounts::Wanted as AppFilter;
pub use crate::store::AppSecret;

use super::{
    Error, Op, accounts,
    app_secrets::{room_for_secret, secret_change},
    proposals::{Asked, do_or_ask},
    revise::{Basis, overtaken},
};
use crate::{
    auth::Secret,
    domain::{Id, Timestamp},
    policy::{Account, Act, Permission, Refusal, text},
    store::{App, Change, NewSecret, sessions::SessionsOf},
};

const CLIENT_ID: usize = 64;
/// An app as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppView {
    /// Id.
    pub id: Id,
    /// Display name.
    pub name: String,
    /// What it names itself with, for those who manage accounts.
    pub client_id: Option<String>,
    /// The person who answers for it.
    pub responsible: Id,
    /// Since when it is locked.
    pub locked_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

/// A secret that has just been made: the only moment at which its text can be read.
#[derive(Clone, Debug)]
pub struct MadeSecret {
    /// What can be shown of it later.
    pub secret: AppSecret,
    /// Its text.
    pub text: String,
}

/// At most `first` apps by rising id, those behind `after`.
pub async fn list(op: &Op, filter: &AppFilter, after: Option<Id>, first: u64) -> Result<Vec<AppView>, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    let found = op.core.store.apps(permit, &filter.by(op), after, first).await?;
    Ok(found.into_iter().map(|app| view(op, app)).collect())
}

/// How many apps there are.
pub async fn count(op: &Op, filter: &AppFilter) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    Ok(op.core.store.count_apps(permit, &filter.by(op)).await?)
}

/// The app with this id.
pub async fn find(op: &Op, id: Id) -> Result<AppView, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    Ok(view(op, op.core.store.app(permit, id).await?.ok_or_else(Refusal::not_found)?))
}

/// The secrets of an app, the oldest first, without what they are.
pub async fn secrets(op: &Op, app: Id) -> Result<Vec<AppSecret>, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    Ok(op.core.store.app_secrets(permit, app).await?)
}

/// Adds an app, for which a person answers, with a first secret. Without a client id it gets its id for one.
pub async fn add(op: &Op, name: &str, responsible: Id, client_id: Option<&str>) -> Result<(AppView, MadeSecret), Error> {
    let basis = Basis::of(op, Permission::AccountsManage).await?;
    let permit = basis.permit;
    let (id, at) = (op.core.new_id(), op.core.now());
    let client_id = client_id.map_or_else(|| id.to_string(), ToOwned::to_owned);
    if !text::is_code(&client_id, CLIENT_ID, |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()) {
        return Err(Refusal::bad_input("A client id has up to 64 of a-z, 0-9, - and _.").into());
    }
    let app = App {
        id,
        name: accounts::name(name)?,
        client_id,
        responsible: person(&basis, responsible)?,
        locked_at: None,
        created_at: at,
        version: 1,
    };
    let (made, new) = new_secret(op, id, None);
    let added = Change { kind: "app", item: id.to_string(), before: None, after: Some(described(&app.name, app.responsible)) };
    let changes = vec![added, secret_change(&new.secret, true)];
    let row = app.clone();
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            tx.add_app(permit, &row).await?;
            tx.add_secret(permit, &new).await?;
            tx.bump_generation().await?;
            Ok(())
        })
    });
    match written.await {
        Err(Error::Store(error)) if error.is_unique_violation() => {
            return Err(Refusal::conflict("There is an app with this client id.").into());
        }
        written => written?,
    }
    Ok((view(op, app), made))
}

/// Gives an app another name or another person who answers for it; `expected` is the version that the caller has seen.
pub async fn change(op: &Op, id: Id, expected: i64, name: Option<&str>, responsible: Option<Id>) -> Result<AppView, Error> {
    let basis = Basis::of(op, Permission::AccountsManage).await?;
    let permit = basis.permit;
    let was = op.core.store.app(permit, id).await?.ok_or_else(Refusal::not_found)?;
    let name = name.map_or_else(|| Ok(was.name.clone()), accounts::name)?;
    let responsible = responsible.map_or(Ok(was.responsible), |responsible| person(&basis, responsible))?;
    let (before, after) = (described(&was.name, was.responsible), described(&name, responsible));
    let changes = vec![Change { kind: "app", item: id.to_string(), before: Some(before), after: Some(after) }];
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            if !tx.change_app(permit, id, expected, &name, responsible).await? {
                return Err(overtaken());
            }
            tx.bump_generation().await?;
            Ok(())
        })
    });
    written.await?;
    find(op, id).await
}

/// Locks an app; its sessions end.
pub async fn lock(op: &Op, id: Id) -> Result<AppView, Error> {
    accounts::lock(op, id, true).await?;
    find(op, id).await
}

/// Lets a locked app in again, which takes another admin.
pub async fn unlock(op: &Op, id: Id) -> Result<Asked<AppView>, Error> {
    let proposal = accounts::unlock(op, id, true).await?;
    Ok(Asked { value: find(op, id).await?, proposal })
}

/// Adds a secret, which takes another admin: whoever makes one can act as the app. An app can have two, so that one can take
/// the place of the other without a break.
pub async fn add_secret(op: &Op, app: Id, expires_at: Option<Timestamp>) -> Result<Asked<MadeSecret>, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    op.core.store.app(permit, app).await?.ok_or_else(Refusal::not_found)?;
    let now = op.core.now();
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::bad_input("The secret would have expired already.").into());
    }
    room_for_secret(&op.core.store.app_secrets(permit, app).await?, now)?;
    let (value, new) = new_secret(op, app, expires_at);
    let act = Act::AppSecret { app: app.0, secret: new.secret.id.0, expires_at: expires_at.map(|end| end.0) };
    Ok(Asked { value, proposal: do_or_ask(op, act, Some(new.hash.to_vec())).await? })
}

/// Takes a secret away and ends the app's sessions: nobody knows which of them began with it.
pub async fn revoke_secret(op: &Op, id: Id) -> Result<AppSecret, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let secret = op.core.store.app_secret(permit, id).await?.ok_or_else(Refusal::not_found)?;
    let changes = vec![secret_change(&secret, false)];
    let (app, at) = (secret.app, op.core.now());
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            // The counter first: whoever is making a token with it has made it then, or finds it gone.
            tx.bump_generation().await?;
            tx.remove_secret(permit, id).await?;
            tx.end_sessions(SessionsOf::Subject(app), at, "secret").await?;
            Ok(())
        })
    });
    written.await?;
    Ok(secret)
}

fn new_secret(op: &Op, app: Id, expires_at: Option<Timestamp>) -> (MadeSecret, NewSecret) {
    let made = Secret::new(&*op.core.random);
    let secret = AppSecret { id: op.core.new_id(), app, created_at: op.core.now(), expires_at };
    (MadeSecret { secret: secret.clone(), text: made.text }, NewSecret { secret, hash: made.hash })
}

fn described(name: &str, responsible: Id) -> String {
    json!({ "name": name, "responsible": responsible.to_string() }).to_string()
}

/// The person with this id, who can answer for an app.
fn person(basis: &Basis, id: Id) -> Result<Id, Refusal> {
    let known = basis.snapshot.accounts.get(&id).is_some_and(Account::works_here);
    known.then_some(id).ok_or_else(|| Refusal::bad_input("There is no such person to answer for the app."))
}

fn view(op: &Op, app: App) -> AppView {
    let App { id, name, client_id, responsible, locked_at, created_at, version } = app;
    AppView { id, name, client_id: accounts::are_managed_by(op).then_some(client_id), responsible, locked_at, created_at, version }
}
