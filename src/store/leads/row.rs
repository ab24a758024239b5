//! A row of the lead table as the cursor shows it.

use sea_orm::{
    EntityName,
    sea_query::{Query, SelectStatement},
};

use entity::lead::{Column, Entity};

use crate::{
    domain::{Field, FieldSet, Id, LeadRecord, LeadRow, LeadValue, LeadValues},
    policy::LeadScope,
    store::{StoreError, rows::Row, scope},
};

/// Columns before those of fields: id, opening windows, level, compartments, version.
const FIXED: usize = 5;

/// `SELECT` of these fields through the scope's windows. The rows that exist for it are for the caller to find.
pub(super) fn select(scope: &LeadScope, fields: FieldSet) -> SelectStatement {
    let mut query = Query::select();
    query.from(Entity.table_ref()).column(Column::Id).expr(scope::opening_windows(scope));
    query.columns([Column::Level, Column::Compartments, Column::Version]);
    for field in fields.iter() {
        query.expr(scope::shown_cell(scope, field));
    }
    query
}

/// Where each selected field stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout([u8; Field::ALL.len()]);

impl Layout {
    pub(super) fn of(fields: FieldSet) -> Self {
        let mut positions = [u8::MAX; Field::ALL.len()];
        for (position, field) in fields.iter().enumerate() {
            positions[usize::from(field.number())] = (FIXED + position) as u8;
        }
        Self(positions)
    }

    fn position(&self, field: Field) -> Option<usize> {
        let position = self.0[usize::from(field.number())];
        (position != u8::MAX).then_some(usize::from(position))
    }
}

/// A row seen as a lead. A cell that cannot be read counts as empty and is logged.
pub(super) struct Cursor<'r> {
    row: &'r dyn Row,
    layout: &'r Layout,
}

impl<'r> Cursor<'r> {
    pub(super) fn new(row: &'r dyn Row, layout: &'r Layout) -> Self {
        Self { row, layout }
    }

    /// The row as a record, with every field that was selected.
    pub(super) fn record(&self) -> LeadRecord {
        let value = |field: Field| {
            if is_text(field) {
                self.text(field).map(|text| LeadValue::Text(text.to_owned()))
            } else {
                self.integer(field).map(LeadValue::Integer)
            }
        };
        let (level, compartments) = self.marking();
        let values = LeadValues(Field::STORED.iter().map(|field| (*field, value(*field))).collect());
        LeadRecord { id: self.id(), version: self.version(), level, compartments, windows: self.windows(), values }
    }

    fn fixed(&self, position: usize) -> i64 {
        seen(self.row.integer(position)).unwrap_or_default()
    }
}

fn seen<T>(cell: Result<Option<T>, StoreError>) -> Option<T> {
    cell.unwrap_or_else(|error| {
        tracing::error!(%error, "unreadable cell");
        None
    })
}

impl LeadRow for Cursor<'_> {
    fn id(&self) -> Id {
        Id(self.fixed(0))
    }

    fn windows(&self) -> u32 {
        self.fixed(1) as u32
    }

    fn marking(&self) -> (u8, u64) {
        (self.fixed(2) as u8, self.fixed(3) as u64)
    }

    fn version(&self) -> i64 {
        self.fixed(4)
    }

    fn text(&self, field: Field) -> Option<&str> {
        seen(self.row.text(self.layout.position(field)?))
    }

    fn integer(&self, field: Field) -> Option<i64> {
        seen(self.row.integer(self.layout.position(field)?))
    }
}

/// Whether a field's column holds text.
pub(super) const fn is_text(field: Field) -> bool {
    field.kind().is_text()
}
