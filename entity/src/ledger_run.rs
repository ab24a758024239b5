//! Which entries of an epoch stand where in the global tree.

use sea_orm::entity::prelude::*;

/// Which entries of an epoch stand where in the global tree.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_index: i64,
    pub epoch: i64,
    pub first_rseq: i64,
    pub length: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
