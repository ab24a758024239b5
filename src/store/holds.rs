//! Legal holds, those of the past too.

use entity::legal_hold::{self, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::{ByTwo, HoldOn, LegalHold, Permit},
};

impl Tx<'_> {
    /// Puts a hold down.
    pub async fn put_hold(self, _permit: Permit, hold: &LegalHold) -> Result<(), StoreError> {
        let (mut subject, mut lead, mut time) = (None, None, (None, None));
        match hold.on {
            HoldOn::Subject { id } => subject = Some(id),
            HoldOn::Lead { id } => lead = Some(id),
            HoldOn::Time { from, until } => time = (Some(from), Some(until)),
        }
        let row = legal_hold::ActiveModel {
            id: Set(hold.id.0),
            subject_id: Set(subject),
            lead_id: Set(lead),
            since: Set(time.0),
            until: Set(time.1),
            reason: Set(hold.reason.clone()),
            set_at: Set(hold.set.at.0),
            asked_by: Set(hold.set.asked_by.map(|by| by.0)),
            set_by: Set(hold.set.by.map(|by| by.0)),
            lifted_at: Set(None),
            lift_reason: Set(None),
            lift_asked_by: Set(None),
            lifted_by: Set(None),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Ends a hold; `false` if it does not stand.
    pub async fn lift_hold(self, _permit: Permit, id: Id, lifted: ByTwo, reason: &str) -> Result<bool, StoreError> {
        let lift = Entity::update_many()
            .col_expr(Column::LiftedAt, Expr::value(lifted.at.0))
            .col_expr(Column::LiftReason, Expr::value(reason))
            .col_expr(Column::LiftAskedBy, Expr::value(lifted.asked_by.map(|by| by.0)))
            .col_expr(Column::LiftedBy, Expr::value(lifted.by.map(|by| by.0)))
            .filter(Column::Id.eq(id.0))
            .filter(Column::LiftedAt.is_null());
        Ok(lift.exec(self.0).await?.rows_affected == 1)
    }
}

impl Store {
    /// Every hold that stands.
    pub async fn standing_holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        let rows = Entity::find().filter(Column::LiftedAt.is_null()).order_by_asc(Column::Id).all(&self.0.main).await?;
        rows.into_iter().map(read).collect()
    }

    /// The hold with this id.
    pub async fn hold(&self, _permit: Permit, id: Id) -> Result<Option<LegalHold>, StoreError> {
        Entity::find_by_id(id.0).one(&self.0.main).await?.map(read).transpose()
    }

    /// At most `first` holds by rising id, those behind `after`; only those that stand, or do not, if that is asked.
    pub async fn holds(
        &self,
        _permit: Permit,
        standing: Option<bool>,
        after: Option<Id>,
        first: u64,
    ) -> Result<Vec<LegalHold>, StoreError> {
        let query = Entity::find().filter(wanted(standing)).filter(Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many there are.
    pub async fn count_holds(&self, _permit: Permit, standing: Option<bool>) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(wanted(standing)).count(&self.0.main).await?)
    }
}

fn wanted(standing: Option<bool>) -> Condition {
    let test = standing.map(|standing| if standing { Column::LiftedAt.is_null() } else { Column::LiftedAt.is_not_null() });
    Condition::all().add_option(test)
}

fn read(row: legal_hold::Model) -> Result<LegalHold, StoreError> {
    let on = match (row.subject_id, row.lead_id, row.since, row.until) {
        (Some(id), None, None, None) => HoldOn::Subject { id },
        (None, Some(id), None, None) => HoldOn::Lead { id },
        (None, None, Some(from), Some(until)) => HoldOn::Time { from, until },
        _ => return Err(StoreError::Corrupt(format!("legal hold {}", row.id))),
    };
    let agreed = |at, asked_by: Option<i64>, by: Option<i64>| ByTwo { at: Timestamp(at), asked_by: asked_by.map(Id), by: by.map(Id) };
    let lifted = row.lifted_at.map(|at| (agreed(at, row.lift_asked_by, row.lifted_by), row.lift_reason.unwrap_or_default()));
    Ok(LegalHold { id: Id(row.id), on, reason: row.reason, set: agreed(row.set_at, row.asked_by, row.set_by), lifted })
}
