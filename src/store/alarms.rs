//! Alarms, and how far the rules have come.

use entity::{
    alarm::{self, Column, Entity},
    alarm_cursor, subject,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{About, Store, StoreError, Tx, deliveries};
use crate::{
    alarm::{Finding, Rule},
    domain::{Id, Timestamp},
    policy::Permit,
};

/// The only row of the cursor.
const ONLY: i64 = 1;

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number from 1, without a gap.
    pub id: Id,
    /// What was found.
    pub finding: Finding,
    /// When.
    pub raised_at: Timestamp,
    /// Who has acknowledged it, when and with what note; of the operator nobody.
    pub acknowledged: Option<(Timestamp, Option<Id>, Option<String>)>,
}

/// How far the rules have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmCursor {
    /// The first record that has not been looked at.
    pub place: u64,
    /// How many alarms there are.
    pub raised: i64,
    /// The process that evaluates.
    pub owner: i64,
    /// Until when nobody else does.
    pub until: Timestamp,
}

/// A step of the cursor.
#[derive(Clone, Copy, Debug)]
pub struct AlarmStep {
    /// Where it must stand.
    pub from: AlarmCursor,
    /// Where it will.
    pub to: AlarmCursor,
}

/// Which alarms are wanted; all conditions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Of this rule.
    pub rule: Option<Rule>,
    /// About this person or app.
    pub subject: Option<Id>,
    /// Acknowledged, or not.
    pub acknowledged: Option<bool>,
    /// Given up by a channel, or by none.
    pub undelivered: Option<bool>,
    /// Not of this rule.
    pub without: Option<Rule>,
}

impl AlarmFilter {
    fn condition(&self) -> Condition {
        let acknowledged = |yes: bool| if yes { Column::AcknowledgedAt.is_not_null() } else { Column::AcknowledgedAt.is_null() };
        let given_up = || sea_orm::QueryTrait::into_query(deliveries::given_up());
        let undelivered = |yes: bool| if yes { Column::Id.in_subquery(given_up()) } else { Column::Id.not_in_subquery(given_up()) };
        Condition::all()
            .add_option(self.rule.map(|rule| Column::Rule.eq(rule.name())))
            .add_option(self.subject.map(|subject| Column::SubjectId.eq(subject.0)))
            .add_option(self.acknowledged.map(acknowledged))
            .add_option(self.undelivered.map(undelivered))
            .add_option(self.without.map(|rule| Column::Rule.ne(rule.name())))
    }
}

impl Tx<'_> {
    /// Moves the cursor; `false`, and nothing done, if it stands elsewhere or somebody else evaluates.
    pub async fn step_alarms(self, step: AlarmStep) -> Result<bool, StoreError> {
        use alarm_cursor::Column;
        let (from, to) = (step.from, step.to);
        let update = alarm_cursor::Entity::update_many()
            .col_expr(Column::Place, Expr::value(to.place as i64))
            .col_expr(Column::Raised, Expr::value(to.raised))
            .col_expr(Column::Owner, Expr::value(to.owner))
            .col_expr(Column::Until, Expr::value(to.until.0))
            .filter(Column::Id.eq(ONLY))
            .filter(Column::Place.eq(from.place as i64))
            .filter(Column::Raised.eq(from.raised))
            .filter(Column::Owner.eq(from.owner));
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }

    /// Puts alarms down, to be delivered through these channels.
    pub async fn put_alarms(self, alarms: &[Alarm], channels: &[&str]) -> Result<(), StoreError> {
        for alarm in alarms {
            let Finding { rule, subject, place, at, found, against } = alarm.finding;
            let row = alarm::ActiveModel {
                id: Set(alarm.id.0),
                rule: Set(rule.name().into()),
                subject_id: Set(subject.0),
                day: Set(at.day()),
                place: Set(place as i64),
                at: Set(at.0),
                raised_at: Set(alarm.raised_at.0),
                found: Set(found as i64),
                against: Set(against as i64),
                acknowledged_at: Set(None),
                acknowledged_by: Set(None),
                note: Set(None),
            };
            Entity::insert(row).exec_without_returning(self.0).await?;
            self.put_deliveries(About::Alarm(alarm.id), channels, alarm.raised_at).await?;
        }
        Ok(())
    }

    /// Notes that somebody has seen to an alarm; `false` if somebody had before.
    pub async fn acknowledge_alarm(
        self,
        _permit: Permit,
        id: Id,
        at: Timestamp,
        by: Option<Id>,
        note: Option<&str>,
    ) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::AcknowledgedAt, Expr::value(at.0))
            .col_expr(Column::AcknowledgedBy, Expr::value(by.map(|by| by.0)))
            .col_expr(Column::Note, Expr::value(note.map(str::to_owned)))
            .filter(Column::Id.eq(id.0))
            .filter(Column::AcknowledgedAt.is_null());
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }
}

impl Store {
    /// How far the rules have come.
    pub async fn alarm_cursor(&self) -> Result<AlarmCursor, StoreError> {
        let row = alarm_cursor::Entity::find_by_id(ONLY).one(&self.0.main).await?;
        let row = row.ok_or_else(|| StoreError::Corrupt("the cursor of the alarms is gone".into()))?;
        Ok(AlarmCursor { place: row.place as u64, raised: row.raised, owner: row.owner, until: Timestamp(row.until) })
    }

    /// Whether there is an alarm of this rule about this subject and day (from 1970-01-01).
    pub async fn has_alarm(&self, rule: Rule, subject: Id, day: i64) -> Result<bool, StoreError> {
        let same = Column::Rule.eq(rule.name()).and(Column::SubjectId.eq(subject.0)).and(Column::Day.eq(day));
        Ok(Entity::find().filter(same).count(&self.0.main).await? > 0)
    }

    /// At most `first` alarms that are wanted, by rising id, those behind `after`.
    pub async fn alarms(&self, _permit: Permit, filter: AlarmFilter, after: Option<Id>, first: u64) -> Result<Vec<Alarm>, StoreError> {
        let query = Entity::find().filter(filter.condition()).filter(Column::Id.gt(after.map_or(0, |after| after.0)));
        query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many are wanted.
    pub async fn count_alarms(&self, _permit: Permit, filter: AlarmFilter) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(filter.condition()).count(&self.0.main).await?)
    }

    /// The alarm with this id; for delivering it, which nobody asks for.
    pub async fn alarm(&self, id: Id) -> Result<Option<Alarm>, StoreError> {
        Entity::find_by_id(id.0).one(&self.0.main).await?.map(read).transpose()
    }

    /// When these accounts were made.
    pub async fn accounts_made(&self, accounts: &[Id]) -> Result<Vec<(Id, Timestamp)>, StoreError> {
        use subject::Column;
        let query = subject::Entity::find().select_only().columns([Column::Id, Column::CreatedAt]);
        let rows: Vec<(i64, i64)> = query.filter(Column::Id.is_in(accounts.iter().map(|id| id.0))).into_tuple().all(&self.0.main).await?;
        Ok(rows.into_iter().map(|(id, at)| (Id(id), Timestamp(at))).collect())
    }
}

fn read(row: alarm::Model) -> Result<Alarm, StoreError> {
    let rule = Rule::from_name(&row.rule).ok_or_else(|| StoreError::Corrupt(format!("alarm {}", row.id)))?;
    let (subject, place, at) = (Id(row.subject_id), row.place as u64, Timestamp(row.at));
    let acknowledged = row.acknowledged_at.map(|at| (Timestamp(at), row.acknowledged_by.map(Id), row.note));
    let finding = Finding { rule, subject, place, at, found: row.found as u64, against: row.against as u64 };
    Ok(Alarm { id: Id(row.id), finding, raised_at: Timestamp(row.raised_at), acknowledged })
}
