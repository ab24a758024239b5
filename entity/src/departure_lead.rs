//! A relationship that was handed over, so that it can be taken back.

use sea_orm::entity::prelude::*;

/// A relationship that was handed over, so that it can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departure_lead")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub handover_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: i64,
    pub from_id: i64,
    pub since: Option<i64>,
    pub to_id: Option<i64>,
    pub brand_id: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
