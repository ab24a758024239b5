//! Changes of leads, with the normal forms and words under which they are found.

use entity::{
    lead::{Column, Entity},
    lead_key, lead_word,
};
use sea_orm::{
    ConnectionTrait, EntityName, ExprTrait, QueryResult,
    sea_query::{DeleteStatement, Expr, InsertStatement, IntoIden, Query, UpdateStatement, Value},
};

use super::{
    filter::value,
    row::{is_text, select},
};
use crate::{
    domain::{Field, Id, LeadKey, LeadRecord, LeadValue, LeadValues},
    policy::{LeadScope, Marking},
    store::{
        StoreError, Tx,
        scope::{FieldColumn, row_exists},
    },
};

/// Rows of one `INSERT`, so that no statement binds more values than SQLite takes (32,766).
const ROWS: usize = 1_000;

/// The normal forms and words under which a lead is found.
pub type Finders = (Vec<LeadKey>, Vec<(Field, String)>);

/// A lead on its way into the list.
#[derive(Clone, Debug)]
pub struct NewLead {
    /// Its id.
    pub id: Id,
    /// Its marking.
    pub marking: Marking,
    /// Its values, times and owner included.
    pub values: LeadValues,
    /// What it is found under.
    pub finders: Finders,
}

impl Tx<'_> {
    /// The leads with all their values, locked until the transaction ends, as far as the scope opens them. The values are
    /// there whatever the windows say: show none of them without asking the scope.
    pub async fn leads_to_change(self, scope: &LeadScope, ids: &[Id]) -> Result<Vec<LeadRecord>, StoreError> {
        let mut statement = select(scope, crate::domain::FieldSet::EMPTY);
        statement.columns(Field::STORED.iter().map(|field| FieldColumn(*field).into_iden()));
        statement.and_where(row_exists(scope)).and_where(Expr::col(Column::Id).is_in(ids.iter().map(|id| id.0))).lock_exclusive();
        self.0.query_all(&statement).await?.iter().map(record).collect()
    }

    /// Adds leads. The scope proves that adding was allowed.
    pub async fn insert_leads(self, _allowed: &LeadScope, leads: &[NewLead]) -> Result<(), StoreError> {
        for leads in leads.chunks(ROWS) {
            let mut insert = Query::insert();
            let fixed = [Column::Id, Column::Version, Column::Level, Column::Compartments].map(IntoIden::into_iden);
            let columns = fixed.into_iter().chain(Field::STORED.iter().map(|field| FieldColumn(*field).into_iden()));
            insert.into_table(Entity.table_ref()).columns(columns);
            for lead in leads {
                let fixed = [lead.id.0, 1, lead.marking.level as i64, lead.marking.compartments as i64].map(Expr::value);
                let cells = Field::STORED.iter().map(|field| Expr::value(cell(*field, lead.values.0.get(field).and_then(Option::as_ref))));
                insert.values(fixed.into_iter().chain(cells)).map_err(miscounted)?;
            }
            self.0.execute(&insert).await?;
        }
        self.run_all(insert_finders(leads.iter().map(|lead| (lead.id, &lead.finders)))?).await
    }

    /// Sets values and, if given, the marking of a lead at this version, and counts the version up; `false`, and nothing
    /// written, if the lead has another version. `finders` replaces what it is found under.
    pub async fn update_lead(
        self,
        _allowed: &LeadScope,
        from: (Id, i64),
        values: &LeadValues,
        marking: Option<Marking>,
        finders: Option<&Finders>,
    ) -> Result<bool, StoreError> {
        let id = from.0;
        if self.0.execute(&update(from, values, marking)).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(finders) = finders {
            for statement in forget_finders(id) {
                self.0.execute(&statement).await?;
            }
            self.run_all(insert_finders([(id, finders)].into_iter())?).await?;
        }
        Ok(true)
    }

    async fn run_all(self, statements: Vec<InsertStatement>) -> Result<(), StoreError> {
        for statement in statements {
            self.0.execute(&statement).await?;
        }
        Ok(())
    }
}

/// Forgets what a lead is found under.
pub(super) fn forget_finders(id: Id) -> [DeleteStatement; 2] {
    let keys = Query::delete().from_table(lead_key::Entity.table_ref()).and_where(Expr::col(lead_key::Column::LeadId).eq(id.0)).take();
    let words = Query::delete().from_table(lead_word::Entity.table_ref()).and_where(Expr::col(lead_word::Column::LeadId).eq(id.0)).take();
    [keys, words]
}

/// Notes what leads are found under.
pub(super) fn insert_finders<'f>(finders: impl Iterator<Item = (Id, &'f Finders)>) -> Result<Vec<InsertStatement>, StoreError> {
    let (mut keys, mut words, mut statements) = (Vec::new(), Vec::new(), Vec::new());
    for (id, (of_keys, of_words)) in finders {
        keys.extend(of_keys.iter().map(|key| [Value::from(key.kind as i64), key.value.clone().into(), id.0.into()]));
        words.extend(of_words.iter().map(|(field, word)| [Value::from(word.clone()), i64::from(field.number()).into(), id.0.into()]));
    }
    for keys in keys.chunks(ROWS * 5) {
        let mut insert = Query::insert();
        insert.into_table(lead_key::Entity.table_ref());
        insert.columns([lead_key::Column::Kind, lead_key::Column::Value, lead_key::Column::LeadId]);
        for key in keys {
            insert.values(key.iter().cloned().map(Expr::value)).map_err(miscounted)?;
        }
        statements.push(insert);
    }
    for words in words.chunks(ROWS * 5) {
        let mut insert = Query::insert();
        insert.into_table(lead_word::Entity.table_ref());
        insert.columns([lead_word::Column::Word, lead_word::Column::Field, lead_word::Column::LeadId]);
        for word in words {
            insert.values(word.iter().cloned().map(Expr::value)).map_err(miscounted)?;
        }
        statements.push(insert);
    }
    Ok(statements)
}

/// `UPDATE` of the lead at this version.
pub(super) fn update((id, version): (Id, i64), values: &LeadValues, marking: Option<Marking>) -> UpdateStatement {
    let mut update = Query::update();
    update.table(Entity.table_ref()).value(Column::Version, Expr::col(Column::Version).add(1));
    for (field, new) in &values.0 {
        update.value(FieldColumn(*field).into_iden(), cell(*field, new.as_ref()));
    }
    if let Some(marking) = marking {
        update.value(Column::Level, marking.level as i64).value(Column::Compartments, marking.compartments as i64);
    }
    update.and_where(Expr::col(Column::Id).eq(id.0)).and_where(Expr::col(Column::Version).eq(version)).take()
}

pub(super) fn miscounted(error: sea_orm::sea_query::error::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

fn cell(field: Field, new: Option<&LeadValue>) -> Value {
    match new {
        Some(new) => value(new),
        None if is_text(field) => Value::String(None),
        None => Value::BigInt(None),
    }
}

fn record(row: &QueryResult) -> Result<LeadRecord, StoreError> {
    let mut values = LeadValues::default();
    for (field, column) in Field::STORED.iter().zip(5..) {
        let value = if is_text(*field) {
            row.try_get_by_index::<Option<String>>(column)?.map(LeadValue::Text)
        } else {
            row.try_get_by_index::<Option<i64>>(column)?.map(LeadValue::Integer)
        };
        values.0.insert(*field, value);
    }
    Ok(LeadRecord {
        id: Id(row.try_get_by_index(0)?),
        windows: row.try_get_by_index::<i64>(1)? as u32,
        level: row.try_get_by_index::<i64>(2)? as u8,
        compartments: row.try_get_by_index::<i64>(3)? as u64,
        version: row.try_get_by_index(4)?,
        values,
    })
}
