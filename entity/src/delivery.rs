//! Something on its way out of the house.

use sea_orm::entity::prelude::*;

/// Something on its way out of the house: an alarm (1), a bulletin of the trap (2).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub about: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    pub attempts: i64,
    pub next_at: Option<i64>,
    pub delivered_at: Option<i64>,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
