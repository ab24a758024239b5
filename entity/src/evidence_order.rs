//! Evidence files that were asked for and may be fetched for a while.

use sea_orm::entity::prelude::*;

/// Evidence files that were asked for and may be fetched for a while.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence_order")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub person_id: Option<i64>,
    pub app_id: Option<i64>,
    pub request_id: i64,
    pub wanted: String,
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
