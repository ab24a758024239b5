//! Who accepted which agreement.

use sea_orm::entity::prelude::*;

/// Who accepted which agreement, how, and what proves it; `replaced` is 1 once a later one counts for it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acceptance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub kind: String,
    pub version: i64,
    pub person_id: Option<i64>,
    pub company: Option<String>,
    pub jurisdiction: Option<String>,
    pub text_sha256: Option<Vec<u8>>,
    pub typed_name: Option<String>,
    pub signed_at: i64,
    pub until_at: Option<i64>,
    pub at: i64,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub session_id: Option<i64>,
    pub paper_sha256: Option<Vec<u8>>,
    pub attested_by: Option<i64>,
    pub attestation: Option<String>,
    pub replaced: i64,
    pub request_id: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
