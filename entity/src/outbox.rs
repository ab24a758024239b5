//! Records-to-be of changes, until the ledger has their records.

use sea_orm::entity::prelude::*;

/// Records-to-be of changes, until the ledger has their records.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub request_id: i64,
    pub at: i64,
    pub body: Vec<u8>,
    pub owner: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
