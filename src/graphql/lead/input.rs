//! What callers ask of the lead list: filters, order.

use async_graphql::{Enum, ID, InputObject};

use crate::{
    domain::{Field, Filter, KeyKind, LeadValue, Order, Test, normal},
    graphql::scalar::{self, DateTime},
    policy::Refusal,
};

/// How a field is shown that is not shown as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RedactionDisposition {
    /// Its shape only.
    Masked,
    /// As null.
    Hidden,
}

/// Tests of a text. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TextFilter {
    /// Exactly this.
    eq: Option<String>,
    /// One of these.
    #[graphql(name = "in")]
    any_of: Option<Vec<String>>,
    /// Begins with this, letter case included.
    prefix: Option<String>,
    /// Whether there is no value to see.
    is_null: Option<bool>,
}

/// Tests of an id. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IdFilter {
    /// Exactly this.
    eq: Option<ID>,
    /// One of these.
    #[graphql(name = "in")]
    any_of: Option<Vec<ID>>,
    /// Whether there is no value to see.
    is_null: Option<bool>,
}

/// Tests of a list whose items are compared in normal form. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ListFilter {
    /// Has this item.
    has: Option<String>,
    /// Whether there is no value to see.
    is_null: Option<bool>,
}

/// Tests of a number. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IntFilter {
    /// Exactly this.
    eq: Option<i32>,
    /// At least.
    gte: Option<i32>,
    /// At most.
    lte: Option<i32>,
    /// Whether there is no value to see.
    is_null: Option<bool>,
}

/// Tests of an amount. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MoneyFilter {
    /// Exactly this.
    eq: Option<f64>,
    /// At least.
    gte: Option<f64>,
    /// At most.
    lte: Option<f64>,
    /// Whether there is no value to see.
    is_null: Option<bool>,
}

/// Tests of a time. All that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DateTimeFilter {
    /// At or after.
    gte: Option<DateTime>,
    /// At or before.
    lte: Option<DateTime>,
}

/// Which leads. All conditions that are given must hold; a field the caller does not see in clear on a lead passes no
/// test but `isNull: true`.
#[derive(Clone, Debug, Default, InputObject)]
pub struct LeadFilter {
    /// All of these.
    and: Option<Vec<LeadFilter>>,
    /// One of these at least.
    or: Option<Vec<LeadFilter>>,
    /// Not this.
    not: Option<Box<LeadFilter>>,
    /// The lead itself.
    id: Option<IdFilter>,
    /// Company.
    company: Option<TextFilter>,
    /// Line of business.
    industry: Option<TextFilter>,
    /// Country.
    country: Option<TextFilter>,
    /// Where the deal stands.
    stage: Option<TextFilter>,
    /// Channel.
    source: Option<TextFilter>,
    /// Last name.
    last_name: Option<TextFilter>,
    /// City.
    city: Option<TextFilter>,
    /// The person responsible.
    owner: Option<IdFilter>,
    /// The team.
    team: Option<IdFilter>,
    /// Labels.
    tags: Option<ListFilter>,
    /// The id in the system the lead came from.
    reference: Option<ListFilter>,
    /// E-mail addresses.
    emails: Option<ListFilter>,
    /// Telephone numbers.
    phones: Option<ListFilter>,
    /// Expected value of the deal.
    deal_value: Option<MoneyFilter>,
    /// How promising.
    score: Option<IntFilter>,
    /// When it entered the list.
    created_at: Option<DateTimeFilter>,
    /// When it was last changed.
    updated_at: Option<DateTimeFilter>,
    /// Whether it has been put away; without this, leads that have are left out.
    archived: Option<bool>,
}

/// What to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum LeadOrderField {
    /// When the lead entered the list.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// Company.
    Company,
    /// Last name.
    LastName,
    /// City.
    City,
    /// Country.
    Country,
    /// Where the deal stands.
    Stage,
    /// How promising.
    Score,
    /// Expected value of the deal.
    DealValue,
}

/// Direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Lowest or oldest first.
    Asc,
    /// Highest or newest first.
    Desc,
}

/// In which order. Leads with no value to see come last in either direction.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct LeadOrder {
    /// By which field.
    field: LeadOrderField,
    /// In which direction.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

impl From<LeadOrder> for Order {
    fn from(order: LeadOrder) -> Self {
        let field = match order.field {
            LeadOrderField::CreatedAt => Field::CreatedAt,
            LeadOrderField::UpdatedAt => Field::UpdatedAt,
            LeadOrderField::Company => Field::Company,
            LeadOrderField::LastName => Field::LastName,
            LeadOrderField::City => Field::City,
            LeadOrderField::Country => Field::Country,
            LeadOrderField::Stage => Field::Stage,
            LeadOrderField::Score => Field::Score,
            LeadOrderField::DealValue => Field::DealValue,
        };
        Self { field: Some(field), descending: order.direction == OrderDirection::Desc }
    }
}

/// How many tests and connectives a filter may have.
const LARGEST: usize = 500;

impl LeadFilter {
    /// The filter meant; refuses one that is too large.
    pub fn read(self) -> Result<Filter, Refusal> {
        let filter = self.translate();
        if filter.size() > LARGEST {
            return Err(Refusal::bad_input(format!("The filter has more than {LARGEST} tests; ask in several steps.")));
        }
        Ok(filter)
    }

    fn translate(self) -> Filter {
        let mut all = Vec::new();
        all.extend(self.and.map(|parts| Filter::All(parts.into_iter().map(Self::translate).collect())));
        all.extend(self.or.map(|parts| Filter::Any(parts.into_iter().map(Self::translate).collect())));
        all.extend(self.not.map(|part| Filter::Not(Box::new(part.translate()))));
        if let Some(id) = self.id {
            let known = |ids: Vec<ID>| Filter::Ids(ids.iter().filter_map(|id| id.parse().ok()).collect());
            all.extend(id.eq.map(|id| known(vec![id])));
            all.extend(id.any_of.map(known));
        }
        let texts = [
            (Field::Company, self.company),
            (Field::Industry, self.industry),
            (Field::Country, self.country),
            (Field::Stage, self.stage),
            (Field::Source, self.source),
            (Field::LastName, self.last_name),
            (Field::City, self.city),
        ];
        for (field, test) in texts {
            all.extend(test.into_iter().flat_map(TextFilter::tests).map(|test| Filter::Field(field, test)));
        }
        for (field, test) in [(Field::Owner, self.owner), (Field::Team, self.team)] {
            all.extend(test.into_iter().flat_map(IdFilter::tests).map(|test| Filter::Field(field, test)));
        }
        let lists =
            [(KeyKind::Tag, self.tags), (KeyKind::Reference, self.reference), (KeyKind::Email, self.emails), (KeyKind::Phone, self.phones)];
        for (kind, test) in lists {
            all.extend(test.into_iter().flat_map(|test| test.filters(kind)));
        }
        let numbers = [(Field::DealValue, self.deal_value.map(MoneyFilter::tests)), (Field::Score, self.score.map(IntFilter::tests))];
        for (field, tests) in numbers {
            all.extend(tests.into_iter().flatten().map(|test| Filter::Field(field, test)));
        }
        for (field, test) in [(Field::CreatedAt, self.created_at), (Field::UpdatedAt, self.updated_at)] {
            let bounds = test.map(|test| (test.gte, test.lte)).unwrap_or_default();
            all.extend(bounds.0.map(|least| Filter::Field(field, Test::AtLeast(LeadValue::Integer(least.0.0)))));
            all.extend(bounds.1.map(|most| Filter::Field(field, Test::AtMost(LeadValue::Integer(most.0.0)))));
        }
        all.extend(self.archived.map(|flag| Filter::Field(Field::Archived, Test::In(vec![LeadValue::Integer(flag.into())]))));
        if all.len() == 1 { all.remove(0) } else { Filter::All(all) }
    }
}

impl TextFilter {
    fn tests(self) -> Vec<Test> {
        let texts = |texts: Vec<String>| Test::In(texts.into_iter().map(LeadValue::Text).collect());
        let mut tests = Vec::new();
        tests.extend(self.eq.map(|text| texts(vec![text])));
        tests.extend(self.any_of.map(texts));
        tests.extend(self.prefix.map(Test::Prefix));
        tests.extend(self.is_null.map(Test::Empty));
        tests
    }
}

impl IdFilter {
    fn tests(self) -> Vec<Test> {
        let ids = |ids: Vec<ID>| Test::In(ids.iter().filter_map(|id| scalar::id(id).ok()).map(|id| LeadValue::Integer(id.0)).collect());
        let mut tests = Vec::new();
        tests.extend(self.eq.map(|id| ids(vec![id])));
        tests.extend(self.any_of.map(ids));
        tests.extend(self.is_null.map(Test::Empty));
        tests
    }
}

impl ListFilter {
    fn filters(self, kind: KeyKind) -> Vec<Filter> {
        // What has no normal form is in no list.
        let has =
            |item: String| normal::key(kind, &item).map_or(Filter::Any(Vec::new()), |key| Filter::Field(kind.field(), Test::Has(key)));
        let mut filters = Vec::new();
        filters.extend(self.has.map(has));
        filters.extend(self.is_null.map(|empty| Filter::Field(kind.field(), Test::Empty(empty))));
        filters
    }
}

impl IntFilter {
    fn tests(self) -> Vec<Test> {
        let number = |number: i32| LeadValue::Integer(number.into());
        bounds(self.eq.map(number), self.gte.map(number), self.lte.map(number), self.is_null)
    }
}

impl MoneyFilter {
    fn tests(self) -> Vec<Test> {
        let amount = |amount: f64| LeadValue::Integer(hundredths(amount));
        bounds(self.eq.map(amount), self.gte.map(amount), self.lte.map(amount), self.is_null)
    }
}

fn bounds(eq: Option<LeadValue>, gte: Option<LeadValue>, lte: Option<LeadValue>, is_null: Option<bool>) -> Vec<Test> {
    let mut tests = Vec::new();
    tests.extend(eq.map(|value| Test::In(vec![value])));
    tests.extend(gte.map(Test::AtLeast));
    tests.extend(lte.map(Test::AtMost));
    tests.extend(is_null.map(Test::Empty));
    tests
}

/// An amount in hundredths; out of range goes to the end of the range.
pub(super) fn hundredths(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}
