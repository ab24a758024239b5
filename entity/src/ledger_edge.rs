//! The tile of each level that the right edge of the tree runs through: fewer than 256 hashes.

use sea_orm::entity::prelude::*;

/// The tile of each level that the right edge of the tree runs through: fewer than 256 hashes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_edge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i64,
    pub hashes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
