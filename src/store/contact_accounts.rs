//! The register of contact accounts.

use entity::contact_account::{self, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{AccountFacts, AccountKind, CredentialsHolder, Id, Platform, Timestamp},
    policy::{Permit, RegisterScope},
};

/// An account of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactAccount {
    /// What custody follows from.
    pub facts: AccountFacts,
    /// Its name on the platform.
    pub handle: String,
    /// The policy that its custodian has accepted for it.
    pub policy: Option<String>,
    /// When.
    pub policy_accepted_at: Option<Timestamp>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Who entered it; `None` is the operator.
    pub created_by: Option<Id>,
    /// Who confirmed it last; `None` is the operator.
    pub confirmed_by: Option<Id>,
    /// Since when it is out of use.
    pub retired_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

/// Which accounts a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContactAccountFilter {
    /// Only those of one kind.
    pub kind: Option<AccountKind>,
    /// Only those that one person answers for.
    pub custodian: Option<Id>,
    /// Only those last confirmed before this moment.
    pub confirmed_before: Option<Timestamp>,
    /// Those out of use too.
    pub retired: bool,
}

impl Store {
    /// At most `first` accounts by rising id, those behind `after`.
    pub async fn contact_accounts(
        &self,
        scope: RegisterScope,
        filter: ContactAccountFilter,
        after: Option<Id>,
        first: u64,
    ) -> Result<Vec<ContactAccount>, StoreError> {
        let behind = after.map(|id| Column::Id.gt(id.0));
        let found = Entity::find().filter(condition(scope, filter)).filter(Condition::all().add_option(behind));
        found.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many there are.
    pub async fn count_contact_accounts(&self, scope: RegisterScope, filter: ContactAccountFilter) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(condition(scope, filter)).count(&self.0.main).await?)
    }

    /// The account with this id, if the scope shows it.
    pub async fn contact_account(&self, scope: RegisterScope, id: Id) -> Result<Option<ContactAccount>, StoreError> {
        let everything = ContactAccountFilter { retired: true, ..ContactAccountFilter::default() };
        let row = Entity::find_by_id(id.0).filter(condition(scope, everything)).one(&self.0.main).await?;
        row.map(read).transpose()
    }
}

impl Store {
    /// The company's accounts in use that a person answers for.
    pub async fn company_accounts_of(&self, _permit: Permit, custodian: Id) -> Result<Vec<ContactAccount>, StoreError> {
        let found = Entity::find()
            .filter(Column::CustodianId.eq(custodian.0))
            .filter(Column::Kind.ne(AccountKind::PersonalProfile.number()))
            .filter(Column::RetiredAt.is_null());
        found.order_by_asc(Column::Id).all(&self.0.main).await?.into_iter().map(read).collect()
    }
}

impl Tx<'_> {
    /// Enters an account. A unique violation means that its custodian has it already.
    pub async fn add_contact_account(self, _scope: RegisterScope, account: &ContactAccount) -> Result<(), StoreError> {
        Entity::insert(row(account)).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Writes an account that was read at the version before; `false`, and nothing written, if it has another one.
    pub async fn change_contact_account(self, scope: RegisterScope, account: &ContactAccount) -> Result<bool, StoreError> {
        let all = ContactAccountFilter { retired: true, ..ContactAccountFilter::default() };
        let change = Entity::update_many()
            .col_expr(Column::Handle, Expr::value(account.handle.clone()))
            .col_expr(Column::CustodianId, Expr::value(account.facts.custodian.0))
            .col_expr(Column::Credentials, Expr::value(account.facts.credentials.number()))
            .col_expr(Column::Policy, Expr::value(account.policy.clone()))
            .col_expr(Column::PolicyAcceptedAt, Expr::value(account.policy_accepted_at.map(|at| at.0)))
            .col_expr(Column::ConfirmedAt, Expr::value(account.facts.confirmed_at.0))
            .col_expr(Column::ConfirmedBy, Expr::value(account.confirmed_by.map(|by| by.0)))
            .col_expr(Column::RetiredAt, Expr::value(account.retired_at.map(|at| at.0)))
            .col_expr(Column::Version, Expr::value(account.version))
            .filter(Column::Id.eq(account.facts.id.0))
            .filter(Column::Version.eq(account.version - 1))
            .filter(condition(scope, all));
        Ok(change.exec(self.0).await?.rows_affected == 1)
    }
}

fn condition(scope: RegisterScope, filter: ContactAccountFilter) -> Condition {
    Condition::all()
        .add_option(scope.only().map(|person| Column::CustodianId.eq(person.0)))
        .add_option(filter.kind.map(|kind| Column::Kind.eq(kind.number())))
        .add_option(filter.custodian.map(|custodian| Column::CustodianId.eq(custodian.0)))
        .add_option(filter.confirmed_before.map(|before| Column::ConfirmedAt.lt(before.0)))
        .add_option((!filter.retired).then(|| Column::RetiredAt.is_null()))
}

fn row(account: &ContactAccount) -> contact_account::ActiveModel {
    contact_account::ActiveModel {
        id: Set(account.facts.id.0),
        platform: Set(account.facts.platform.number()),
        kind: Set(account.facts.kind.number()),
        handle: Set(account.handle.clone()),
        custodian_id: Set(account.facts.custodian.0),
        credentials: Set(account.facts.credentials.number()),
        policy: Set(account.policy.clone()),
        policy_accepted_at: Set(account.policy_accepted_at.map(|at| at.0)),
        created_at: Set(account.created_at.0),
        created_by: Set(account.created_by.map(|by| by.0)),
        confirmed_at: Set(account.facts.confirmed_at.0),
        confirmed_by: Set(account.confirmed_by.map(|by| by.0)),
        retired_at: Set(account.retired_at.map(|at| at.0)),
        version: Set(account.version),
    }
}

fn read(row: contact_account::Model) -> Result<ContactAccount, StoreError> {
    let unknown = || StoreError::Corrupt(format!("contact account {}", row.id));
    let facts = AccountFacts {
        id: Id(row.id),
        platform: Platform::from_number(row.platform).ok_or_else(unknown)?,
        kind: AccountKind::from_number(row.kind).ok_or_else(unknown)?,
        custodian: Id(row.custodian_id),
        credentials: CredentialsHolder::from_number(row.credentials).ok_or_else(unknown)?,
        confirmed_at: Timestamp(row.confirmed_at),
    };
    Ok(ContactAccount {
        facts,
        handle: row.handle,
        policy: row.policy,
        policy_accepted_at: row.policy_accepted_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        created_by: row.created_by.map(Id),
        confirmed_by: row.confirmed_by.map(Id),
        retired_at: row.retired_at.map(Timestamp),
        version: row.version,
    })
}
