//! What a column of a file means.

use crate::domain::{Field, lead::FieldType};

/// Where the values of a column go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Into a field; owner and team by name.
    Field(Field),
    /// Into first and last name, split at the last blank.
    FullName,
    /// Into the time of the origin.
    Since,
    /// Nowhere, but a row marked so is not taken.
    Deleted,
    /// Nowhere, on purpose.
    Ignored,
    /// Nowhere, because nothing says what it means.
    Unknown,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name as the file has it.
    pub name: String,
    /// What it means.
    pub target: Target,
    /// Why it means nothing although its name is known.
    pub note: Option<&'static str>,
}

impl Target {
    /// The target with this name: a lead field's, `email`, `phone`, `name`, `since` (when the contact came about), `deleted`,
    /// or `-` to leave the column out.
    pub fn from_name(name: &str) -> Option<Self> {
        let made_here = |field: &Field| matches!(field, Field::CreatedAt | Field::UpdatedAt | Field::Archived);
        let importable = |field: &Field| field.kind() != FieldType::Linked && !made_here(field);
        match name.trim() {
            "email" => Some(Self::Field(Field::Emails)),
            "phone" => Some(Self::Field(Field::Phones)),
            "tag" => Some(Self::Field(Field::Tags)),
            "name" => Some(Self::FullName),
            "since" => Some(Self::Since),
            "deleted" => Some(Self::Deleted),
            "-" | "ignore" => Some(Self::Ignored),
            name => Field::from_name(name).filter(importable).map(Self::Field),
        }
    }

    /// Its name, as [`Target::from_name`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            Self::FullName => "name",
            Self::Since => "since",
            Self::Deleted => "deleted",
            Self::Ignored | Self::Unknown => "-",
        }
    }

    /// Whether several columns may have it.
    pub(super) const fn takes_several(self) -> bool {
        matches!(self, Self::Field(Field::Emails | Field::Phones | Field::Tags) | Self::Ignored | Self::Unknown)
    }

    /// Whether a row can be somebody by it.
    pub(super) const fn identifies(self) -> bool {
        matches!(self, Self::FullName | Self::Field(Field::FirstName | Field::LastName | Field::Company | Field::Emails | Field::Phones))
    }
}
