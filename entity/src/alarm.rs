//! Something suspicious that a rule found in the ledger.

use sea_orm::entity::prelude::*;

/// Something suspicious that a rule found in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alarm")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub rule: String,
    pub subject_id: i64,
    pub day: i64,
    pub place: i64,
    pub at: i64,
    pub raised_at: i64,
    pub found: i64,
    pub against: i64,
    pub acknowledged_at: Option<i64>,
    pub acknowledged_by: Option<i64>,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
