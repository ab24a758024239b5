//! What proves who somebody is: password hashes and hashes of client secrets.

use entity::{app, app_secret, person, subject};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, IntoCondition},
};

use super::{Store, StoreError, Tx};
use crate::domain::{Id, Timestamp};

/// The id looked up where there is no account, so that its absence takes as many queries.
const NOBODY: i64 = 0;

/// How a person proves to be one.
#[derive(Clone)]
pub struct PersonCredential {
    /// The person.
    pub id: Id,
    /// The e-mail address of the account.
    pub email: String,
    /// The password as a PHC string.
    pub password_hash: String,
    /// Whether somebody else set it.
    pub password_given: bool,
    /// Whether the account is locked.
    pub locked: bool,
}

/// How an app proves to be one.
#[derive(Clone)]
pub struct AppCredential {
    /// The app.
    pub id: Id,
    /// SHA-256 of each secret that has not expired.
    pub secrets: Vec<Vec<u8>>,
    /// Whether the account is locked.
    pub locked: bool,
}

impl Store {
    /// The person with this e-mail address ([`crate::domain::subject::account_email`]).
    pub async fn person_credential(&self, email: &str) -> Result<Option<PersonCredential>, StoreError> {
        person_where(person::Column::Email.eq(email), &self.0.main).await
    }

    /// The same by id.
    pub async fn person_credential_of(&self, id: Id) -> Result<Option<PersonCredential>, StoreError> {
        person_where(person::Column::Id.eq(id.0), &self.0.main).await
    }

    /// The app with this client id, and its secrets good at `now`.
    pub async fn app_credential(&self, client_id: &str, now: Timestamp) -> Result<Option<AppCredential>, StoreError> {
        app_where(app::Column::ClientId.eq(client_id), now, &self.0.main).await
    }
}

async fn person_where(which: impl IntoCondition, connection: &impl ConnectionTrait) -> Result<Option<PersonCredential>, StoreError> {
    let row = person::Entity::find().filter(which).one(connection).await?;
    let locked = is_locked(row.as_ref().map_or(NOBODY, |row| row.id), connection).await?;
    let credential = |row: person::Model| {
        let (id, password_given) = (Id(row.id), row.password_given != 0);
        PersonCredential { id, email: row.email, password_hash: row.password_hash, password_given, locked }
    };
    Ok(row.map(credential))
}

async fn app_where(
    which: impl IntoCondition,
    now: Timestamp,
    connection: &impl ConnectionTrait,
) -> Result<Option<AppCredential>, StoreError> {
    let row = app::Entity::find().filter(which).one(connection).await?;
    let id = row.as_ref().map_or(NOBODY, |row| row.id);
    let good = Condition::any().add(app_secret::Column::ExpiresAt.is_null()).add(app_secret::Column::ExpiresAt.gt(now.0));
    let secrets = app_secret::Entity::find().filter(app_secret::Column::AppId.eq(id)).filter(good).all(connection).await?;
    let locked = is_locked(id, connection).await?;
    Ok(row.map(|_| AppCredential { id: Id(id), secrets: secrets.into_iter().map(|row| row.hash).collect(), locked }))
}

/// An account without a subject is as good as locked.
async fn is_locked(id: i64, connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    let row = subject::Entity::find_by_id(id).one(connection).await?;
    Ok(row.is_none_or(|row| row.locked_at.is_some()))
}

impl Tx<'_> {
    /// Whether what a person proved to be one with still does, after [`Tx::hold_rights`]: the same password, not locked.
    pub async fn still_proves(self, known: &PersonCredential) -> Result<bool, StoreError> {
        let now = person_where(person::Column::Id.eq(known.id.0), self.0).await?;
        Ok(now.is_some_and(|now| !now.locked && now.password_hash == known.password_hash))
    }

    /// The credential of an app as it is now, after [`Tx::hold_rights`].
    pub async fn app_credential_of(self, id: Id, now: Timestamp) -> Result<Option<AppCredential>, StoreError> {
        app_where(app::Column::Id.eq(id.0), now, self.0).await
    }

    /// Gives a person another password, as a PHC string; `given` if somebody else set it.
    pub async fn set_password(self, person: Id, hash: &str, given: bool, now: Timestamp) -> Result<(), StoreError> {
        let set = person::Entity::update_many()
            .col_expr(person::Column::PasswordHash, Expr::value(hash))
            .col_expr(person::Column::PasswordChangedAt, Expr::value(now.0))
            .col_expr(person::Column::PasswordGiven, Expr::value(i64::from(given)))
            .filter(person::Column::Id.eq(person.0));
        set.exec(self.0).await?;
        Ok(())
    }
}
