//! A file that leads were imported from.

use sea_orm::entity::prelude::*;

/// A file that leads were imported from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub at: i64,
    pub by_id: Option<i64>,
    pub file: String,
    pub sha256: String,
    pub format: String,
    pub channel: i64,
    pub account_id: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
