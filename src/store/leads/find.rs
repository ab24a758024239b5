//! Finding leads again by what identifies them, for imports.

use std::collections::BTreeMap;

use entity::{
    lead::{Column, Entity},
    lead_key, lead_word,
};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityName, ExprTrait,
    sea_query::{Expr, Func, Query},
};

use crate::{
    domain::{Field, Id, KeyKind, LeadKey, LeadRecord, words},
    policy::LeadScope,
    store::{
        StoreError, Tx,
        scope::{clear_cell, column, opened_by, row_exists},
    },
};

/// Values of one `IN`; SQLite takes 32,766 bound values in a statement.
pub(super) const VALUES: usize = 5_000;
/// PostgreSQL's advisory lock that lets one import at a time look and write.
const IMPORT_LOCK: i64 = 0x6c65_6164_696d_7074;

impl Tx<'_> {
    /// Lets no other import look for leads until this transaction has ended, so that two of them do not both add one.
    /// SQLite has one writer anyway.
    pub async fn lock_imports(self) -> Result<(), StoreError> {
        if self.0.get_database_backend() == DbBackend::Postgres {
            let lock = Query::select().expr(Func::cust("pg_advisory_xact_lock").arg(IMPORT_LOCK)).take();
            self.0.query_one(&lock).await?;
        }
        Ok(())
    }

    /// The leads found under one of the keys, or by one of the names (first name, last name or company of leads that
    /// are called nothing more), where the scope shows the field that decides in clear.
    pub async fn leads_found(self, scope: &LeadScope, keys: &[LeadKey], names: &[(Field, String)]) -> Result<Vec<LeadRecord>, StoreError> {
        let mut tests = Vec::new();
        let mut by_kind: BTreeMap<KeyKind, Vec<&str>> = BTreeMap::new();
        for key in keys {
            by_kind.entry(key.kind).or_default().push(&key.value);
        }
        for (kind, mut values) in by_kind {
            values.sort_unstable();
            values.dedup();
            for values in values.chunks(VALUES) {
                let found = Query::select()
                    .column(lead_key::Column::LeadId)
                    .from(lead_key::Entity.table_ref())
                    .and_where(Expr::col(lead_key::Column::Kind).eq(kind as i64))
                    .and_where(Expr::col(lead_key::Column::Value).is_in(values.iter().copied()))
                    .take();
                tests.push((kind.field(), Expr::col(Column::Id).in_subquery(found)));
            }
        }
        let mut by_field: BTreeMap<Field, Vec<&str>> = BTreeMap::new();
        for (field, name) in names {
            by_field.entry(*field).or_default().push(name);
        }
        for (field, mut names) in by_field {
            names.sort_unstable();
            names.dedup();
            for names in names.chunks(VALUES) {
                tests.push((field, called(scope, field, names)));
            }
        }
        let mut ids = Vec::new();
        for (field, test) in tests {
            let clear = scope.clear_in(field);
            if clear == 0 {
                continue;
            }
            let mut find = Query::select();
            find.column(Column::Id).from(Entity.table_ref()).and_where(test).and_where(row_exists(scope));
            if let Some(open) = opened_by(scope, clear) {
                find.and_where(open);
            }
            for row in self.0.query_all(&find).await? {
                ids.push(Id(row.try_get_by_index(0)?));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let mut records = Vec::with_capacity(ids.len());
        for ids in ids.chunks(VALUES) {
            records.extend(self.leads_to_change(scope, ids).await?);
        }
        Ok(records)
    }
}

/// Has one of these names; of several kinds of names the last name decides, then the first, then the company.
fn called(scope: &LeadScope, field: Field, names: &[&str]) -> Expr {
    let so_called = column(field).is_in(names.iter().copied());
    let nameless = clear_cell(scope, Field::LastName).is_null();
    match field {
        Field::FirstName => {
            // First names have no index of their own; their first words have.
            let firsts: Vec<String> = names.iter().filter_map(|name| words::words(name).next()).collect();
            let found = Query::select()
                .column(lead_word::Column::LeadId)
                .from(lead_word::Entity.table_ref())
                .and_where(Expr::col(lead_word::Column::Word).is_in(firsts))
                .and_where(Expr::col(lead_word::Column::Field).eq(i64::from(field.number())))
                .take();
            so_called.and(Expr::col(Column::Id).in_subquery(found)).and(nameless)
        }
        Field::Company => so_called.and(nameless).and(clear_cell(scope, Field::FirstName).is_null()),
        _ => so_called,
    }
}
