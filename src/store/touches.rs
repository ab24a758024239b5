//! What was done with canaries, for the trap's keeper and nobody else.

use std::collections::BTreeSet;

use entity::{
    canary,
    canary_touch::{self, Column, Entity},
    lead,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::ExprTrait,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp, TouchKind},
    policy::Permit,
};

/// Values of one `IN`; SQLite takes 32,766 bound values in a statement.
const VALUES: usize = 5_000;

/// Something that was done with a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Id.
    pub id: Id,
    /// What.
    pub kind: TouchKind,
    /// With which lead: the canary, or a copy of one that cannot be told.
    pub lead: Id,
    /// By whom.
    pub by: Id,
    /// Place in the tree of the record that says so.
    pub place: u64,
    /// When that operation began.
    pub at: Timestamp,
    /// When it was noticed.
    pub noticed_at: Timestamp,
}

impl Store {
    /// At most `first` touches, the oldest first, after so many others.
    pub async fn touches(&self, _permit: Permit, skip: u64, first: u64) -> Result<Vec<Touch>, StoreError> {
        let find = Entity::find().order_by_asc(Column::Id).offset(skip).limit(first);
        read_all(find.all(&self.0.main).await?)
    }

    /// How many there are.
    pub async fn count_touches(&self, _permit: Permit) -> Result<u64, StoreError> {
        Ok(Entity::find().count(&self.0.main).await?)
    }

    /// Whether the same was noticed of them on that day; that one was handed on, on any day.
    pub async fn has_touch(&self, touch: &Touch) -> Result<bool, StoreError> {
        let same = Column::LeadId.eq(touch.lead.0).and(Column::SubjectId.eq(touch.by.0)).and(Column::Kind.eq(touch.kind.number()));
        let then = (touch.kind != TouchKind::HandedOn).then(|| Column::Day.eq(touch.at.day()));
        let same = Condition::all().add(same).add_option(then);
        Ok(Entity::find().filter(same).count(&self.0.main).await? > 0)
    }

    /// Those of the leads that one reader alone sees and that are no canaries: copies of them. For the server itself.
    pub async fn copies_among(&self, leads: &[Id]) -> Result<BTreeSet<Id>, StoreError> {
        let mut found = BTreeSet::new();
        for leads in leads.chunks(VALUES) {
            let canaries = canary::Entity::find().select_only().column(canary::Column::LeadId).into_query();
            let some = lead::Entity::find().select_only().column(lead::Column::Id);
            let some = some.filter(lead::Column::Id.is_in(leads.iter().map(|lead| lead.0))).filter(lead::Column::ReaderId.is_not_null());
            let ids: Vec<i64> = some.filter(lead::Column::Id.not_in_subquery(canaries)).into_tuple().all(&self.0.main).await?;
            found.extend(ids.into_iter().map(Id));
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Puts down what was done with canaries.
    pub async fn put_touches(self, touches: &[Touch]) -> Result<(), StoreError> {
        for touch in touches {
            let row = canary_touch::ActiveModel {
                id: Set(touch.id.0),
                kind: Set(touch.kind.number()),
                lead_id: Set(touch.lead.0),
                subject_id: Set(touch.by.0),
                day: Set(touch.at.day()),
                place: Set(touch.place as i64),
                at: Set(touch.at.0),
                noticed_at: Set(touch.noticed_at.0),
                bulletin: Set(None),
            };
            Entity::insert(row).exec_without_returning(self.0).await?;
        }
        Ok(())
    }
}

pub(super) fn read_all(rows: Vec<canary_touch::Model>) -> Result<Vec<Touch>, StoreError> {
    rows.iter().map(read).collect()
}

fn read(row: &canary_touch::Model) -> Result<Touch, StoreError> {
    let kind = TouchKind::from_number(row.kind).ok_or_else(|| StoreError::Corrupt(format!("touch {}", row.id)))?;
    Ok(Touch {
        id: Id(row.id),
        kind,
        lead: Id(row.lead_id),
        by: Id(row.subject_id),
        place: row.place as u64,
        at: Timestamp(row.at),
        noticed_at: Timestamp(row.noticed_at),
    })
}
