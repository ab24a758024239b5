//! People.

use serde_json::json;

pub use super::accounts::Wanted as PeopleFilter;

use super::{
    Error, Op, accounts,
    agreements::Placed,
    proposals::{Asked, do_or_ask},
    revise::{Basis, overtaken},
};
use crate::{
    domain::{Id, Timestamp},
    policy::{Act, Permission, Refusal},
    store::{Change, NewPerson, Person},
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
    /// The jurisdiction whose agreements they accept, for those who manage accounts.
    pub jurisdiction: Option<String>,
    /// The other company they come from, if they do.
    pub company: Option<String>,
}

/// The password a person starts with.
#[derive(Clone, Debug)]
pub enum FirstPassword {
    /// One made for them, shown once; they have to change it.
    Made,
    /// One that whoever adds them typed; they have to change it.
    Given(String),
    /// One that is theirs.
    Own(String),
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
    let found = op.core.store.people(permit, &filter.by(op), after, first).await?;
    Ok(found.into_iter().map(|person| view(op, person)).collect())
}

/// How many people there are.
pub async fn count(op: &Op, filter: &PeopleFilter) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::DirectoryRead)?;
    Ok(op.core.store.count_people(permit, &filter.by(op)).await?)
}

/// The person with this e-mail address, for those who manage accounts.
pub async fn by_email(op: &Op, email: &str) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let found = op.core.store.person_by_email(permit, &accounts::email(email)?).await?.ok_or_else(Refusal::not_found)?;
    Ok(view(op, found))
}

/// Adds a person. What they start with, unless it is their own, lets them do nothing but change it.
pub async fn add(op: &Op, name: &str, email: &str, placed: &Placed, password: FirstPassword) -> Result<WithPassword, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let (name, email) = (accounts::name(name)?, accounts::email(email)?);
    let Placed { jurisdiction, company } = placed.over(&Placed::default())?;
    let password_given = !matches!(password, FirstPassword::Own(_));
    let (chosen, made) = match password {
        FirstPassword::Given(typed) | FirstPassword::Own(typed) => (typed, None),
        FirstPassword::Made => {
            let made = accounts::one_time_password(op);
            (made.clone(), Some(made))
        }
    };
    let password_hash = accounts::password_hash(op, &chosen).await?;
    let new = NewPerson { id: op.core.new_id(), name, email, password_hash, password_given, jurisdiction, company, at: op.core.now() };
    let changes = vec![added(&new)];
    let row = new.clone();
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            tx.add_person(permit, &row).await?;
            tx.bump_generation().await?;
            Ok(())
        })
    });
    written.await.map_err(taken)?;
    let NewPerson { id, name, email, at, jurisdiction, company, .. } = new;
    let person = PersonView { id, name, email: Some(email), locked_at: None, created_at: at, version: 1, jurisdiction, company };
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
    let changes = vec![Change { kind: "person", item: id.to_string(), before: Some(before), after: Some(after) }];
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            if !tx.change_person(permit, id, expected, &name, &email).await? {
                return Err(overtaken());
            }
            tx.bump_generation().await?;
            Ok(())
        })
    });
    written.await.map_err(taken)?;
    find(op, id).await
}

/// Locks a person; their sessions end.
pub async fn lock(op: &Op, id: Id) -> Result<PersonView, Error> {
    accounts::lock(op, id, false).await?;
    find(op, id).await
}

/// Lets a locked person in again, which takes another admin.
pub async fn unlock(op: &Op, id: Id) -> Result<Asked<PersonView>, Error> {
    let proposal = accounts::unlock(op, id, false).await?;
    Ok(Asked { value: find(op, id).await?, proposal })
}

/// Gives a person a password made for them and ends their sessions, which takes another admin: whoever makes one can sign in
/// with it. They have to change it then.
pub async fn set_password(op: &Op, id: Id) -> Result<Asked<WithPassword>, Error> {
    let basis = Basis::of(op, Permission::AccountsManage).await?;
    op.core.store.person(basis.permit, id).await?.ok_or_else(Refusal::not_found)?;
    let act = Act::Password { person: id.0 };
    basis.snapshot.document.may_ask(&act, &basis.acting())?;
    let password = accounts::one_time_password(op);
    let hash = accounts::password_hash(op, &password).await?;
    let proposal = do_or_ask(op, act, Some(hash.into_bytes())).await?;
    Ok(Asked { value: WithPassword { person: find(op, id).await?, password: Some(password) }, proposal })
}

/// What the record of a new person says.
pub(super) fn added(new: &NewPerson) -> Change {
    let NewPerson { id, name, email, jurisdiction, company, .. } = new;
    let after = json!({ "name": name, "email": email, "jurisdiction": jurisdiction, "company": company });
    Change { kind: "person", item: id.to_string(), before: None, after: Some(after.to_string()) }
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

fn view(op: &Op, person: Person) -> PersonView {
    let Person { id, name, email, locked_at, created_at, version, jurisdiction, company } = person;
    let manages = accounts::are_managed_by(op);
    PersonView {
        id,
        name,
        email: manages.then_some(email),
        locked_at,
        created_at,
        version,
        jurisdiction: jurisdiction.filter(|_| manages),
        company,
    }
}
