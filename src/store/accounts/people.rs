//! People.

use entity::{person, subject};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationDef, Select, sea_query::Expr,
};

use super::{AccountFilter, filter};
use crate::{
    domain::{Id, Timestamp},
    policy::Permit,
    store::{Store, StoreError, Tx, snapshot::PERSON},
};

/// A person's account, without what only authentication needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: Id,
    /// Display name.
    pub name: String,
    /// E-mail address, lower case; what they sign in with.
    pub email: String,
    /// Since when it is locked.
    pub locked_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
    /// The jurisdiction whose agreements they accept.
    pub jurisdiction: Option<String>,
    /// The company they come from, if it is another.
    pub company: Option<String>,
}

/// A person about to be added.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Id.
    pub id: Id,
    /// Display name.
    pub name: String,
    /// E-mail address, lower case.
    pub email: String,
    /// PHC string of the password.
    pub password_hash: String,
    /// Whether somebody else knows it, so that its owner has to change it.
    pub password_given: bool,
    /// The jurisdiction whose agreements they accept.
    pub jurisdiction: Option<String>,
    /// The company they come from, if it is another.
    pub company: Option<String>,
    /// Now.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// Adds a person. A unique violation means that the e-mail address is somebody's.
    pub async fn add_person(self, _permit: Permit, new: &NewPerson) -> Result<(), StoreError> {
        self.add_subject(new.id, PERSON, &new.name, new.at).await?;
        let row = person::ActiveModel {
            id: Set(new.id.0),
            email: Set(new.email.clone()),
            password_hash: Set(new.password_hash.clone()),
            password_changed_at: Set(new.at.0),
            password_given: Set(i64::from(new.password_given)),
            jurisdiction: Set(new.jurisdiction.clone()),
            company: Set(new.company.clone()),
        };
        person::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Gives a person that still has version `expected` another name and e-mail address; `false` if it has another
    /// version. A unique violation means that the e-mail address is somebody else's.
    pub async fn change_person(self, _permit: Permit, id: Id, expected: i64, name: &str, email: &str) -> Result<bool, StoreError> {
        if !self.rename(id, expected, name).await? {
            return Ok(false);
        }
        let changed = person::Entity::update_many().col_expr(person::Column::Email, Expr::value(email));
        changed.filter(person::Column::Id.eq(id.0)).exec(self.0).await?;
        Ok(true)
    }

    /// Says which law a person that still has version `expected` is under and which other company they come from; `false`
    /// if it has another version.
    pub async fn place_person(
        self,
        _permit: Permit,
        id: Id,
        expected: i64,
        jurisdiction: Option<&str>,
        company: Option<&str>,
    ) -> Result<bool, StoreError> {
        let raised = subject::Entity::update_many()
            .col_expr(subject::Column::Version, Expr::value(expected + 1))
            .filter(subject::Column::Id.eq(id.0))
            .filter(subject::Column::Version.eq(expected));
        if raised.exec(self.0).await?.rows_affected != 1 {
            return Ok(false);
        }
        let placed = person::Entity::update_many()
            .col_expr(person::Column::Jurisdiction, Expr::value(jurisdiction))
            .col_expr(person::Column::Company, Expr::value(company));
        placed.filter(person::Column::Id.eq(id.0)).exec(self.0).await?;
        Ok(true)
    }
}

impl Store {
    /// The person with this id.
    pub async fn person(&self, _permit: Permit, id: Id) -> Result<Option<Person>, StoreError> {
        let mut found = read(people(Condition::all().add(person::Column::Id.eq(id.0))), &self.0.main).await?;
        Ok(found.pop())
    }

    /// The person with this e-mail address.
    pub async fn person_by_email(&self, _permit: Permit, email: &str) -> Result<Option<Person>, StoreError> {
        let mut found = read(people(Condition::all().add(person::Column::Email.eq(email))), &self.0.main).await?;
        Ok(found.pop())
    }

    /// At most `first` people by rising id, those behind `after`.
    pub async fn people(&self, _permit: Permit, wanted: &AccountFilter, after: Option<Id>, first: u64) -> Result<Vec<Person>, StoreError> {
        let query = people(wanted.condition(person::Column::Email)).filter(filter::after(after));
        read(query.order_by_asc(subject::Column::Id).limit(first), &self.0.main).await
    }

    /// How many people there are.
    pub async fn count_people(&self, _permit: Permit, wanted: &AccountFilter) -> Result<u64, StoreError> {
        Ok(people(wanted.condition(person::Column::Email)).count(&self.0.main).await?)
    }
}

type Row = (i64, String, Option<String>, Option<String>, String, Option<i64>, i64, i64);

fn people(condition: Condition) -> Select<person::Entity> {
    let account: RelationDef = person::Entity::belongs_to(subject::Entity).from(person::Column::Id).to(subject::Column::Id).into();
    person::Entity::find().join(JoinType::InnerJoin, account).filter(condition)
}

async fn read(query: Select<person::Entity>, connection: &impl ConnectionTrait) -> Result<Vec<Person>, StoreError> {
    let query = query
        .select_only()
        .columns([person::Column::Id, person::Column::Email, person::Column::Jurisdiction, person::Column::Company])
        .columns([subject::Column::Name, subject::Column::LockedAt, subject::Column::CreatedAt, subject::Column::Version]);
    let rows: Vec<Row> = query.into_tuple().all(connection).await?;
    let person = |(id, email, jurisdiction, company, name, locked_at, created_at, version): Row| Person {
        id: Id(id),
        name,
        email,
        locked_at: locked_at.map(Timestamp),
        created_at: Timestamp(created_at),
        version,
        jurisdiction,
        company,
    };
    Ok(rows.into_iter().map(person).collect())
}
