//! Results of mutations that must not run twice.

use sea_orm::entity::prelude::*;

/// Results of mutations that must not run twice.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: String,
    pub digest: Vec<u8>,
    pub result: String,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
