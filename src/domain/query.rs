//! What is asked of the lead list: conditions, order, page.

use super::{Field, FieldSet, Id, lead::LeadValue};

/// A condition on leads, in two-valued logic: a hidden or empty cell satisfies no test but [`Test::Empty`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these; none is true.
    All(Vec<Filter>),
    /// One of these at least; none is false.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The lead is one of these.
    Ids(Vec<Id>),
    /// The field passes the test.
    Field(Field, Test),
}

/// A test of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these values.
    In(Vec<LeadValue>),
    /// At least.
    AtLeast(LeadValue),
    /// At most.
    AtMost(LeadValue),
    /// Text that begins with this, letter case included.
    Prefix(String),
    /// A list that has this item, compared in normal form.
    Has(LeadKey),
    /// Whether there is no value to see.
    Empty(bool),
}

/// A normal form under which a lead is found again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeadKey {
    /// Of what.
    pub kind: KeyKind,
    /// The normal form.
    pub value: String,
}

/// What a [`LeadKey`] is the normal form of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// An e-mail address.
    Email = 1,
    /// A telephone number.
    Phone = 2,
    /// The id in the system the lead came from.
    Reference = 3,
    /// A tag.
    Tag = 4,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Email, Self::Phone, Self::Reference, Self::Tag];

    /// The field whose values it normalises.
    pub const fn field(self) -> Field {
        match self {
            Self::Email => Field::Emails,
            Self::Phone => Field::Phones,
            Self::Reference => Field::Reference,
            Self::Tag => Field::Tags,
        }
    }
}

impl Filter {
    /// The fields it looks at.
    pub fn fields(&self) -> FieldSet {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().fold(FieldSet::EMPTY, |set, part| set.union(part.fields())),
            Self::Not(part) => part.fields(),
            Self::Ids(_) => FieldSet::EMPTY,
            Self::Field(field, _) => [*field].into_iter().collect(),
        }
    }

    /// How many tests and connectives it has.
    pub fn size(&self) -> usize {
        1 + match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
            Self::Not(part) => part.size(),
            Self::Ids(ids) => ids.len(),
            Self::Field(_, Test::In(values)) => values.len(),
            Self::Field(..) => 0,
        }
    }
}

/// In which order leads come. Those with no value to see come last in either direction; ties go by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By which field; `None` is by age (the id).
    pub field: Option<Field>,
    /// Highest or newest first.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { field: None, descending: true }
    }
}

/// One page of leads.
#[derive(Clone, Debug, Default)]
pub struct LeadQuery {
    /// Which leads.
    pub filter: Option<Filter>,
    /// Words that must all begin a word of some clear field.
    pub words: Vec<String>,
    /// In which order.
    pub order: Order,
    /// Only those behind (or, going backward, before) this lead.
    pub from: Option<Id>,
    /// Whether the page is read from its end.
    pub backward: bool,
    /// How many leads at most.
    pub limit: usize,
    /// Which fields to fetch.
    pub select: FieldSet,
}

/// By what leads are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// By the value of a field.
    Value(Field),
    /// By the calendar month (UTC) of a time field.
    Month(Field),
}

impl GroupBy {
    /// The field whose values decide.
    pub const fn field(self) -> Field {
        match self {
            Self::Value(field) | Self::Month(field) => field,
        }
    }
}

/// What a group has in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey {
    /// No value, or none to see.
    Empty,
    /// A text.
    Text(String),
    /// A number, or an id.
    Integer(i64),
}

/// A group and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What its leads have in common.
    pub key: GroupKey,
    /// How many there are.
    pub count: u64,
}
