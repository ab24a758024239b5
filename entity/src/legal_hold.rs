//! What must not be erased or removed, until it is lifted.

use sea_orm::entity::prelude::*;

/// What must not be erased or removed, until it is lifted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "legal_hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub subject_id: Option<i64>,
    pub lead_id: Option<i64>,
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub reason: String,
    pub set_at: i64,
    pub asked_by: Option<i64>,
    pub set_by: Option<i64>,
    pub lifted_at: Option<i64>,
    pub lift_reason: Option<String>,
    pub lift_asked_by: Option<i64>,
    pub lifted_by: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
