//! The custody report: which leads the company can show it holds on its own, which exist through a personal network only,
//! and who alone knows them. It counts through the asker's windows; a lead whose origins are not clear counts apart.

use std::collections::BTreeMap;

use super::{
    Error, Op,
    leads::{admit, note_grants, require_clear},
};
use crate::{
    domain::{Colleague, Custody, Field, FieldSet, Id, LeadQuery, Origin, Relationship, Strength, Timestamp},
    policy::{LeadScope, Marking, Permission, Refusal},
    store::leads::HeldLead,
};

/// Most months of a trend.
pub const MONTHS: u32 = 120;

/// What to report on.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Which leads.
    pub query: LeadQuery,
    /// The date in question; `None` is now.
    pub as_of: Option<Timestamp>,
    /// How many months the trend goes back.
    pub months: u32,
    /// Whether deal values are added up; then some window must show them in clear.
    pub with_value: bool,
}

/// A number of leads, and what their deals add up to in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub leads: u64,
    /// Sum of deal values.
    pub value: i64,
}

/// What hangs on one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnPerson {
    /// Leads that came through their personal profiles alone.
    pub only_through: Tally,
    /// Leads that know nobody else of the company.
    pub only_known_to: Tally,
}

/// A month of the trend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// As `2026-11`.
    pub month: String,
    /// The moment that is looked at: its end, or the date in question.
    pub at: Timestamp,
    /// Leads by strength as of then; those of which nothing was noted yet are left out.
    pub leads: BTreeMap<Strength, u64>,
}

/// Who alone stands to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// A person.
    Person(Id),
    /// A brand account, or nobody at all.
    Nobody,
}

/// A lead to look after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The lead.
    pub id: Id,
    /// `None` if its origins are not clear.
    pub strength: Option<Strength>,
    /// Who alone knows it by its origins.
    pub only_by: Option<Id>,
    /// Who alone stands to it, if somebody does and that can be seen.
    pub single: Option<Alone>,
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The date in question.
    pub as_of: Timestamp,
    /// Whether deal values are added up.
    pub with_value: bool,
    /// Every lead counted.
    pub all: Tally,
    /// By strength; `None` are those whose origins are not clear.
    pub by_strength: BTreeMap<Option<Strength>, Tally>,
    /// Leads that know one person or account, or nobody; `None` if no window shows relationships and owner.
    pub single: Option<Tally>,
    /// By person.
    pub people: BTreeMap<Id, OnPerson>,
    /// Month by month, the latest last.
    pub trend: Vec<Month>,
    /// Every lead, by rising id.
    pub leads: Vec<Listed>,
    marking: Marking,
}

impl Tally {
    fn add(&mut self, lead: &HeldLead) {
        self.leads += 1;
        self.value = self.value.saturating_add(lead.value);
    }
}

/// Makes the report. Needs `CUSTODY_READ` with windows onto leads.
pub async fn report(op: &Op, request: Request) -> Result<Report, Error> {
    let scope = op.rights.leads(Permission::CustodyRead)?.with(Permission::LeadRead);
    if scope.windows().is_empty() {
        return Err(Refusal::forbidden("None of your roles opens a window onto leads to report on.").into());
    }
    let as_of = request.as_of.unwrap_or(op.at);
    if as_of > op.at || request.months > MONTHS {
        return Err(Refusal::bad_input(format!("The date in question has passed, and a trend goes back {MONTHS} months at most.")).into());
    }
    let mut decisive: FieldSet = [Field::Origins].into_iter().collect();
    if request.with_value {
        decisive.insert(Field::DealValue);
    }
    require_clear(&scope, decisive)?;
    let related = scope.clear_in(Field::Relationships) != 0 && scope.clear_in(Field::Owner) != 0;
    if related {
        decisive = decisive.union([Field::Relationships, Field::Owner].into_iter().collect());
    }
    note_grants(op, &scope);
    let query = admit(op, &scope, request.query)?;
    let report = Report {
        as_of,
        with_value: request.with_value,
        all: Tally::default(),
        by_strength: BTreeMap::new(),
        single: related.then(Tally::default),
        people: BTreeMap::new(),
        trend: months(as_of, request.months),
        leads: Vec::new(),
        marking: Marking::PUBLIC,
    };
    let (windows, with_value) = (scope.clone(), request.with_value);
    let count = move |report: &mut Report, lead: HeldLead| {
        report.count(&windows, HeldLead { value: if with_value { lead.value } else { 0 }, ..lead });
    };
    let report = op.core.store.held_leads(&scope, &query, report, count).await?;
    let mut trace = op.trace();
    trace.used.group = trace.used.group.union(decisive);
    trace.rows += report.by_strength.len() as u64;
    trace.marking = trace.marking.join(report.marking).join(scope.marking_of(decisive, FieldSet::EMPTY));
    drop(trace);
    Ok(report)
}

impl Report {
    fn count(&mut self, scope: &LeadScope, lead: HeldLead) {
        let clear = scope.cells(lead.windows).0;
        self.marking = self.marking.join(lead.marking);
        self.all.add(&lead);
        let origins = clear.contains(Field::Origins).then(|| Origin::all(&lead.origins));
        let custody = origins.as_ref().map(|origins| Custody::of(origins, self.as_of));
        let strength = custody.as_ref().map(|custody| custody.strength);
        self.by_strength.entry(strength).or_default().add(&lead);
        let only_by = custody.and_then(|custody| custody.only_by);
        if let Some(person) = only_by {
            self.people.entry(person).or_default().only_through.add(&lead);
        }
        let seen = clear.contains(Field::Relationships) && clear.contains(Field::Owner);
        let single = seen.then(|| alone(&lead, self.as_of)).flatten();
        if let Some(whom) = single {
            self.single.get_or_insert_default().add(&lead);
            if let Alone::Person(person) = whom {
                self.people.entry(person).or_default().only_known_to.add(&lead);
            }
        }
        for month in &mut self.trend {
            let noted = origins.iter().flatten().any(|origin| origin.recorded_at <= month.at);
            if let Some(origins) = origins.as_ref().filter(|_| noted) {
                *month.leads.entry(Custody::of(origins, month.at).strength).or_default() += 1;
            }
        }
        self.leads.push(Listed { id: lead.id, strength, only_by, single });
    }
}

/// Who alone stands to the lead; `None` if there are several.
fn alone(lead: &HeldLead, as_of: Timestamp) -> Option<Alone> {
    let noted = Relationship::all(&lead.relationships);
    let mut others = noted.iter().filter(|one| one.since <= as_of && lead.owner != Some(one.with.id()));
    match (lead.owner, others.next(), others.next()) {
        (Some(owner), None, _) => Some(Alone::Person(owner)),
        (None, None, _) => Some(Alone::Nobody),
        (None, Some(one), None) => Some(match one.with {
            Colleague::Person(person) => Alone::Person(person),
            Colleague::Account(_) => Alone::Nobody,
        }),
        _ => None,
    }
}

/// The last months up to the one of `as_of`, which ends there.
fn months(as_of: Timestamp, count: u32) -> Vec<Month> {
    let text = as_of.to_string();
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<i64>().ok()).unwrap_or_default();
    let latest = number(text.get(..4)) * 12 + number(text.get(5..7)) - 1;
    let begins = |month: i64| Timestamp::parse(&format!("{:04}-{:02}-01T00:00:00Z", month.div_euclid(12), month.rem_euclid(12) + 1));
    let month = |month: i64| {
        let end = begins(month + 1)?.0 - 1;
        let name = format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
        Some(Month { month: name, at: Timestamp(end.min(as_of.0)), leads: BTreeMap::new() })
    };
    (latest + 1 - i64::from(count)..=latest).filter_map(month).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_at_their_end_and_the_last_at_the_date_in_question() {
        let told = months(Timestamp::parse("2026-01-15T12:00:00Z").unwrap(), 3);
        let told: Vec<_> = told.into_iter().map(|month| (month.month, month.at.to_string())).collect();
        let wanted =
            [("2025-11", "2025-11-30T23:59:59.999999Z"), ("2025-12", "2025-12-31T23:59:59.999999Z"), ("2026-01", "2026-01-15T12:00:00Z")];
        assert_eq!(told, wanted.map(|(month, at)| (month.to_owned(), at.to_owned())));
        assert_eq!(months(Timestamp(0), 0), []);
    }
}
