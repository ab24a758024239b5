//! Something deliberate that somebody did with a lead of the trap.

use sea_orm::entity::prelude::*;

/// Something deliberate that somebody did with a lead of the trap.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "canary_touch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub kind: i64,
    pub lead_id: i64,
    pub subject_id: i64,
    pub day: i64,
    pub place: i64,
    pub at: i64,
    pub noticed_at: i64,
    pub bulletin: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
