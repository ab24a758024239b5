//! A person's account; the id is its subject's.

use sea_orm::entity::prelude::*;

/// A person's account; the id is its subject's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub email: String,
    pub password_hash: String,
    pub password_changed_at: i64,
    pub password_given: i64,
    pub jurisdiction: Option<String>,
    pub company: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
