//! A lead that was invented for a trap.

use sea_orm::entity::prelude::*;

/// A lead that was invented for a trap.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "canary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    pub reader_id: Option<i64>,
    pub export_id: Option<i64>,
    pub made_at: i64,
    pub placed_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
