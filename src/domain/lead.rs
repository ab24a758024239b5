//! The lead: its fields, and a row of them as the store hands it up.

use std::collections::BTreeMap;

use super::ids::Id;

/// How a field's value is stored, compared and masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Several texts, stored one to a line.
    List,
    /// A whole number.
    Integer,
    /// An amount in hundredths of the company's currency.
    Money,
    /// Microseconds since 1970, UTC.
    Time,
    /// The id of a person or a team.
    Reference,
    /// Yes or no.
    Flag,
    /// Rows of another table, told as one text ([`super::linked`]).
    Linked,
}

impl FieldType {
    /// Whether its cells hold text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::List | Self::Linked)
    }
}

macro_rules! fields {
    ($($variant:ident $api:literal $column:literal $kind:ident $doc:literal;)*) => {
        /// A field of a lead that carries a marking. `id`, `version` and the marking itself are shown with every row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field { $(#[doc = $doc] $variant),* }

        impl Field {
            /// Every field, in the order of their numbers in access records. New ones go to the end.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Those that are columns of the lead table: all but the linked ones, which come behind them.
            pub const STORED: &'static [Self] = Self::ALL.split_at(Self::Origins as usize).0;
            /// Its name in GraphQL, in settings and in the policy.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $api),* }
            }
            /// Its column in the lead table; of a linked field the table its rows lie in.
            pub const fn column(self) -> &'static str {
                match self { $(Self::$variant => $column),* }
            }
            /// How its value is stored, compared and masked.
            pub const fn kind(self) -> FieldType {
                match self { $(Self::$variant => FieldType::$kind),* }
            }
            /// What it holds, as the schema tells it.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $doc),* }
            }
        }
    };
}

fields! {
    Company "company" "company" Text "The company the lead works for.";
    Industry "industry" "industry" Text "The company's line of business.";
    Country "country" "country" Text "The country the company is in.";
    Stage "stage" "stage" Text "Where the deal stands.";
    Source "source" "source" Text "The channel through which the lead came in.";
    FirstName "firstName" "first_name" Text "First name.";
    LastName "lastName" "last_name" Text "Last name.";
    Title "title" "title" Text "Job title.";
    Website "website" "website" Text "The company's website.";
    City "city" "city" Text "The city the lead works in.";
    Owner "owner" "owner_id" Reference "The person responsible for the lead.";
    Team "team" "team_id" Reference "The team the lead belongs to.";
    Tags "tags" "tags" List "Free labels.";
    Reference "reference" "reference" Text "The lead's id in the system it came from.";
    Emails "emails" "emails" List "E-mail addresses, the main one first.";
    Phones "phones" "phones" List "Telephone numbers, the main one first.";
    DealValue "dealValue" "deal_value" Money "Expected value of the deal, in the company's currency.";
    Score "score" "score" Integer "How promising the lead is, 0 to 100.";
    Notes "notes" "notes" Text "What colleagues wrote about the lead.";
    CreatedAt "createdAt" "created_at" Time "When the lead entered the list.";
    UpdatedAt "updatedAt" "updated_at" Time "When the lead was last changed.";
    Archived "archived" "archived" Flag "Whether the lead has been put away.";
    Origins "origins" "lead_origin" Linked "Through which channels, when and by whom the lead came to be known, oldest first.";
    Relationships "relationships" "lead_relationship" Linked "The colleagues and brand accounts that the lead knows.";
}

impl Field {
    /// Its number in access records.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Those whose values are rows of other tables.
    pub fn linked() -> FieldSet {
        Self::ALL[Self::STORED.len()..].iter().copied().collect()
    }

    /// The field with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The field with this GraphQL name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

/// A set of fields: bit *n* is the field with number *n*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSet(pub u32);

impl FieldSet {
    /// No field.
    pub const EMPTY: Self = Self(0);

    /// Whether `field` is in the set.
    pub const fn contains(self, field: Field) -> bool {
        self.0 >> field.number() & 1 == 1
    }

    /// Puts `field` into the set.
    pub fn insert(&mut self, field: Field) {
        self.0 |= 1 << field.number();
    }

    /// In either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In this but not in `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its fields by rising number.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.contains(*field))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<T: IntoIterator<Item = Field>>(fields: T) -> Self {
        let mut set = Self::EMPTY;
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

/// One row of the lead table as the database answered it, borrowed while the row is under the cursor.
///
/// A field that no window of the caller opens on this row is already NULL here.
pub trait LeadRow {
    /// The lead's id.
    fn id(&self) -> Id;
    /// Bit *i* is set when window *i* of the scope opens this row.
    fn windows(&self) -> u32;
    /// Its own marking: the level's number and the compartments' bits.
    fn marking(&self) -> (u8, u64);
    /// Counts its changes; for `expectedVersion`.
    fn version(&self) -> i64;
    /// The text of a selected text or list field.
    fn text(&self, field: Field) -> Option<&str>;
    /// The number of a selected field of any other type.
    fn integer(&self, field: Field) -> Option<i64>;
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeadValue {
    /// Of a text field, or of a list field with one item to a line.
    Text(String),
    /// Of a field of any other type.
    Integer(i64),
}

/// Values of some fields: what a new lead holds, or what a change sets (`None` empties the field).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadValues(pub BTreeMap<Field, Option<LeadValue>>);

impl LeadValues {
    /// Sets a text or list; blank text is no value.
    pub fn set_text(&mut self, field: Field, text: impl Into<String>) {
        let text = text.into();
        self.0.insert(field, if text.trim().is_empty() { None } else { Some(LeadValue::Text(text)) });
    }

    /// Sets a number.
    pub fn set_integer(&mut self, field: Field, number: i64) {
        self.0.insert(field, Some(LeadValue::Integer(number)));
    }

    /// The text of a field, if it has one.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.0.get(&field) {
            Some(Some(LeadValue::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// The number of a field, if it has one.
    pub fn integer(&self, field: Field) -> Option<i64> {
        match self.0.get(&field) {
            Some(Some(LeadValue::Integer(number))) => Some(*number),
            _ => None,
        }
    }

    /// The fields that are set or emptied.
    pub fn fields(&self) -> FieldSet {
        self.0.keys().copied().collect()
    }
}

/// A lead taken out of the database whole, with the windows that open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadRecord {
    /// Its id.
    pub id: Id,
    /// Counts its changes.
    pub version: i64,
    /// Number of its level.
    pub level: u8,
    /// Bits of its compartments.
    pub compartments: u64,
    /// Bit *i* is set when window *i* of the scope opens it.
    pub windows: u32,
    /// Its values.
    pub values: LeadValues,
}

impl LeadRow for LeadRecord {
    fn id(&self) -> Id {
        self.id
    }

    fn windows(&self) -> u32 {
        self.windows
    }

    fn marking(&self) -> (u8, u64) {
        (self.level, self.compartments)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.values.text(field)
    }

    fn integer(&self, field: Field) -> Option<i64> {
        self.values.integer(field)
    }
}
