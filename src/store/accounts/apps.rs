//! Apps and their client secrets.

use entity::{app, app_secret, subject};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationDef, Select, sea_query::Expr,
};

use super::{AccountFilter, filter};
use crate::{
    domain::{Digest, Id, Timestamp},
    policy::Permit,
    store::{Store, StoreError, Tx, snapshot::APP},
};

/// An app's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Id.
    pub id: Id,
    /// Display name.
    pub name: String,
    /// What it names itself with at the token endpoint.
    pub client_id: String,
    /// The person who answers for it.
    pub responsible: Id,
    /// Since when it is locked.
    pub locked_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

/// A client secret as it can be shown: without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret {
    /// Id.
    pub id: Id,
    /// The app.
    pub app: Id,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

/// A client secret about to be added.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// What is shown of it.
    pub secret: AppSecret,
    /// SHA-256 of its text.
    pub hash: Digest,
}

impl Tx<'_> {
    /// Adds an app.
    pub async fn add_app(self, _permit: Permit, new: &App) -> Result<(), StoreError> {
        self.add_subject(new.id, APP, &new.name, new.created_at).await?;
        let row = app::ActiveModel { id: Set(new.id.0), client_id: Set(new.client_id.clone()), responsible_id: Set(new.responsible.0) };
        app::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Gives an app that still has version `expected` another name and another person who answers for it; `false` if it
    /// has another version.
    pub async fn change_app(self, _permit: Permit, id: Id, expected: i64, name: &str, responsible: Id) -> Result<bool, StoreError> {
        if !self.rename(id, expected, name).await? {
            return Ok(false);
        }
        let changed = app::Entity::update_many().col_expr(app::Column::ResponsibleId, Expr::value(responsible.0));
        changed.filter(app::Column::Id.eq(id.0)).exec(self.0).await?;
        Ok(true)
    }

    /// The secrets of an app, the oldest first.
    pub async fn secrets_of(self, _permit: Permit, app: Id) -> Result<Vec<AppSecret>, StoreError> {
        secrets(app, self.0).await
    }

    /// Adds a secret.
    pub async fn add_secret(self, _permit: Permit, new: &NewSecret) -> Result<(), StoreError> {
        let row = app_secret::ActiveModel {
            id: Set(new.secret.id.0),
            app_id: Set(new.secret.app.0),
            hash: Set(new.hash.to_vec()),
            created_at: Set(new.secret.created_at.0),
            expires_at: Set(new.secret.expires_at.map(|end| end.0)),
        };
        app_secret::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Takes a secret away.
    pub async fn remove_secret(self, _permit: Permit, id: Id) -> Result<(), StoreError> {
        app_secret::Entity::delete_by_id(id.0).exec(self.0).await?;
        Ok(())
    }
}

impl Store {
    /// The app with this id.
    pub async fn app(&self, _permit: Permit, id: Id) -> Result<Option<App>, StoreError> {
        let mut found = read(apps(Condition::all().add(app::Column::Id.eq(id.0))), &self.0.main).await?;
        Ok(found.pop())
    }

    /// At most `first` apps by rising id, those behind `after`.
    pub async fn apps(&self, _permit: Permit, wanted: &AccountFilter, after: Option<Id>, first: u64) -> Result<Vec<App>, StoreError> {
        let query = apps(wanted.condition(app::Column::ClientId)).filter(filter::after(after));
        read(query.order_by_asc(subject::Column::Id).limit(first), &self.0.main).await
    }

    /// How many apps there are.
    pub async fn count_apps(&self, _permit: Permit, wanted: &AccountFilter) -> Result<u64, StoreError> {
        Ok(apps(wanted.condition(app::Column::ClientId)).count(&self.0.main).await?)
    }

    /// The secrets of an app, the oldest first.
    pub async fn app_secrets(&self, _permit: Permit, app: Id) -> Result<Vec<AppSecret>, StoreError> {
        secrets(app, &self.0.main).await
    }

    /// The secret with this id.
    pub async fn app_secret(&self, _permit: Permit, id: Id) -> Result<Option<AppSecret>, StoreError> {
        Ok(app_secret::Entity::find_by_id(id.0).one(&self.0.main).await?.map(secret))
    }
}

type Row = (i64, i64, String, String, Option<i64>, i64, i64);

fn apps(condition: Condition) -> Select<app::Entity> {
    let account: RelationDef = app::Entity::belongs_to(subject::Entity).from(app::Column::Id).to(subject::Column::Id).into();
    app::Entity::find().join(JoinType::InnerJoin, account).filter(condition)
}

async fn read(query: Select<app::Entity>, connection: &impl ConnectionTrait) -> Result<Vec<App>, StoreError> {
    let query = query.select_only().columns([app::Column::Id, app::Column::ResponsibleId]).column(app::Column::ClientId).columns([
        subject::Column::Name,
        subject::Column::LockedAt,
        subject::Column::CreatedAt,
        subject::Column::Version,
    ]);
    let rows: Vec<Row> = query.into_tuple().all(connection).await?;
    let app = |(id, responsible, client_id, name, locked_at, created_at, version): Row| App {
        id: Id(id),
        name,
        client_id,
        responsible: Id(responsible),
        locked_at: locked_at.map(Timestamp),
        created_at: Timestamp(created_at),
        version,
    };
    Ok(rows.into_iter().map(app).collect())
}

async fn secrets(app: Id, connection: &impl ConnectionTrait) -> Result<Vec<AppSecret>, StoreError> {
    let query = app_secret::Entity::find().filter(app_secret::Column::AppId.eq(app.0)).order_by_asc(app_secret::Column::Id);
    Ok(query.all(connection).await?.into_iter().map(secret).collect())
}

fn secret(row: app_secret::Model) -> AppSecret {
    AppSecret { id: Id(row.id), app: Id(row.app_id), created_at: Timestamp(row.created_at), expires_at: row.expires_at.map(Timestamp) }
}
