//! Changes of several leads by one statement of PostgreSQL, each with its record-to-be, each on the version it was decided on.
//!
//! A batch waits for nobody: a lead that somebody else holds is left out, as is a second change of the same lead. What a
//! batch did not do is done alone.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use entity::{change_detail, lead, outbox};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, EntityName, ExprTrait, Iden, QueryResult, RuntimeErr,
    sea_query::{
        Expr, Func, InsertStatement, IntoIden, LockBehavior, LockType, Query, SelectStatement, TableRef, Value, WithClause, WithQuery,
    },
    sqlx,
};
use tokio::sync::oneshot;

use super::write::{self, Finders, named};
use crate::{
    domain::{Field, Id, LeadValues},
    policy::Marking,
    store::{ChangeNote, Noted, StoreError, scope::FieldColumn, together::Together},
};

/// How many changes share a statement at most.
const TOGETHER: usize = 64;
/// How many kinds of changes are remembered; when there are more, all are forgotten.
const KINDS: usize = 256;

/// A change that was decided on a lead at one version.
#[derive(Clone, Debug)]
pub struct LeadChange {
    /// The lead and the version it was decided on.
    pub from: (Id, i64),
    /// What to set.
    pub values: LeadValues,
    /// The marking, if it changes.
    pub marking: Option<Marking>,
    /// What the lead is found under, if that changes.
    pub finders: Option<Finders>,
    /// The record-to-be; of one change.
    pub note: ChangeNote,
}

/// What changes have in common that share a statement: the columns they set.
type Kind = (Vec<Field>, bool);
/// A change, and who waits for it: for whether it was made.
type Job = (LeadChange, oneshot::Sender<Result<bool, StoreError>>);

/// Changes on their way.
#[derive(Debug, Default)]
pub(in crate::store) struct Changes(Mutex<HashMap<Kind, Arc<Together<Job>>>>);

impl Changes {
    /// Makes a change that has no finders together with others of its kind; `false` if it was not made, for whatever reason.
    pub(super) async fn make(&self, pool: &DatabaseConnection, change: &LeadChange) -> Result<bool, StoreError> {
        let together = self.of((change.values.0.keys().copied().collect(), change.marking.is_some()));
        let (answer, answered) = oneshot::channel();
        if let Some(mut turn) = together.join((change.clone(), answer)) {
            let pool = pool.clone();
            tokio::spawn(async move {
                while let Some(jobs) = turn.next(TOGETHER) {
                    together_make(&pool, jobs).await;
                }
            });
        }
        answered.await.map_err(|_| StoreError::Closed)?
    }

    fn of(&self, kind: Kind) -> Arc<Together<Job>> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= KINDS && !kinds.contains_key(&kind) {
            kinds.clear();
        }
        Arc::clone(kinds.entry(kind).or_default())
    }
}

async fn together_make(pool: &DatabaseConnection, jobs: Vec<Job>) {
    let mut leads = HashSet::new();
    let (mut changes, mut waiting) = (Vec::with_capacity(jobs.len()), Vec::with_capacity(jobs.len()));
    for (change, answer) in jobs {
        waiting.push((change.note.id, answer));
        if leads.insert(change.from.0) {
            changes.push(change);
        }
    }
    let made = match statement(&changes) {
        Ok(statement) => made(pool.query_all(&statement).await),
        Err(error) => Err(error),
    };
    // A receiver that is gone has given up waiting; there is nobody to tell.
    match made {
        Ok(made) => {
            for (note, answer) in waiting {
                let _ = answer.send(Ok(made.contains(&note)));
            }
        }
        Err(error) => {
            let mut cause = Some(error);
            for (_, answer) in waiting {
                let _ = answer.send(Err(cause.take().unwrap_or(StoreError::Closed)));
            }
        }
    }
}

/// The notes of the changes that were made. What the database refused was not; each of them alone will tell why.
fn made(rows: Result<Vec<QueryResult>, DbErr>) -> Result<HashSet<Id>, StoreError> {
    match rows {
        Ok(rows) => rows.iter().map(|row| Ok(Id(row.try_get_by_index(0)?))).collect(),
        Err(DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)))
            if matches!(*cause, sqlx::Error::Database(_)) =>
        {
            tracing::debug!(%cause, "changes of several leads were refused together");
            Ok(HashSet::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// Columns of what is asked that no table has.
const LEAD: &str = "of_lead";
const VERSION: &str = "from_version";
const NOTE: &str = "note";
const AT: &str = "noted_at";

/// `WITH asked AS (SELECT UNNEST(…) AS of_lead, …), free AS (SELECT id FROM lead WHERE id IN (…) FOR NO KEY UPDATE SKIP LOCKED),
/// changed AS (UPDATE lead … FROM asked WHERE … RETURNING id), detail AS (INSERT INTO change_detail … FROM asked, changed …)
/// INSERT INTO outbox … SELECT … FROM asked, changed, set_config(…) … RETURNING id`: as for one change, the commit does
/// not wait for the disk (decision 0016).
fn statement(changes: &[LeadChange]) -> Result<WithQuery, StoreError> {
    use change_detail::Column as Detail;
    use outbox::Column as Outbox;
    let first = changes.first().ok_or(StoreError::Closed)?;
    let fields: Vec<Field> = first.values.0.keys().copied().collect();
    let notes = changes.iter().map(|change| match change.note.changes.first() {
        Some(Noted { change: noted, salt: Some(salt) }) => Ok((noted, *salt)),
        _ => Err(StoreError::Closed),
    });
    let notes = notes.collect::<Result<Vec<_>, _>>()?;
    let mut asked = Query::select();
    let mut of_each = |name: &str, cell: &dyn Fn(usize, &LeadChange) -> Value| {
        let cells: Vec<Value> = changes.iter().enumerate().map(|(number, change)| cell(number, change)).collect();
        let kind = cells.first().map_or(sea_orm::sea_query::ArrayType::BigInt, Value::array_type);
        let cells = Value::Array(kind, Some(Box::new(cells)));
        asked.expr_as(Func::cust("UNNEST").arg(Expr::value(cells)), name.to_owned());
    };
    of_each(LEAD, &|_, change| change.from.0.0.into());
    of_each(VERSION, &|_, change| change.from.1.into());
    for (number, field) in fields.iter().enumerate() {
        let new = |change: &LeadChange| write::cell(*field, change.values.0.get(field).and_then(Option::as_ref));
        of_each(&set_to(number), &|_, change| new(change));
    }
    if first.marking.is_some() {
        of_each("to_level", &|_, change| change.marking.map_or(0, |marking| marking.level as i64).into());
        of_each("to_compartments", &|_, change| change.marking.map_or(0, |marking| marking.compartments as i64).into());
    }
    of_each(Detail::RequestId.unquoted(), &|_, change| change.note.request.0.into());
    of_each(Detail::Seq.unquoted(), &|_, change| change.note.first.into());
    of_each(Detail::Kind.unquoted(), &|number, _| notes[number].0.kind.into());
    of_each(Detail::Item.unquoted(), &|number, _| notes[number].0.item.clone().into());
    of_each(Detail::Before.unquoted(), &|number, _| notes[number].0.before.clone().into());
    of_each(Detail::After.unquoted(), &|number, _| notes[number].0.after.clone().into());
    of_each(Detail::Salt.unquoted(), &|number, _| notes[number].1.to_vec().into());
    of_each(NOTE, &|_, change| change.note.id.0.into());
    of_each(AT, &|_, change| change.note.at.0.into());
    of_each(Outbox::Body.unquoted(), &|_, change| change.note.body.clone().into());
    of_each(Outbox::Owner.unquoted(), &|_, change| change.note.owner.0.into());

    let of_lead = || (lead::Entity, lead::Column::Id);
    let mut free = Query::select();
    free.column(lead::Column::Id).from(lead::Entity.table_ref());
    free.and_where(Expr::col(lead::Column::Id).in_subquery(Query::select().column(LEAD).from("asked").take()));
    free.lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    let mut changed = Query::update();
    changed.table(lead::Entity.table_ref()).from("asked").value(lead::Column::Version, Expr::col(lead::Column::Version).add(1));
    for (number, field) in fields.iter().enumerate() {
        changed.value(FieldColumn(*field).into_iden(), Expr::col(("asked", set_to(number))));
    }
    if first.marking.is_some() {
        changed.value(lead::Column::Level, Expr::col(("asked", "to_level")));
        changed.value(lead::Column::Compartments, Expr::col(("asked", "to_compartments")));
    }
    changed.and_where(Expr::col(of_lead()).eq(Expr::col(("asked", LEAD))));
    changed.and_where(Expr::col((lead::Entity, lead::Column::Version)).eq(Expr::col(("asked", VERSION))));
    changed.and_where(Expr::col(of_lead()).in_subquery(Query::select().column(lead::Column::Id).from("free").take()));
    changed.returning(Query::returning().expr(Expr::col(of_lead())));

    let mut noted = Query::select();
    noted.from("asked").from("changed").and_where(Expr::col(("changed", lead::Column::Id)).eq(Expr::col(("asked", LEAD))));
    let details = [Detail::RequestId, Detail::Seq, Detail::Kind, Detail::Item, Detail::Before, Detail::After, Detail::Salt];
    let detail = insert(&noted, change_detail::Entity.table_ref(), details.map(|column| (column, column.unquoted().to_owned())))?;
    let unhurried = Func::cust("set_config").args(["synchronous_commit".into(), "off".into(), Expr::value(true)]);
    let rows = [(Outbox::Id, NOTE), (Outbox::RequestId, "request_id"), (Outbox::At, AT), (Outbox::Body, "body"), (Outbox::Owner, "owner")];
    let rows = rows.map(|(column, name)| (column, name.to_owned()));
    let mut waits = insert(noted.from_function(unhurried, "unhurried"), outbox::Entity.table_ref(), rows)?;
    waits.returning_col(Outbox::Id);
    let with = WithClause::new()
        .cte(named("asked", asked))
        .cte(named("free", free))
        .cte(named("changed", changed))
        .cte(named("detail", detail))
        .to_owned();
    Ok(with.query(waits))
}

fn set_to(number: usize) -> String {
    format!("to_{number}")
}

/// `INSERT INTO table (…) SELECT … FROM …` of these columns of what is asked.
fn insert<C: Iden, const N: usize>(
    from: &SelectStatement,
    table: TableRef,
    columns: [(C, String); N],
) -> Result<InsertStatement, StoreError> {
    let mut rows = from.clone();
    rows.exprs(columns.iter().map(|(_, name)| Expr::col(("asked", name.clone()))));
    let mut insert = Query::insert();
    insert.into_table(table).columns(columns.map(|(column, _)| column));
    insert.select_from(rows).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(insert)
}
