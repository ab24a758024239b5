//! Relationships of leads.

use entity::lead_relationship::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use crate::{
    domain::{Id, RelationshipRole, Timestamp},
    policy::LeadScope,
    store::{StoreError, Tx},
};

/// A relationship on its way to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRelationship {
    /// The lead.
    pub lead: Id,
    /// The role, and the person or account that stands in it.
    pub whom: (RelationshipRole, Id),
    /// Now.
    pub since: Timestamp,
    /// The person or app that notes it; `None` is the operator.
    pub by: Option<Id>,
}

impl Tx<'_> {
    /// Notes a relationship. The scope proves that it was allowed.
    pub async fn add_relationship(self, _allowed: &LeadScope, new: &NewRelationship) -> Result<(), StoreError> {
        let row = ActiveModel {
            lead_id: Set(new.lead.0),
            role: Set(new.whom.0.number()),
            who: Set(new.whom.1.0),
            since: Set(new.since.0),
            by_id: Set(new.by.map(|by| by.0)),
        };
        let once = OnConflict::columns([Column::LeadId, Column::Role, Column::Who]).do_nothing().to_owned();
        Entity::insert(row).on_conflict(once).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Takes a relationship back.
    pub async fn remove_relationship(self, _allowed: &LeadScope, gone: &NewRelationship) -> Result<(), StoreError> {
        let remove = Entity::delete_many()
            .filter(Column::LeadId.eq(gone.lead.0))
            .filter(Column::Role.eq(gone.whom.0.number()))
            .filter(Column::Who.eq(gone.whom.1.0));
        remove.exec(self.0).await?;
        Ok(())
    }
}
