//! What decisions need, read in one go.

use std::collections::HashMap;

use entity::{app, generation, person, policy_item, policy_revision, subject};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, IsolationLevel, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use super::{Store, StoreError, Tx, agreements, departures};
use crate::{
    domain::Id,
    policy::{Account, PolicyDocument, Snapshot},
};

/// The number a kind of subject has in the `subject` table.
pub(super) const APP: i64 = 2;
/// The same for a person.
pub(super) const PERSON: i64 = 1;
/// The same for a person who was erased.
pub(super) const ERASED: i64 = 3;

const RIGHTS: &str = "rights";

impl Store {
    /// The counter that every change of policy, account or session raises.
    pub async fn generation(&self) -> Result<i64, StoreError> {
        generation_of(&self.0.main).await
    }

    /// Policy and accounts, as of one moment.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // SQLite's transactions see one moment anyhow and know no other isolation.
        let one_moment = (self.0.main.get_database_backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        let moment = self.0.main.begin_with_config(one_moment, None).await?;
        let generation = generation_of(&moment).await?;
        let items = policy_item::Entity::find().all(&moment).await?;
        let revision = policy_revision::Entity::find().order_by_desc(policy_revision::Column::Number).one(&moment).await?;
        let subjects = subject::Entity::find().all(&moment).await?;
        let people = person::Entity::find().select_only().columns([person::Column::Id, person::Column::PasswordGiven]);
        let people: Vec<(i64, i64, Option<String>, Option<String>)> =
            people.columns([person::Column::Jurisdiction, person::Column::Company]).into_tuple().all(&moment).await?;
        let mut people: HashMap<i64, _> = people.into_iter().map(|(id, given, place, company)| (id, (given, place, company))).collect();
        let apps = app::Entity::find().select_only().columns([app::Column::Id, app::Column::ResponsibleId]);
        let apps: Vec<(i64, i64)> = apps.into_tuple().all(&moment).await?;
        let apps: HashMap<i64, i64> = apps.into_iter().collect();
        let acceptances = agreements::standing(&moment).await?;
        let departing = departures::departing(&moment).await?;
        moment.rollback().await?;
        let items = items.iter().map(|row| (row.kind.as_str(), row.item.as_str(), row.value.as_str()));
        let document = PolicyDocument::from_items(items).map_err(StoreError::Corrupt)?;
        let account = |row: subject::Model| {
            let (given, jurisdiction, company) = people.remove(&row.id).unwrap_or_default();
            let (is_app, locked, erased) = (row.kind == APP, row.locked_at.is_some(), row.kind == ERASED);
            let responsible = apps.get(&row.id).copied().map(Id);
            let departing = departing.get(&Id(row.id)).copied();
            (
                Id(row.id),
                Account {
                    name: row.name,
                    is_app,
                    locked,
                    password_given: given != 0,
                    jurisdiction,
                    company,
                    responsible,
                    erased,
                    departing,
                },
            )
        };
        let accounts: HashMap<_, _> = subjects.into_iter().map(account).collect();
        let sha256 = document.sha256();
        Ok(Snapshot::new(generation, revision.map_or(0, |row| row.number), sha256, document, accounts, acceptances))
    }
}

impl Tx<'_> {
    /// Tells every server that rights have changed; part of every change of policy, account or session.
    pub async fn bump_generation(self) -> Result<(), StoreError> {
        let raised = generation::Entity::update_many()
            .col_expr(generation::Column::Value, sea_orm::sea_query::Expr::col(generation::Column::Value).add(1))
            .filter(generation::Column::Name.eq(RIGHTS));
        raised.exec(self.0).await?;
        Ok(())
    }

    /// What this transaction reads from here on holds when it commits: whoever changes rights waits until it has ended, and
    /// it waits for whoever is changing them. What was verified before has to be read again after this.
    pub async fn hold_rights(self) -> Result<(), StoreError> {
        // SQLite knows no such lock and needs none: it has one writer at a time.
        generation::Entity::find_by_id(RIGHTS).lock_shared().one(self.0).await?;
        Ok(())
    }

    /// The same for a change that was decided on the state of `generation`; `false`, and nothing done, if that state has
    /// passed. Whoever else changes rights waits until this transaction has ended.
    pub async fn bump_generation_from(self, generation: i64) -> Result<bool, StoreError> {
        let raised = generation::Entity::update_many()
            .col_expr(generation::Column::Value, sea_orm::sea_query::Expr::value(generation + 1))
            .filter(generation::Column::Name.eq(RIGHTS))
            .filter(generation::Column::Value.eq(generation));
        Ok(raised.exec(self.0).await?.rows_affected == 1)
    }
}

async fn generation_of(connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let row = generation::Entity::find_by_id(RIGHTS).one(connection).await?;
    row.map(|row| row.value).ok_or_else(|| StoreError::Corrupt("the rights counter is missing".into()))
}
