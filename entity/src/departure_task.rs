//! What is to be done before a departure is closed.

use sea_orm::entity::prelude::*;

/// What is to be done before a departure is closed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departure_task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub departure_id: i64,
    pub kind: i64,
    pub item: Option<i64>,
    pub body: String,
    pub state: i64,
    pub settled_at: Option<i64>,
    pub settled_by: Option<i64>,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
