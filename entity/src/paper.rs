//! Papers that were signed elsewhere, by their hash.

use sea_orm::entity::prelude::*;

/// Papers that were signed elsewhere, by their hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "paper")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: Vec<u8>,
    pub name: String,
    pub content: Vec<u8>,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
