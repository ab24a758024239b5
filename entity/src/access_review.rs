//! A campaign in which grants are confirmed or withdrawn.

use sea_orm::entity::prelude::*;

/// A campaign in which grants are confirmed or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub name: String,
    pub started_at: i64,
    pub started_by: Option<i64>,
    pub due_at: i64,
    pub closed_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
