//! Evidence files that were asked for. A row goes when the file was fetched, or when its time is over.

use entity::evidence_order::{self, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Subject, Timestamp},
    policy::Permit,
};

/// A file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceOrder {
    /// Its id.
    pub id: Id,
    /// The person who asked.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The operation that asked.
    pub request: Id,
    /// What is wanted; JSON.
    pub wanted: String,
    /// Until when it can be fetched.
    pub expires_at: Timestamp,
}

impl Tx<'_> {
    /// Keeps an order.
    pub async fn put_evidence_order(self, _permit: Permit, order: &EvidenceOrder) -> Result<(), StoreError> {
        let row = evidence_order::ActiveModel {
            id: Set(order.id.0),
            person_id: Set(order.person.map(|id| id.0)),
            app_id: Set(order.app.map(|id| id.0)),
            request_id: Set(order.request.0),
            wanted: Set(order.wanted.clone()),
            expires_at: Set(order.expires_at.0),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Forgets an order that has been fetched; `false` if it is gone already.
    pub async fn take_evidence_order(self, id: Id) -> Result<bool, StoreError> {
        Ok(Entity::delete_by_id(id.0).exec(self.0).await?.rows_affected == 1)
    }

    /// Forgets orders whose time is over; how many.
    pub async fn forget_evidence_orders(self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(Entity::delete_many().filter(Column::ExpiresAt.lte(now.0)).exec(self.0).await?.rows_affected)
    }
}

impl Store {
    /// The order with this id, if it is this subject's and can still be fetched.
    pub async fn evidence_order(&self, subject: &Subject, id: Id, now: Timestamp) -> Result<Option<EvidenceOrder>, StoreError> {
        let row = Entity::find_by_id(id.0).filter(Column::ExpiresAt.gt(now.0)).one(&self.0.main).await?;
        let order = row.map(|row| EvidenceOrder {
            id: Id(row.id),
            person: row.person_id.map(Id),
            app: row.app_id.map(Id),
            request: Id(row.request_id),
            wanted: row.wanted,
            expires_at: Timestamp(row.expires_at),
        });
        Ok(order.filter(|order| (order.person, order.app) == (subject.person, subject.app)))
    }
}
