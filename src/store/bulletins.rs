//! What the trap's keeper is told once a day.

use entity::{
    canary,
    canary_bulletin::{self, Column, Entity},
    canary_touch,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{Store, StoreError, Touch, Tx, touches};
use crate::{
    domain::{Id, Timestamp},
    policy::Permit,
};

/// A day's bulletin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// Which day (from 1970-01-01).
    pub day: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who has acknowledged it, and when; of the operator nobody.
    pub acknowledged: Option<(Timestamp, Option<Id>)>,
}

impl Store {
    /// At most `first` bulletins, the newest first, after so many others.
    pub async fn bulletins(&self, _permit: Permit, skip: u64, first: u64) -> Result<Vec<Bulletin>, StoreError> {
        let rows = Entity::find().order_by_desc(Column::Day).offset(skip).limit(first).all(&self.0.main).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The first bulletin behind this day.
    pub async fn bulletin_after(&self, _permit: Permit, day: i64) -> Result<Option<Bulletin>, StoreError> {
        Ok(Entity::find().filter(Column::Day.gt(day)).order_by_asc(Column::Day).one(&self.0.main).await?.map(read))
    }

    /// The bulletin of a day.
    pub async fn bulletin(&self, _permit: Permit, day: i64) -> Result<Option<Bulletin>, StoreError> {
        Ok(Entity::find_by_id(day).one(&self.0.main).await?.map(read))
    }

    /// How many there are.
    pub async fn count_bulletins(&self, _permit: Permit) -> Result<u64, StoreError> {
        Ok(Entity::find().count(&self.0.main).await?)
    }

    /// The day of the last one. For the server itself.
    pub async fn last_bulletin(&self) -> Result<Option<i64>, StoreError> {
        let last = Entity::find().select_only().column_as(Column::Day.max(), "last");
        Ok(last.into_tuple::<Option<i64>>().one(&self.0.main).await?.flatten())
    }

    /// When the first canary was invented. For the server itself.
    pub async fn first_canary(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = canary::Entity::find().select_only().column_as(canary::Column::MadeAt.min(), "first");
        Ok(first.into_tuple::<Option<i64>>().one(&self.0.main).await?.flatten().map(Timestamp))
    }

    /// What a day's bulletin tells, the oldest first.
    pub async fn touches_told(&self, _permit: Permit, day: i64) -> Result<Vec<Touch>, StoreError> {
        let told = canary_touch::Entity::find().filter(canary_touch::Column::Bulletin.eq(day));
        touches::read_all(told.order_by_asc(canary_touch::Column::Id).all(&self.0.main).await?)
    }

    /// When it was made, and how many touches it tells. For the message that goes to the keeper.
    pub async fn bulletin_told(&self, day: i64) -> Result<Option<(Timestamp, u64)>, StoreError> {
        let Some(row) = Entity::find_by_id(day).one(&self.0.main).await? else { return Ok(None) };
        let told = canary_touch::Entity::find().filter(canary_touch::Column::Bulletin.eq(day)).count(&self.0.main).await?;
        Ok(Some((Timestamp(row.made_at), told)))
    }
}

impl Tx<'_> {
    /// Makes a day's bulletin of everything that no other has told; what it tells, the oldest first. `None` if there is one already.
    pub async fn put_bulletin(self, day: i64, now: Timestamp) -> Result<Option<Vec<Touch>>, StoreError> {
        use canary_touch::Column as Told;
        let row =
            canary_bulletin::ActiveModel { day: Set(day), made_at: Set(now.0), acknowledged_at: Set(None), acknowledged_by: Set(None) };
        let once = OnConflict::column(Column::Day).do_nothing().to_owned();
        if Entity::insert(row).on_conflict(once).exec_without_returning(self.0).await? == 0 {
            return Ok(None);
        }
        let untold = canary_touch::Entity::update_many().col_expr(Told::Bulletin, Expr::value(day)).filter(Told::Bulletin.is_null());
        untold.exec(self.0).await?;
        let told = canary_touch::Entity::find().filter(Told::Bulletin.eq(day)).order_by_asc(Told::Id).all(self.0).await?;
        touches::read_all(told).map(Some)
    }

    /// Notes that somebody has seen to a bulletin; `false` if somebody had before.
    pub async fn acknowledge_bulletin(self, _permit: Permit, day: i64, at: Timestamp, by: Option<Id>) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::AcknowledgedAt, Expr::value(at.0))
            .col_expr(Column::AcknowledgedBy, Expr::value(by.map(|by| by.0)))
            .filter(Column::Day.eq(day))
            .filter(Column::AcknowledgedAt.is_null());
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }
}

fn read(row: canary_bulletin::Model) -> Bulletin {
    let acknowledged = row.acknowledged_at.map(|at| (Timestamp(at), row.acknowledged_by.map(Id)));
    Bulletin { day: row.day, made_at: Timestamp(row.made_at), acknowledged }
}
