//! How far the rules have come, who evaluates them, how many alarms there are.

use sea_orm::entity::prelude::*;

/// How far the rules have come, who evaluates them, how many alarms there are.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alarm_cursor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub place: i64,
    pub raised: i64,
    pub owner: i64,
    pub until: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
