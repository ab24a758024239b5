//! The variables of an operation, with the salt of their commitment; can be erased.

use sea_orm::entity::prelude::*;

/// The variables of an operation, with the salt of their commitment; can be erased.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_detail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rseq: i64,
    pub salt: Vec<u8>,
    pub variables: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
