//! What was erased, when and why; `traces` is what is still looked for, until it is done.

use sea_orm::entity::prelude::*;

/// What was erased, when and why; `traces` is what is still looked for, until it is done.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub kind: String,
    pub item: i64,
    pub reason: String,
    pub at: i64,
    pub asked_by: Option<i64>,
    pub approved_by: Option<i64>,
    pub request_id: i64,
    pub traces: Option<String>,
    pub swept: i64,
    pub details: i64,
    pub documents: i64,
    pub done_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
