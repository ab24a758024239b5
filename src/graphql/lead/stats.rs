//! Counts of leads.

use async_graphql::{Enum, ID, SimpleObject};

use crate::{
    app::Op,
    domain::{
        Field, Id,
        query::{Group, GroupBy, GroupKey},
    },
    graphql::scalar::opaque,
};

/// By what leads are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum LeadGroupBy {
    /// Where the deal stands.
    Stage,
    /// Channel.
    Source,
    /// Line of business.
    Industry,
    /// Country.
    Country,
    /// The person responsible.
    Owner,
    /// The team.
    Team,
    /// The month (UTC) in which the lead entered the list.
    Month,
}

impl From<LeadGroupBy> for GroupBy {
    fn from(by: LeadGroupBy) -> Self {
        match by {
            LeadGroupBy::Stage => Self::Value(Field::Stage),
            LeadGroupBy::Source => Self::Value(Field::Source),
            LeadGroupBy::Industry => Self::Value(Field::Industry),
            LeadGroupBy::Country => Self::Value(Field::Country),
            LeadGroupBy::Owner => Self::Value(Field::Owner),
            LeadGroupBy::Team => Self::Value(Field::Team),
            LeadGroupBy::Month => Self::Month(Field::CreatedAt),
        }
    }
}

/// A group of leads and its size.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeadGroup {
    /// What they have in common: a text, a name, or a month as `2026-11`; null if they have no value, or none to see.
    key: Option<String>,
    /// The id of the owner or team they have in common.
    id: Option<ID>,
    /// How many leads.
    count: i64,
}

impl LeadGroup {
    pub(super) fn new(op: &Op, by: LeadGroupBy, group: Group) -> Self {
        let (key, id) = match (group.key, by) {
            (GroupKey::Empty, _) => (None, None),
            (GroupKey::Text(text), _) => (Some(text), None),
            (GroupKey::Integer(id), LeadGroupBy::Owner) => (op.snapshot.name(Id(id)).map(str::to_owned), Some(opaque(Id(id)))),
            (GroupKey::Integer(id), _) => (op.snapshot.document.teams.get(&id).map(|team| team.name.clone()), Some(opaque(Id(id)))),
        };
        Self { key, id, count: group.count as i64 }
    }
}
