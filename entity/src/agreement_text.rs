//! Texts of agreements, templates and what was composed of them, by their hash.

use sea_orm::entity::prelude::*;

/// Texts of agreements, templates and what was composed of them, by their hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement_text")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: Vec<u8>,
    pub body: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
