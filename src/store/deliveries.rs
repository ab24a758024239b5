//! What is on its way out of the house: alarms, and the bulletins of the trap.

use entity::delivery::{self, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::Permit,
};

/// Characters of an error that are kept.
const ERROR: usize = 300;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// An alarm.
    Alarm(Id),
    /// The bulletin of the trap of a day (from 1970-01-01).
    Bulletin(i64),
}

impl About {
    /// What kind it is, and which.
    const fn numbers(self) -> (i64, i64) {
        match self {
            Self::Alarm(id) => (1, id.0),
            Self::Bulletin(day) => (2, day),
        }
    }

    const fn of(about: i64, item: i64) -> Option<Self> {
        match about {
            1 => Some(Self::Alarm(Id(item))),
            2 => Some(Self::Bulletin(item)),
            _ => None,
        }
    }

    fn condition(self) -> Condition {
        let (about, item) = self.numbers();
        Condition::all().add(Column::About.eq(about)).add(Column::Item.eq(item))
    }
}

/// One of them through one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What is told.
    pub about: About,
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

/// The alarms that a channel has given up.
pub(super) fn given_up() -> sea_orm::Select<Entity> {
    let some = Entity::find().select_only().column(Column::Item).filter(Column::About.eq(About::Alarm(Id(0)).numbers().0));
    some.filter(Column::NextAt.is_null()).filter(Column::DeliveredAt.is_null())
}

impl Store {
    /// Deliveries that are due, at most so many.
    pub async fn due_deliveries(&self, now: Timestamp, most: u64) -> Result<Vec<Delivery>, StoreError> {
        let due = Entity::find().filter(Column::NextAt.lte(now.0)).order_by_asc(Column::NextAt).limit(most);
        due.all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// The deliveries of one of them.
    pub async fn deliveries(&self, _permit: Permit, about: About) -> Result<Vec<Delivery>, StoreError> {
        let rows = Entity::find().filter(about.condition()).order_by_asc(Column::Channel).all(&self.0.main).await?;
        rows.into_iter().map(read).collect()
    }
}

impl Tx<'_> {
    /// Puts one down to be delivered through these channels from now on.
    pub async fn put_deliveries(self, about: About, channels: &[&str], now: Timestamp) -> Result<(), StoreError> {
        let (about, item) = about.numbers();
        for channel in channels {
            let row = delivery::ActiveModel {
                about: Set(about),
                item: Set(item),
                channel: Set((*channel).into()),
                attempts: Set(0),
                next_at: Set(Some(now.0)),
                delivered_at: Set(None),
                last_error: Set(None),
            };
            Entity::insert(row).exec_without_returning(self.0).await?;
        }
        Ok(())
    }

    /// Takes a due delivery for an attempt that must have ended by `until`; `false` if another has it.
    pub async fn begin_delivery(self, due: &Delivery, until: Timestamp) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(i64::from(due.attempts) + 1))
            .col_expr(Column::NextAt, Expr::value(until.0))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .filter(due.about.condition())
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
            .filter(begun.about.condition())
            .filter(Column::Channel.eq(begun.channel.as_str()))
            .filter(Column::Attempts.eq(i64::from(begun.attempts) + 1));
        update.exec(self.0).await?;
        Ok(())
    }

    /// Begins deliveries that were given up anew; how many.
    pub async fn resend(self, _permit: Permit, about: About, now: Timestamp) -> Result<u64, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(0))
            .col_expr(Column::NextAt, Expr::value(now.0))
            .filter(about.condition())
            .filter(Column::NextAt.is_null())
            .filter(Column::DeliveredAt.is_null());
        Ok(update.exec(self.0).await?.rows_affected)
    }
}

fn read(row: delivery::Model) -> Result<Delivery, StoreError> {
    let about = About::of(row.about, row.item).ok_or_else(|| StoreError::Corrupt(format!("delivery {} {}", row.about, row.item)))?;
    Ok(Delivery {
        about,
        channel: row.channel,
        attempts: row.attempts as u32,
        next_at: row.next_at.map(Timestamp),
        delivered_at: row.delivered_at.map(Timestamp),
        last_error: row.last_error,
    })
}
