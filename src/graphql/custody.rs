//! Custody: the words of leads, and the report.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    lead::{Lead, LeadFilter},
    page::Asked,
    scalar::{self, DateTime, opaque},
};
use crate::{
    app::custody::{self, Alone, Listed, OnPerson, Tally},
    domain::{Id, LeadQuery, RelationshipRole, Strength},
    policy::Refusal,
};

/// How strong the company's own hold on a lead is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CustodyStrength", remote = "Strength")]
pub enum StrengthName {
    /// Nothing noted says whose the contact is.
    Unknown,
    /// It came through personal profiles only.
    Personal,
    /// It came through what a company and a person hold together.
    Shared,
    /// It came through a channel or an account of the company's own.
    Company,
}

/// How somebody stands to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "RelationshipRole", remote = "RelationshipRole")]
pub enum RelationshipRoleName {
    /// The person responsible for the lead.
    Owner,
    /// A colleague whom the lead knows, too.
    Second,
    /// An account of the company that the lead is connected with.
    Brand,
}

/// A number of leads, and what their deals add up to.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustodyTally {
    /// How many leads.
    leads: i64,
    /// What their deals add up to; null unless `withValue`.
    value: Option<f64>,
    /// Their part of the value of all leads reported on, 0 to 1; null unless `withValue`, or if that is nothing.
    share: Option<f64>,
}

/// Leads of one strength of custody.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustodyGroup {
    /// Their strength; null of those whose origins you do not see.
    strength: Option<StrengthName>,
    /// How many, and their value.
    tally: CustodyTally,
}

/// What hangs on one person.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustodyPerson {
    /// The person.
    person_id: ID,
    /// Their display name.
    name: Option<String>,
    /// Leads that came through their personal profiles alone.
    only_through: CustodyTally,
    /// Leads that know nobody else of the company; of leads whose owner and relationships you see.
    only_known_to: CustodyTally,
}

/// A month of the trend: leads of which something was noted by its end, by strength.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustodyMonth {
    /// As `2026-11`.
    month: String,
    /// The moment looked at: its end, or the date in question.
    at: DateTime,
    /// In the company's own custody.
    company: i64,
    /// Shared.
    shared: i64,
    /// Through personal profiles alone.
    personal: i64,
    /// Unknown.
    unknown: i64,
}

/// Which leads of a report to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CustodyList {
    /// In the company's own custody.
    Company,
    /// Shared.
    Shared,
    /// Through personal profiles alone.
    Personal,
    /// Unknown.
    Unknown,
    /// Known to one person or account, or to nobody.
    SingleRelationship,
}

/// How much of its own hold on its leads the company can show, as of a date.
#[derive(Debug)]
pub struct CustodyReport(custody::Report);

#[Object]
impl CustodyReport {
    /// The date in question. What was noted later does not count.
    async fn as_of(&self) -> DateTime {
        DateTime(self.0.as_of)
    }

    /// Every lead reported on.
    async fn all(&self) -> CustodyTally {
        self.tally(self.0.all)
    }

    /// By strength.
    async fn groups(&self) -> Vec<CustodyGroup> {
        let group =
            |(strength, tally): (&Option<Strength>, &Tally)| CustodyGroup { strength: strength.map(Into::into), tally: self.tally(*tally) };
        self.0.by_strength.iter().map(group).collect()
    }

    /// Leads that know one person or account of the company, or nobody; null if no window of yours shows relationships and
    /// owners.
    async fn single_relationship(&self) -> Option<CustodyTally> {
        self.0.single.map(|tally| self.tally(tally))
    }

    /// By person, those first on whom most hangs.
    async fn people(&self, ctx: &Context<'_>) -> Vec<CustodyPerson> {
        let op = op(ctx);
        let mut people: Vec<_> = self.0.people.iter().collect();
        people.sort_by_key(|(id, on)| (std::cmp::Reverse((on.only_through.leads, on.only_known_to.leads)), **id));
        let person = |(id, on): (&Id, &OnPerson)| CustodyPerson {
            person_id: opaque(*id),
            name: op.snapshot.name(*id).map(str::to_owned),
            only_through: self.tally(on.only_through),
            only_known_to: self.tally(on.only_known_to),
        };
        people.into_iter().map(person).collect()
    }

    /// Month by month, the latest last.
    async fn trend(&self) -> Vec<CustodyMonth> {
        let month = |month: &custody::Month| {
            let of = |strength| month.leads.get(&strength).copied().unwrap_or_default() as i64;
            CustodyMonth {
                month: month.month.clone(),
                at: DateTime(month.at),
                company: of(Strength::Company),
                shared: of(Strength::Shared),
                personal: of(Strength::Personal),
                unknown: of(Strength::Unknown),
            }
        };
        self.0.trend.iter().map(month).collect()
    }

    /// The leads themselves, by rising id, as your windows show them.
    #[graphql(complexity = "1 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] list: CustodyList,
        #[graphql(desc = "Only those that hang on this person alone.")] person_id: Option<ID>,
        #[graphql(desc = "How many.", default = 50)] first: i32,
        #[graphql(desc = "Only those behind this lead.")] after: Option<ID>,
    ) -> Result<Option<Vec<Option<Lead>>>> {
        let op = op(ctx);
        let asked = Asked::read(op, Some(first), after.as_ref().map(|id| id.as_str())).outward(op)?;
        let person = person_id.as_ref().map(scalar::id).transpose().outward(op)?;
        let strength = match list {
            CustodyList::Company => Some(Strength::Company),
            CustodyList::Shared => Some(Strength::Shared),
            CustodyList::Personal => Some(Strength::Personal),
            CustodyList::Unknown => Some(Strength::Unknown),
            CustodyList::SingleRelationship => None,
        };
        let wanted = |lead: &&Listed| match strength {
            Some(_) => lead.strength == strength && person.is_none_or(|person| lead.only_by == Some(person)),
            None => lead.single.is_some_and(|whom| person.is_none_or(|person| whom == Alone::Person(person))),
        };
        let behind = self.0.leads.iter().filter(|lead| asked.after.is_none_or(|after| lead.id > after));
        Ok(Some(behind.filter(wanted).take(asked.rows).map(|lead| Some(Lead::ById(lead.id))).collect()))
    }
}

impl CustodyReport {
    #[allow(clippy::cast_precision_loss, reason = "GraphQL has amounts as floating-point numbers")]
    fn tally(&self, tally: Tally) -> CustodyTally {
        let money = |hundredths: i64| hundredths as f64 / 100.0;
        let all = self.0.all.value;
        CustodyTally {
            leads: tally.leads as i64,
            value: self.0.with_value.then(|| money(tally.value)),
            share: (self.0.with_value && all != 0).then(|| money(tally.value) / money(all)),
        }
    }
}

/// Queries about custody.
#[derive(Debug, Default)]
pub struct CustodyQuery;

#[Object]
impl CustodyQuery {
    /// How much of its own hold on its leads the company can show: which it holds through channels and accounts of its own,
    /// which exist through personal networks only, and who alone knows them. Counts through your windows. Needs
    /// `CUSTODY_READ`, a window that shows `origins`, and for values one that shows `dealValue`.
    #[graphql(complexity = "200 + child_complexity")]
    async fn custody_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date in question; now unless given.")] as_of: Option<DateTime>,
        #[graphql(desc = "How many months the trend goes back.", default = 12)] months: i32,
        #[graphql(desc = "Whether deal values are added up.", default)] with_value: bool,
        #[graphql(desc = "Which leads.")] filter: Option<LeadFilter>,
    ) -> Result<Option<CustodyReport>> {
        let op = op(ctx);
        let filter = filter.map(LeadFilter::read).transpose().outward(op)?;
        let months = u32::try_from(months).map_err(|_| Refusal::bad_input("`months` is not negative.")).outward(op)?;
        let query = LeadQuery { filter, ..LeadQuery::default() };
        let request = custody::Request { query, as_of: as_of.map(|at| at.0), months, with_value };
        Ok(Some(CustodyReport(custody::report(op, request).await.outward(op)?)))
    }
}
