//! The variables of an operation and the hash of its answer, with the salt of their commitment; can be erased.

use sea_orm::entity::prelude::*;

/// The variables of an operation and the hash of its answer, with the salt of their commitment; can be erased.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_detail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rseq: i64,
    pub salt: Vec<u8>,
    pub variables: Option<String>,
    pub response: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
