//! Relationships handed over together.

use sea_orm::entity::prelude::*;

/// Relationships handed over together.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departure_handover")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub departure_id: i64,
    pub at: i64,
    pub by_id: Option<i64>,
    pub undone_at: Option<i64>,
    pub undone_by: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
