//! How it stands with somebody outside who is asked to attest the log's heads.

use sea_orm::entity::prelude::*;

/// How it stands with somebody outside who is asked to attest the log's heads.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_anchor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    pub kind: i64,
    pub size: i64,
    pub at: Option<i64>,
    pub tried_at: i64,
    pub failing_since: Option<i64>,
    pub error: Option<String>,
    pub claim: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
