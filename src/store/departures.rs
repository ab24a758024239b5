//! Departures, those of the past too, and what is to be done before one is closed.

use std::collections::HashMap;

use entity::{
    app,
    departure::{self, Column, Entity},
    departure_task, lead, session, subject,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{CertificateOutcome, DepartureAccess, DepartureState, Id, TaskKind, TaskState, Timestamp},
    policy::{Departing, Permit},
};

/// Somebody who leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Id.
    pub id: Id,
    /// Who.
    pub person: Id,
    /// When their last day ends, and with it their access at the latest.
    pub last_day: Timestamp,
    /// Why they leave.
    pub reason: String,
    /// How far their access goes.
    pub access: DepartureAccess,
    /// Where it stands.
    pub state: DepartureState,
    /// Since when the company knows.
    pub known_at: Timestamp,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Who began it, or asked for it; `None` is the operator.
    pub begun_by: Option<Id>,
    /// Who approved it, if that was needed.
    pub approved_by: Option<Id>,
    /// When their access was limited.
    pub limited_at: Option<Timestamp>,
    /// When their access ended.
    pub locked_at: Option<Timestamp>,
    /// Whether the account was locked before the departure began.
    pub locked_before: bool,
    /// How many sessions of theirs ended with it.
    pub sessions: u64,
    /// In how many of them an app acted for them.
    pub delegations: u64,
    /// The legal hold that it placed.
    pub hold: Id,
    /// What became of the exit certificate.
    pub certificate: Option<Certificate>,
    /// When it was closed or cancelled.
    pub ended_at: Option<Timestamp>,
    /// By whom; with `ended_at`, `None` is the operator.
    pub ended_by: Option<Id>,
    /// Why it was cancelled.
    pub end_reason: Option<String>,
    /// When they were taken on again.
    pub rehired_at: Option<Timestamp>,
    /// By whom; with `rehired_at`, `None` is the operator.
    pub rehired_by: Option<Id>,
    /// Counts its changes.
    pub version: i64,
}

/// What became of the exit certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Accepted or refused.
    pub outcome: CertificateOutcome,
    /// When that was recorded.
    pub at: Timestamp,
    /// Who recorded it; `None` is the operator.
    pub by: Option<Id>,
    /// What they say of it.
    pub note: String,
}

/// What is to be done before a departure is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Id.
    pub id: Id,
    /// The departure.
    pub departure: Id,
    /// What it is about.
    pub kind: TaskKind,
    /// The app or contact account it is about.
    pub item: Option<Id>,
    /// What is to be done.
    pub text: String,
    /// Where it stands, as far as somebody said so.
    pub state: TaskState,
    /// When somebody did.
    pub settled_at: Option<Timestamp>,
    /// Who; with `settled_at`, `None` is the operator.
    pub settled_by: Option<Id>,
    /// What they said.
    pub note: Option<String>,
}

/// Everybody who leaves or has left, as decisions need it.
pub(super) async fn departing(connection: &impl ConnectionTrait) -> Result<HashMap<Id, Departing>, StoreError> {
    let standing = [DepartureState::Open, DepartureState::Closed].map(DepartureState::number);
    let rows = Entity::find().filter(Column::State.is_in(standing)).order_by_asc(Column::Id);
    let query = rows.select_only().columns([Column::Id, Column::PersonId, Column::Access, Column::State, Column::LastDay]);
    let rows: Vec<(i64, i64, i64, i64, i64)> = query.into_tuple().all(connection).await?;
    let read = |(id, person, access, state, last_day): (i64, i64, i64, i64, i64)| {
        let (limited, left) = (access != DepartureAccess::Keep.number(), state == DepartureState::Closed.number());
        (Id(person), Departing { departure: Id(id), limited, ends_at: Timestamp(last_day), left })
    };
    Ok(rows.into_iter().map(read).collect())
}

impl Tx<'_> {
    /// Puts a departure down with its tasks. A unique violation means that one is open for the person already.
    pub async fn put_departure(self, _permit: Permit, new: &Departure, tasks: &[Task]) -> Result<(), StoreError> {
        Entity::insert(row(new)).exec_without_returning(self.0).await?;
        for task in tasks {
            departure_task::Entity::insert(task_row(task)).exec_without_returning(self.0).await?;
        }
        Ok(())
    }

    /// Writes a departure that was read at the version before; `false`, and nothing written, if it has another one.
    pub async fn change_departure(self, _permit: Permit, changed: &Departure) -> Result<bool, StoreError> {
        let update = Entity::update_many().set(row(changed)).filter(Column::Id.eq(changed.id.0));
        Ok(update.filter(Column::Version.eq(changed.version - 1)).exec(self.0).await?.rows_affected == 1)
    }

    /// Adds a task.
    pub async fn put_task(self, _permit: Permit, new: &Task) -> Result<(), StoreError> {
        departure_task::Entity::insert(task_row(new)).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Writes down where a task stands.
    pub async fn settle_task(self, _permit: Permit, task: &Task) -> Result<(), StoreError> {
        departure_task::Entity::update_many().set(task_row(task)).filter(departure_task::Column::Id.eq(task.id.0)).exec(self.0).await?;
        Ok(())
    }

    /// The open sessions of a person: how many, and in how many of them an app acts for them.
    pub async fn open_sessions_of(self, person: Id, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let open = session::Entity::find().filter(session::Column::PersonId.eq(person.0)).filter(session::Column::EndedAt.is_null());
        let open = open.filter(session::Column::ExpiresAt.gt(now.0));
        let delegated = open.clone().filter(session::Column::AppId.is_not_null()).count(self.0).await?;
        Ok((open.count(self.0).await?, delegated))
    }

    /// The apps a person answers for that are not locked.
    pub async fn open_apps_of(self, _permit: Permit, person: Id) -> Result<Vec<Id>, StoreError> {
        apps_of(self.0, person, true).await
    }
}

impl Store {
    /// The departure with this id.
    pub async fn departure(&self, _permit: Permit, id: Id) -> Result<Option<Departure>, StoreError> {
        Entity::find_by_id(id.0).one(&self.0.main).await?.map(read).transpose()
    }

    /// At most `first` departures by rising id, those behind `after`, in this state, of this person.
    pub async fn departures(
        &self,
        _permit: Permit,
        (state, person): (Option<DepartureState>, Option<Id>),
        after: Option<Id>,
        first: u64,
    ) -> Result<Vec<Departure>, StoreError> {
        let query = Entity::find().filter(wanted(state, person)).filter(Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many departures there are.
    pub async fn count_departures(
        &self,
        _permit: Permit,
        (state, person): (Option<DepartureState>, Option<Id>),
    ) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(wanted(state, person)).count(&self.0.main).await?)
    }

    /// Open departures whose last day is over while access has not been ended.
    pub async fn due_departures(&self, now: Timestamp) -> Result<Vec<Id>, StoreError> {
        let due = Entity::find().filter(wanted(Some(DepartureState::Open), None)).filter(Column::LastDay.lte(now.0));
        let due = due.filter(Column::Access.ne(DepartureAccess::Lock.number())).select_only().column(Column::Id);
        Ok(due.into_tuple::<i64>().all(&self.0.main).await?.into_iter().map(Id).collect())
    }

    /// The tasks of a departure, in their order.
    pub async fn departure_tasks(&self, _permit: Permit, departure: Id) -> Result<Vec<Task>, StoreError> {
        let of_it = departure_task::Entity::find().filter(departure_task::Column::DepartureId.eq(departure.0));
        of_it.order_by_asc(departure_task::Column::Id).all(&self.0.main).await?.into_iter().map(read_task).collect()
    }

    /// The task with this id.
    pub async fn departure_task(&self, _permit: Permit, id: Id) -> Result<Option<Task>, StoreError> {
        departure_task::Entity::find_by_id(id.0).one(&self.0.main).await?.map(read_task).transpose()
    }

    /// The apps a person answers for, locked or not.
    pub async fn apps_of(&self, _permit: Permit, person: Id) -> Result<Vec<Id>, StoreError> {
        apps_of(&self.0.main, person, false).await
    }

    /// How many leads are a person's. Tells nothing else of them.
    pub async fn leads_of(&self, _permit: Permit, person: Id) -> Result<u64, StoreError> {
        Ok(lead::Entity::find().filter(lead::Column::OwnerId.eq(person.0)).count(&self.0.main).await?)
    }
}

async fn apps_of(connection: &impl ConnectionTrait, person: Id, open: bool) -> Result<Vec<Id>, StoreError> {
    let locked =
        Query::select().column(subject::Column::Id).from(subject::Entity).and_where(subject::Column::LockedAt.is_not_null()).take();
    let locked = open.then(|| app::Column::Id.not_in_subquery(locked));
    let theirs = app::Entity::find().filter(app::Column::ResponsibleId.eq(person.0)).filter(Condition::all().add_option(locked));
    let ids = theirs.order_by_asc(app::Column::Id).select_only().column(app::Column::Id).into_tuple::<i64>();
    Ok(ids.all(connection).await?.into_iter().map(Id).collect())
}

fn wanted(state: Option<DepartureState>, person: Option<Id>) -> Condition {
    Condition::all()
        .add_option(state.map(|state| Column::State.eq(state.number())))
        .add_option(person.map(|person| Column::PersonId.eq(person.0)))
}

fn row(departure: &Departure) -> departure::ActiveModel {
    let at = |moment: Option<Timestamp>| Set(moment.map(|moment| moment.0));
    let by = |who: Option<Id>| Set(who.map(|who| who.0));
    let certificate = departure.certificate.as_ref();
    departure::ActiveModel {
        id: Set(departure.id.0),
        person_id: Set(departure.person.0),
        last_day: Set(departure.last_day.0),
        reason: Set(departure.reason.clone()),
        access: Set(departure.access.number()),
        state: Set(departure.state.number()),
        known_at: Set(departure.known_at.0),
        begun_at: Set(departure.begun_at.0),
        begun_by: by(departure.begun_by),
        approved_by: by(departure.approved_by),
        limited_at: at(departure.limited_at),
        locked_at: at(departure.locked_at),
        locked_before: Set(departure.locked_before.into()),
        sessions: Set(departure.sessions as i64),
        delegations: Set(departure.delegations as i64),
        hold_id: Set(departure.hold.0),
        certificate: Set(certificate.map(|certificate| certificate.outcome.number())),
        certificate_at: at(certificate.map(|certificate| certificate.at)),
        certificate_by: by(certificate.and_then(|certificate| certificate.by)),
        certificate_note: Set(certificate.map(|certificate| certificate.note.clone())),
        ended_at: at(departure.ended_at),
        ended_by: by(departure.ended_by),
        end_reason: Set(departure.end_reason.clone()),
        rehired_at: at(departure.rehired_at),
        rehired_by: by(departure.rehired_by),
        version: Set(departure.version),
    }
}

fn read(row: departure::Model) -> Result<Departure, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("departure {}", row.id));
    let certificate = match row.certificate {
        None => None,
        Some(outcome) => Some(Certificate {
            outcome: CertificateOutcome::from_number(outcome).ok_or_else(corrupt)?,
            at: Timestamp(row.certificate_at.ok_or_else(corrupt)?),
            by: row.certificate_by.map(Id),
            note: row.certificate_note.clone().unwrap_or_default(),
        }),
    };
    Ok(Departure {
        id: Id(row.id),
        person: Id(row.person_id),
        last_day: Timestamp(row.last_day),
        access: DepartureAccess::from_number(row.access).ok_or_else(corrupt)?,
        state: DepartureState::from_number(row.state).ok_or_else(corrupt)?,
        known_at: Timestamp(row.known_at),
        begun_at: Timestamp(row.begun_at),
        begun_by: row.begun_by.map(Id),
        approved_by: row.approved_by.map(Id),
        limited_at: row.limited_at.map(Timestamp),
        locked_at: row.locked_at.map(Timestamp),
        locked_before: row.locked_before != 0,
        sessions: row.sessions as u64,
        delegations: row.delegations as u64,
        hold: Id(row.hold_id),
        certificate,
        ended_at: row.ended_at.map(Timestamp),
        ended_by: row.ended_by.map(Id),
        end_reason: row.end_reason,
        rehired_at: row.rehired_at.map(Timestamp),
        rehired_by: row.rehired_by.map(Id),
        version: row.version,
        reason: row.reason,
    })
}

fn task_row(task: &Task) -> departure_task::ActiveModel {
    departure_task::ActiveModel {
        id: Set(task.id.0),
        departure_id: Set(task.departure.0),
        kind: Set(task.kind.number()),
        item: Set(task.item.map(|item| item.0)),
        body: Set(task.text.clone()),
        state: Set(task.state.number()),
        settled_at: Set(task.settled_at.map(|at| at.0)),
        settled_by: Set(task.settled_by.map(|by| by.0)),
        note: Set(task.note.clone()),
    }
}

fn read_task(row: departure_task::Model) -> Result<Task, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("departure task {}", row.id));
    Ok(Task {
        id: Id(row.id),
        departure: Id(row.departure_id),
        kind: TaskKind::from_number(row.kind).ok_or_else(corrupt)?,
        item: row.item.map(Id),
        state: TaskState::from_number(row.state).ok_or_else(corrupt)?,
        settled_at: row.settled_at.map(Timestamp),
        settled_by: row.settled_by.map(Id),
        note: row.note,
        text: row.body,
    })
}
