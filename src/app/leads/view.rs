//! A lead as one caller sees it.

use std::borrow::Cow;

use crate::{
    domain::{Field, FieldSet, Id, LeadRow},
    policy::{Disposition, LeadScope, Level, Marking, mask},
};

/// What a caller sees of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'v> {
    /// Nothing: hidden, or there is no value.
    Null,
    /// A text, or a list with one item to a line; as it is or masked.
    Text(Cow<'v, str>),
    /// A number, amount in hundredths, time in µs, id or flag.
    Integer(i64),
}

/// One lead through the windows of one caller.
pub struct LeadView<'v> {
    row: &'v dyn LeadRow,
    /// Fields shown as they are on this row.
    pub clear: FieldSet,
    /// Fields shown masked on this row.
    pub masked: FieldSet,
    scope: &'v LeadScope,
}

impl<'v> LeadView<'v> {
    pub(super) fn new(row: &'v dyn LeadRow, cells: (FieldSet, FieldSet), scope: &'v LeadScope) -> Self {
        Self { row, clear: cells.0, masked: cells.1, scope }
    }

    /// Its id.
    pub fn id(&self) -> Id {
        self.row.id()
    }

    /// Counts its changes.
    pub fn version(&self) -> i64 {
        self.row.version()
    }

    /// The lead's own marking.
    pub fn marking(&self) -> Marking {
        let (level, compartments) = self.row.marking();
        Marking::new(Level::from_number(level), compartments)
    }

    /// The company-wide marking of a field.
    pub fn field_marking(&self, field: Field) -> Marking {
        self.scope.field_marking(field)
    }

    /// How a field of this lead is shown.
    pub fn disposition(&self, field: Field) -> Disposition {
        match (self.clear.contains(field), self.masked.contains(field)) {
            (true, _) => Disposition::Clear,
            (false, true) => Disposition::Masked,
            (false, false) => Disposition::Hidden,
        }
    }

    /// What is shown of a field that was selected.
    pub fn cell(&self, field: Field) -> Cell<'v> {
        match self.disposition(field) {
            Disposition::Hidden => Cell::Null,
            Disposition::Clear if field.kind().is_text() => self.row.text(field).map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text))),
            Disposition::Clear => self.row.integer(field).map_or(Cell::Null, Cell::Integer),
            Disposition::Masked => self.row.text(field).map_or(Cell::Null, |text| {
                let mut masked = String::with_capacity(text.len());
                if mask::mask(field, text, &mut masked) { Cell::Text(Cow::Owned(masked)) } else { Cell::Null }
            }),
        }
    }
}
