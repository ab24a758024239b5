//! An account on a platform through which leads come to be known.

use sea_orm::entity::prelude::*;

/// An account on a platform through which leads come to be known.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub platform: i64,
    pub kind: i64,
    pub handle: String,
    pub custodian_id: i64,
    pub credentials: i64,
    pub policy: Option<String>,
    pub policy_accepted_at: Option<i64>,
    pub created_at: i64,
    pub created_by: Option<i64>,
    pub confirmed_at: i64,
    pub confirmed_by: Option<i64>,
    pub retired_at: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
