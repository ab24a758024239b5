//! People.

use serde_json::json;

use super::{
    Error, Op, accounts,
    revise::{Basis, overtaken},
};
use crate::{
    domain::{Id, Timestamp},
    policy::{Permission, Refusal},
    store::{AccountFilter, Change, NewPerson, Person, sessions::SessionsOf},
};

/// A person as the caller may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonView {
    /// Id.
    pub id: Id,
    /// Display name.
    pub name: String,
    /// Their e-mail address, for those who manage accounts.
    pub email: Option<String>,
    /// Since when the account is locked.
    pub locked_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

/// Which people a list shows.
#[derive(Clone, Debug, Default)]
pub struct PeopleFilter {
    /// Only locked or only open accounts.
    pub locked: Option<bool>,
    /// Only those whose name contains this; for those who manage accounts also the e-mail address.
    pub search: Option<String>,
}

/// A person added, or given another password: what is to be shown once.
#[derive(Clone, Debug)]
pub struct WithPassword {
    /// The person.
    pub person: PersonView,
    /// The password that was made for them.
    pub password: Option<String>,
}

/// At most `first` people by rising id, those behind `after`.
pub async fn list(op: &Op, filter: &PeopleFilter, after: Option<Id>, first: u64) -> Result<Vec<PersonView>, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    let found = op.core.store.people(permit, &wanted(op, filter), after, first).await?;
    Ok(found.into_iter().map(|person| view(op, person)).collect())
}

/// How many people there are.
pub async fn count(op: &Op, filter: &PeopleFilter) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    Ok(op.core.store.count_people(permit, &wanted(op, filter)).await?)
}

/// The person with this e-mail address, for those who manage accounts.
pub async fn by_email(op: &Op, email: &str) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let found = op.core.store.person_by_email(permit, &accounts::email(email)?).await?.ok_or_else(Refusal::not_found)?;
    Ok(view(op, found))
}

/// Adds a person with this password, or with one made for them.
pub async fn add(op: &Op, name: &str, email: &str, password: Option<String>) -> Result<WithPassword, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let (name, email) = (accounts::name(name)?, accounts::email(email)?);
    let made = password.is_none().then(|| accounts::one_time_password(op));
    let chosen = password.or_else(|| made.clone()).unwrap_or_default();
    let password_hash = accounts::password_hash(op, &chosen).await?;
    let new = NewPerson { id: op.core.new_id(), name, email, password_hash, at: op.core.now() };
    let note = op.note_change(vec![added(&new)]);
    let (row, put) = (new.clone(), note.clone());
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            tx.add_person(permit, &row).await?;
            tx.bump_generation().await?;
            tx.put_change(&put).await?;
            Ok::<_, Error>(())
        })
    });
    written.await.map_err(taken)?;
    op.changed(&note);
    op.core.current.check(&op.core.store, &*op.core.clock).await?;
    let NewPerson { id, name, email, at, .. } = new;
    let person = PersonView { id, name, email: Some(email), locked_at: None, created_at: at, version: 1 };
    Ok(WithPassword { person, password: made })
}

/// Gives a person another name or e-mail address; `expected` is the version that the caller has seen.
pub async fn change(op: &Op, id: Id, expected: i64, name: Option<&str>, email: Option<&str>) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let was = op.core.store.person(permit, id).await?.ok_or_else(Refusal::not_found)?;
    let name = name.map_or_else(|| Ok(was.name.clone()), accounts::name)?;
    let email = email.map_or_else(|| Ok(was.email.clone()), accounts::email)?;
    if was.version != expected {
        return Err(overtaken());
    }
    let (before, after) = (described(&was.name, &was.email), described(&name, &email));
    let note = op.note_change(vec![Change { kind: "person", item: id.to_string(), before: Some(before), after: Some(after) }]);
    let put = note.clone();
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.change_person(permit, id, expected, &name, &email).await? {
                return Err(overtaken());
            }
            tx.bump_generation().await?;
            tx.put_change(&put).await?;
            Ok(())
        })
    });
    written.await.map_err(taken)?;
    op.changed(&note);
    op.core.current.check(&op.core.store, &*op.core.clock).await?;
    find(op, id).await
}

/// Locks or unlocks a person; a locked one's sessions end.
pub async fn set_locked(op: &Op, id: Id, lock: bool) -> Result<PersonView, Error> {
    accounts::set_locked(op, id, false, lock).await?;
    find(op, id).await
}

/// Gives a person a password made for them and ends their sessions.
///
/// Of those who manage or review only the operator can: an admin who knew another's password could approve their own
/// grant with it.
pub async fn set_password(op: &Op, id: Id) -> Result<WithPassword, Error> {
    let basis = Basis::of(op, Permission::AccountsManage).await?;
    let permit = basis.permit;
    op.core.store.person(permit, id).await?.ok_or_else(Refusal::not_found)?;
    if !op.subject.operator && basis.snapshot.document.has_duty(id, op.core.now()) {
        return Err(Refusal::forbidden("They manage or review; only the operator can give them another password.").into());
    }
    let password = accounts::one_time_password(op);
    let (hash, at) = (accounts::password_hash(op, &password).await?, op.core.now());
    let replaced = Some(json!({ "password": "replaced" }).to_string());
    let note = op.note_change(vec![Change { kind: "person", item: id.to_string(), before: None, after: replaced }]);
    let put = note.clone();
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            tx.bump_generation().await?;
            tx.set_person_password(permit, id, &hash, at).await?;
            tx.end_sessions(SessionsOf::Subject(id), at, "password").await?;
            tx.put_change(&put).await?;
            Ok::<_, Error>(())
        })
    });
    written.await?;
    op.changed(&note);
    op.core.current.check(&op.core.store, &*op.core.clock).await?;
    Ok(WithPassword { person: find(op, id).await?, password: Some(password) })
}

/// What the record of a new person says.
pub(super) fn added(new: &NewPerson) -> Change {
    Change { kind: "person", item: new.id.to_string(), before: None, after: Some(described(&new.name, &new.email)) }
}

fn described(name: &str, email: &str) -> String {
    json!({ "name": name, "email": email }).to_string()
}

/// The person with this id.
pub async fn find(op: &Op, id: Id) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    let found = op.core.store.person(permit, id).await?.ok_or_else(Refusal::not_found)?;
    Ok(view(op, found))
}

fn taken(error: Error) -> Error {
    match error {
        Error::Store(error) if error.is_unique_violation() => Refusal::conflict("Somebody has this e-mail address already.").into(),
        other => other,
    }
}

fn manages_accounts(op: &Op) -> bool {
    op.rights.permissions().contains(Permission::AccountsManage)
}

fn wanted(op: &Op, filter: &PeopleFilter) -> AccountFilter {
    AccountFilter { locked: filter.locked, search: filter.search.clone(), search_address: manages_accounts(op) }
}

fn view(op: &Op, person: Person) -> PersonView {
    let Person { id, name, email, locked_at, created_at, version } = person;
    PersonView { id, name, email: manages_accounts(op).then_some(email), locked_at, created_at, version }
}
