//! A colleague or brand account that a lead knows besides its owner.

use sea_orm::entity::prelude::*;

/// A colleague or brand account that a lead knows besides its owner.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_relationship")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub who: i64,
    pub since: i64,
    pub by_id: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
