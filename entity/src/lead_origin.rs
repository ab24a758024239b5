//! Where a lead came from.

use sea_orm::entity::prelude::*;

/// Where a lead came from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_origin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: i64,
    pub channel: i64,
    pub since: Option<i64>,
    pub recorded_at: i64,
    pub by_id: Option<i64>,
    pub account_id: Option<i64>,
    pub import_id: Option<i64>,
    pub record: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
