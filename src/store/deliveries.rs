//! Alarms on their way out of the house.

use entity::alarm_delivery::{self, Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::Permit,
};

/// Characters of an error that are kept.
const ERROR: usize = 300;

/// One alarm through one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which alarm.
    pub alarm: Id,
    /// Through what.
    pub channel: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; `None` once it was delivered or given up.
    pub next_at: Option<Timestamp>,
    /// When it was taken.
    pub delivered_at: Option<Timestamp>,
    /// Why the last attempt failed; `None` while another is under way.
    pub last_error: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was taken.
    Delivered(Timestamp),
    /// It was not; to be tried again then, or no more.
    Failed(Option<Timestamp>, String),
}

impl Store {
    /// Deliveries that are due, at most so many.
    pub async fn due_deliveries(&self, now: Timestamp, most: u64) -> Result<Vec<Delivery>, StoreError> {
        let due = Entity::find().filter(Column::NextAt.lte(now.0)).order_by_asc(Column::NextAt).limit(most);
        Ok(due.all(&self.0.main).await?.into_iter().map(read).collect())
    }

    /// The deliveries of these alarms.
    pub async fn deliveries(&self, _permit: Permit, alarms: &[Id]) -> Result<Vec<Delivery>, StoreError> {
        let of_them = Entity::find().filter(Column::AlarmId.is_in(alarms.iter().map(|id| id.0)));
        let rows = of_them.order_by_asc(Column::AlarmId).order_by_asc(Column::Channel).all(&self.0.main).await?;
        Ok(rows.into_iter().map(read).collect())
    }
}

impl Tx<'_> {
    /// Takes a due delivery for an attempt that must have ended by `until`; `false` if another has it.
    pub async fn begin_delivery(self, due: &Delivery, until: Timestamp) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(i64::from(due.attempts) + 1))
            .col_expr(Column::NextAt, Expr::value(until.0))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .filter(Column::AlarmId.eq(due.alarm.0))
            .filter(Column::Channel.eq(due.channel.as_str()))
            .filter(Column::Attempts.eq(i64::from(due.attempts)))
            .filter(Column::NextAt.eq(due.next_at.map(|at| at.0)));
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }

    /// Notes what became of it.
    pub async fn end_delivery(self, begun: &Delivery, attempt: &Attempt) -> Result<(), StoreError> {
        let (next_at, delivered_at, error) = match attempt {
            Attempt::Delivered(at) => (None, Some(at.0), None),
            Attempt::Failed(next, error) => (next.map(|next| next.0), None, Some(error.chars().take(ERROR).collect::<String>())),
        };
        let update = Entity::update_many()
            .col_expr(Column::NextAt, Expr::value(next_at))
            .col_expr(Column::DeliveredAt, Expr::value(delivered_at))
            .col_expr(Column::LastError, Expr::value(error))
            .filter(Column::AlarmId.eq(begun.alarm.0))
            .filter(Column::Channel.eq(begun.channel.as_str()))
            .filter(Column::Attempts.eq(i64::from(begun.attempts) + 1));
        update.exec(self.0).await?;
        Ok(())
    }

    /// Begins the deliveries of an alarm that were given up anew; how many.
    pub async fn resend_alarm(self, _permit: Permit, alarm: Id, now: Timestamp) -> Result<u64, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(0))
            .col_expr(Column::NextAt, Expr::value(now.0))
            .filter(Column::AlarmId.eq(alarm.0))
            .filter(Column::NextAt.is_null())
            .filter(Column::DeliveredAt.is_null());
        Ok(update.exec(self.0).await?.rows_affected)
    }
}

fn read(row: alarm_delivery::Model) -> Delivery {
    Delivery {
        alarm: Id(row.alarm_id),
        channel: row.channel,
        attempts: row.attempts as u32,
        next_at: row.next_at.map(Timestamp),
        delivered_at: row.delivered_at.map(Timestamp),
        last_error: row.last_error,
    }
}
