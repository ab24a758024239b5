//! What people's and apps' accounts have in common.

use entity::subject;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::{
    domain::{Id, Timestamp},
    policy::Permit,
    store::{StoreError, Tx},
};

impl Tx<'_> {
    /// Locks (`Some`) or unlocks (`None`) an account. Rights follow with [`Tx::bump_generation_from`].
    pub async fn set_locked(self, _permit: Permit, id: Id, at: Option<Timestamp>) -> Result<(), StoreError> {
        subject::Entity::update_many()
            .col_expr(subject::Column::LockedAt, Expr::value(at.map(|at| at.0)))
            .col_expr(subject::Column::Version, Expr::col(subject::Column::Version).add(1))
            .filter(subject::Column::Id.eq(id.0))
            .exec(self.0)
            .await?;
        Ok(())
    }

    /// Renames an account that still has version `expected`; `false` if it has another.
    pub(super) async fn rename(self, id: Id, expected: i64, name: &str) -> Result<bool, StoreError> {
        let renamed = subject::Entity::update_many()
            .col_expr(subject::Column::Name, Expr::value(name))
            .col_expr(subject::Column::Version, Expr::col(subject::Column::Version).add(1))
            .filter(subject::Column::Id.eq(id.0))
            .filter(subject::Column::Version.eq(expected));
        Ok(renamed.exec(self.0).await?.rows_affected == 1)
    }

    pub(super) async fn add_subject(self, id: Id, kind: i64, name: &str, at: Timestamp) -> Result<(), StoreError> {
        let row = subject::ActiveModel {
            id: Set(id.0),
            kind: Set(kind),
            name: Set(name.to_owned()),
            locked_at: Set(None),
            created_at: Set(at.0),
            version: Set(1),
        };
        subject::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }
}
