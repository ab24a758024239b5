//! A range of entries that was put into the archive.

use sea_orm::entity::prelude::*;

/// A range of entries that was put into the archive.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_segment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_index: i64,
    pub until: i64,
    pub root: Vec<u8>,
    pub sha256: Vec<u8>,
    pub bytes: i64,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::ledger_removed::Entity")]
    Removed,
}

impl Related<super::ledger_removed::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Removed.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
