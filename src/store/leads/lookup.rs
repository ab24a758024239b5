//! Statements that look up one lead. Each is made once for the same windows and fields; PostgreSQL finds with one statement
//! all that was asked for by it while the one before was under way.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError, RwLock},
};

use entity::lead::Column;
use sea_orm::{
    ExprTrait,
    sea_query::{Expr, IntoIden, Value, Values},
    sqlx::AssertSqlSafe,
};
use tokio::sync::oneshot;

use super::{
    row::{Layout, select},
    together::Together,
};
use crate::{
    domain::{Field, FieldSet, Id},
    policy::LeadScope,
    store::{
        StoreError,
        kept::{Kept, bound},
        rows::{Row, Rows},
        scope::{FieldColumn, row_exists},
    },
};

/// How many statements are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 1_024;
/// For how many leads there are statements; whoever asks for fewer repeats one of them. With a list of that length PostgreSQL
/// keeps its plan, with an array it makes one each time, because of an array it does not know how long it will be.
const WIDTHS: [usize; 4] = [1, 4, 16, 64];

/// What is read of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    /// These fields, as far as the windows show them.
    Shown(FieldSet),
    /// Everything, whatever the windows say.
    Whole,
}

/// The statements that were made, by windows and what is read through them.
#[derive(Debug, Default)]
pub(in crate::store) struct Lookups(RwLock<HashMap<LeadScope, HashMap<Wanted, Arc<Lookup>>>>);

impl Lookups {
    /// The statement that reads `wanted` through these windows.
    pub(super) fn of(&self, scope: &LeadScope, wanted: Wanted, rows: &Rows) -> Arc<Lookup> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(lookup) = known.get(scope).and_then(|known| known.get(&wanted)) {
            return Arc::clone(lookup);
        }
        drop(known);
        let lookup = Arc::new(Lookup::new(scope, wanted, rows));
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.values().map(HashMap::len).sum::<usize>() >= REMEMBERED {
            known.clear();
        }
        known.entry(scope.clone()).or_default().insert(wanted, Arc::clone(&lookup));
        lookup
    }
}

/// A statement that finds a lead through some windows.
pub(super) struct Lookup {
    /// By the number of leads it finds, the smallest first.
    statements: Vec<(usize, Arc<str>)>,
    /// What is bound before the ids.
    values: Vec<Value>,
    /// Where its columns stand.
    pub(super) layout: Layout,
    /// Who waits for PostgreSQL.
    asked: Arc<Together<(Id, Found)>>,
}

/// Takes the row, if there is one, and tells whoever asked.
type Found = Box<dyn FnOnce(Result<Option<&dyn Row>, StoreError>) + Send>;

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").field("statements", &self.statements).finish_non_exhaustive()
    }
}

impl Lookup {
    fn new(scope: &LeadScope, wanted: Wanted, rows: &Rows) -> Self {
        let (fields, all) = match wanted {
            Wanted::Shown(fields) => (fields, fields),
            Wanted::Whole => (FieldSet::EMPTY, Field::STORED.iter().copied().collect()),
        };
        let mut statement = select(scope, fields);
        if wanted == Wanted::Whole {
            statement.columns(Field::STORED.iter().map(|field| FieldColumn(*field).into_iden()));
        }
        statement.and_where(row_exists(scope));
        let widths = if rows.is_postgres() { &WIDTHS[..] } else { &WIDTHS[..1] };
        let of_width = |width: usize| rows.build(statement.clone().and_where(Expr::col(Column::Id).is_in(vec![0_i64; width])));
        let statements = widths.iter().map(|width| (*width, of_width(*width).0.into())).collect();
        // The ids come last, so that their places among the values are known.
        let Values(mut values) = of_width(1).1;
        values.pop();
        Self { statements, values, layout: Layout::of(all), asked: Arc::default() }
    }

    /// The statement that finds these leads, and what is bound to it.
    fn of(&self, ids: &[Id]) -> Option<(&Arc<str>, Values)> {
        let (width, sql) = self.statements.iter().find(|(width, _)| *width >= ids.len())?;
        let ids = ids.iter().chain(std::iter::repeat(ids.last()?)).take(*width);
        Some((sql, Values(self.values.iter().cloned().chain(ids.map(|id| id.0.into())).collect())))
    }

    /// Folds the row of the lead with this id into `state`, if it is there.
    pub(super) async fn find<S, F>(self: &Arc<Self>, rows: &Rows, id: Id, mut state: S, mut step: F) -> Result<S, StoreError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &dyn Row) + Send + 'static,
    {
        let Rows::Pool(kept) = rows else {
            let step = move |state: &mut S, row: &dyn Row| {
                step(state, row);
                Ok(())
            };
            let (sql, values) = self.of(&[id]).ok_or(StoreError::Closed)?;
            return rows.fold_few(sql, values, state, step).await;
        };
        let (answer, answered) = oneshot::channel();
        let found: Found = Box::new(move |row| {
            // A receiver that is gone has given up waiting; there is nobody to tell.
            let _ = answer.send(row.map(|row| {
                if let Some(row) = row {
                    step(&mut state, row);
                }
                state
            }));
        });
        if let Some(mut turn) = self.asked.join((id, found)) {
            let (lookup, kept) = (Arc::clone(self), Arc::clone(kept));
            tokio::spawn(async move {
                while let Some(waiting) = turn.next(WIDTHS[WIDTHS.len() - 1]) {
                    lookup.ask(&kept, waiting).await;
                }
            });
        }
        answered.await.map_err(|_| StoreError::Closed)?
    }

    async fn ask(&self, kept: &Kept, waiting: Vec<(Id, Found)>) {
        let ids: Vec<Id> = waiting.iter().map(|(id, _)| *id).collect();
        let Some((sql, values)) = self.of(&ids) else { return };
        // What one of them does with its row is its own affair; whoever waits for what panicked hears that there is no answer.
        let tell = |found: Found, row: Result<Option<&dyn Row>, StoreError>| drop(catch_unwind(AssertUnwindSafe(|| found(row))));
        match kept.rows(bound(AssertSqlSafe(Arc::clone(sql)), values)).await {
            Ok(rows) => {
                let rows: HashMap<Option<i64>, &dyn Row> = rows.iter().map(|row| (Row::integer(row, 0).ok().flatten(), row as _)).collect();
                for (id, found) in waiting {
                    tell(found, Ok(rows.get(&Some(id.0)).copied()));
                }
            }
            Err(error) => {
                let mut cause = Some(error);
                for (_, found) in waiting {
                    tell(found, Err(cause.take().unwrap_or(StoreError::Closed)));
                }
            }
        }
    }
}
