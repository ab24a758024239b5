//! A segment whose entries may leave the database.

use sea_orm::entity::prelude::*;

/// A segment whose entries may leave the database.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_removed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_index: i64,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::ledger_segment::Entity", from = "Column::FirstIndex", to = "super::ledger_segment::Column::FirstIndex")]
    Segment,
}

impl Related<super::ledger_segment::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Segment.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
