//! Relationships handed over at departures, so that they can be taken back.

use entity::{departure_handover, departure_lead, lead_relationship};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, RelationshipRole, Timestamp},
    policy::{LeadScope, Permit},
};

/// Rows of one `INSERT`.
const ROWS: usize = 1_000;

/// Relationships handed over together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Id.
    pub id: Id,
    /// The departure.
    pub departure: Id,
    /// When.
    pub at: Timestamp,
    /// By whom; `None` is the operator.
    pub by: Option<Id>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// By whom; with `undone_at`, `None` is the operator.
    pub undone_by: Option<Id>,
    /// How many relationships.
    pub relationships: u64,
}

/// A relationship that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The lead.
    pub lead: Id,
    /// What the person was to the lead.
    pub role: RelationshipRole,
    /// Who leaves.
    pub from: Id,
    /// Since when they stood to it, if they were not its owner.
    pub since: Option<Timestamp>,
    /// Who stands there now.
    pub to: Option<Id>,
    /// The brand account that the lead was connected with besides.
    pub brand: Option<Id>,
}

impl Tx<'_> {
    /// Puts a handover down.
    pub async fn put_handover(self, _allowed: &LeadScope, new: &Handover) -> Result<(), StoreError> {
        let row = departure_handover::ActiveModel {
            id: Set(new.id.0),
            departure_id: Set(new.departure.0),
            at: Set(new.at.0),
            by_id: Set(new.by.map(|by| by.0)),
            undone_at: Set(None),
            undone_by: Set(None),
        };
        departure_handover::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Adds what was handed over to a handover.
    pub async fn put_handed_over(self, _allowed: &LeadScope, handover: Id, handed: &[HandedOver]) -> Result<(), StoreError> {
        for handed in handed.chunks(ROWS) {
            let rows = handed.iter().map(|one| departure_lead::ActiveModel {
                handover_id: Set(handover.0),
                lead_id: Set(one.lead.0),
                role: Set(one.role.number()),
                from_id: Set(one.from.0),
                since: Set(one.since.map(|since| since.0)),
                to_id: Set(one.to.map(|to| to.0)),
                brand_id: Set(one.brand.map(|brand| brand.0)),
            });
            departure_lead::Entity::insert_many(rows).exec_without_returning(self.0).await?;
        }
        Ok(())
    }

    /// Notes that a handover was taken back; `false` if it has been already.
    pub async fn undo_handover(self, _allowed: &LeadScope, id: Id, at: Timestamp, by: Option<Id>) -> Result<bool, StoreError> {
        let undo = departure_handover::Entity::update_many()
            .col_expr(departure_handover::Column::UndoneAt, Expr::value(at.0))
            .col_expr(departure_handover::Column::UndoneBy, Expr::value(by.map(|by| by.0)))
            .filter(departure_handover::Column::Id.eq(id.0))
            .filter(departure_handover::Column::UndoneAt.is_null());
        Ok(undo.exec(self.0).await?.rows_affected == 1)
    }
}

impl Store {
    /// The handover with this id.
    pub async fn handover(&self, _permit: Permit, id: Id) -> Result<Option<Handover>, StoreError> {
        let row = departure_handover::Entity::find_by_id(id.0).one(&self.0.main).await?;
        match row {
            Some(row) => Ok(Some(self.with_count(row).await?)),
            None => Ok(None),
        }
    }

    /// The handovers of a departure, in their order.
    pub async fn handovers(&self, _permit: Permit, departure: Id) -> Result<Vec<Handover>, StoreError> {
        let of_it = departure_handover::Entity::find().filter(departure_handover::Column::DepartureId.eq(departure.0));
        let mut all = Vec::new();
        for row in of_it.order_by_asc(departure_handover::Column::Id).all(&self.0.main).await? {
            all.push(self.with_count(row).await?);
        }
        Ok(all)
    }

    /// What a handover handed over, by lead.
    pub async fn handed_over(&self, _permit: Permit, handover: Id) -> Result<Vec<HandedOver>, StoreError> {
        let of_it = departure_lead::Entity::find().filter(departure_lead::Column::HandoverId.eq(handover.0));
        let rows = of_it.order_by_asc(departure_lead::Column::LeadId).order_by_asc(departure_lead::Column::Role);
        rows.all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// The leads of which a person is a second colleague; what a window says of them is asked when they are read.
    pub async fn leads_known_to(&self, _scope: &LeadScope, person: Id) -> Result<Vec<Id>, StoreError> {
        let theirs = lead_relationship::Entity::find()
            .filter(lead_relationship::Column::Who.eq(person.0))
            .filter(lead_relationship::Column::Role.eq(RelationshipRole::Second.number()));
        let ids = theirs.order_by_asc(lead_relationship::Column::LeadId).select_only().column(lead_relationship::Column::LeadId);
        Ok(ids.into_tuple::<i64>().all(&self.0.main).await?.into_iter().map(Id).collect())
    }

    async fn with_count(&self, row: departure_handover::Model) -> Result<Handover, StoreError> {
        let of_it = departure_lead::Entity::find().filter(departure_lead::Column::HandoverId.eq(row.id));
        Ok(Handover {
            id: Id(row.id),
            departure: Id(row.departure_id),
            at: Timestamp(row.at),
            by: row.by_id.map(Id),
            undone_at: row.undone_at.map(Timestamp),
            undone_by: row.undone_by.map(Id),
            relationships: of_it.count(&self.0.main).await?,
        })
    }
}

fn read(row: departure_lead::Model) -> Result<HandedOver, StoreError> {
    let role = RelationshipRole::from_number(row.role);
    Ok(HandedOver {
        lead: Id(row.lead_id),
        role: role.ok_or_else(|| StoreError::Corrupt(format!("handover {}", row.handover_id)))?,
        from: Id(row.from_id),
        since: row.since.map(Timestamp),
        to: row.to_id.map(Id),
        brand: row.brand_id.map(Id),
    })
}
