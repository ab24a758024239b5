//! An act that one admin asked for and another decides.

use sea_orm::entity::prelude::*;

/// An act that one admin asked for and another decides; `sealed` is the hash of a password or secret until then.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub act: String,
    pub sealed: Option<Vec<u8>>,
    pub requested_by: Option<i64>,
    pub requested_at: i64,
    pub expires_at: i64,
    pub decided_at: Option<i64>,
    pub decided_by: Option<i64>,
    pub approved: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
