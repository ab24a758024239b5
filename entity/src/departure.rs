//! Somebody who leaves.

use sea_orm::entity::prelude::*;

/// Somebody who leaves.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub person_id: i64,
    pub last_day: i64,
    pub reason: String,
    pub access: i64,
    pub state: i64,
    pub known_at: i64,
    pub begun_at: i64,
    pub begun_by: Option<i64>,
    pub approved_by: Option<i64>,
    pub limited_at: Option<i64>,
    pub locked_at: Option<i64>,
    pub locked_before: i64,
    pub sessions: i64,
    pub delegations: i64,
    pub hold_id: i64,
    pub certificate: Option<i64>,
    pub certificate_at: Option<i64>,
    pub certificate_by: Option<i64>,
    pub certificate_note: Option<String>,
    pub ended_at: Option<i64>,
    pub ended_by: Option<i64>,
    pub end_reason: Option<String>,
    pub rehired_at: Option<i64>,
    pub rehired_by: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
