//! A revision of the policy.

use sea_orm::entity::prelude::*;

/// A revision of the policy.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub sha256: Vec<u8>,
    pub at: i64,
    pub by_id: Option<i64>,
    pub request_id: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
