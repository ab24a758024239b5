//! A lead.

use sea_orm::entity::prelude::*;

/// A lead.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub version: i64,
    pub level: i64,
    pub compartments: i64,
    pub company: Option<String>,
    pub industry: Option<String>,
    pub country: Option<String>,
    pub stage: Option<String>,
    pub source: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub website: Option<String>,
    pub city: Option<String>,
    pub owner_id: Option<i64>,
    pub team_id: Option<i64>,
    pub tags: Option<String>,
    pub reference: Option<String>,
    pub emails: Option<String>,
    pub phones: Option<String>,
    pub deal_value: Option<i64>,
    pub score: Option<i64>,
    pub notes: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub archived: i64,
    pub reader_id: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
