//! What somebody was shown.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject, connection::PageInfo};

use super::{
    access_record::names,
    account::AccountReference,
    error::{Outward, op},
    scalar::{self, DateTime, opaque},
};
use crate::{
    app::{
        Op,
        access_log::{self, Baseline, ShownLead},
    },
    audit::daily::Daily,
    domain::{Id, Timestamp, clock::DAY},
    policy::Refusal,
};

/// The query.
#[derive(Debug, Default)]
pub struct ExposureQuery;

/// What an account was shown in some days.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Exposure {
    /// Who.
    subject: AccountReference,
    /// The beginning of the first day.
    since: DateTime,
    /// The end of the last day.
    until: DateTime,
    /// Day by day; days without any record are left out.
    days: Vec<ExposureDay>,
    /// All days together.
    total: ExposureNumbers,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked and never as they are.
    masked: Vec<&'static str>,
    /// Internet addresses it went to, at most 64 a day.
    addresses: Vec<CountOf>,
    /// Those of them that did not occur in the days before.
    new_addresses: Vec<String>,
    /// Purpose codes that were declared.
    purposes: Vec<CountOf>,
    /// The same account in the days before: as many as these, at least 30.
    baseline: UsualDay,
    /// Other accounts that hold a role of this one's for the same team now, in the same days.
    peers: UsualDay,
    /// How many these are; more than 50 are not looked at.
    peer_count: usize,
    #[graphql(skip)]
    of: (Id, (i64, i64)),
}

/// A day of an account.
#[derive(SimpleObject)]
pub struct ExposureDay {
    /// Its beginning (UTC).
    day: DateTime,
    /// Its numbers.
    #[graphql(flatten)]
    numbers: ExposureNumbers,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked and never as they are.
    masked: Vec<&'static str>,
}

/// What an account did and was shown.
#[derive(SimpleObject)]
pub struct ExposureNumbers {
    /// Records.
    records: u64,
    /// Of those, that showed leads otherwise than in a file.
    views: u64,
    /// Leads so shown, each as often as it was.
    leads: u64,
    /// Files of leads.
    downloads: u64,
    /// Leads in files, each as often as it was.
    downloaded_leads: u64,
    /// Records that were denied.
    denied: u64,
    /// Records of operations outside of the working hours that are set, or on a Saturday or Sunday (UTC).
    off_hours: u64,
}

/// What a day comes to on average, of days with any record.
#[derive(SimpleObject)]
pub struct UsualDay {
    /// How many such days there were.
    days: u64,
    /// Operations that showed leads.
    views: f64,
    /// Leads shown.
    leads: f64,
    /// Leads in files.
    downloaded_leads: f64,
    /// Denials.
    denied: f64,
    /// Records off-hours.
    off_hours: f64,
}

/// How often something occurred.
#[derive(SimpleObject)]
pub struct CountOf {
    /// What.
    key: String,
    /// In how many records.
    records: u64,
}

/// Leads that somebody was shown, by id.
#[derive(SimpleObject)]
pub struct ExposedLeadConnection {
    /// The page's leads.
    nodes: Vec<ExposedLead>,
    /// Whether there are more; cursors are ids.
    page_info: PageInfo,
    /// How many different leads there are on all pages.
    total_count: u64,
    /// Null if every record was looked at; else those that are older than the one with this index were not: ask for them with `before`.
    searched_back_to: Option<u64>,
}

/// How a lead was shown to somebody.
#[derive(SimpleObject)]
pub struct ExposedLead {
    /// The lead.
    lead: ID,
    /// In how many records.
    times: u64,
    /// In how many of them as part of a file.
    downloads: u64,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked and never as they are.
    masked: Vec<&'static str>,
    /// When first.
    first: DateTime,
    /// When last.
    last: DateTime,
}

#[Object]
impl ExposureQuery {
    /// Everything an account was shown, beside what is usual for it and for its peers. Needs `LOG_READ`; asking is recorded.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn exposure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A person or an app; what an app did on behalf of a person counts for both.")] subject: ID,
        #[graphql(desc = "From the day (UTC) that this falls in.")] since: DateTime,
        #[graphql(desc = "Up to the day (UTC) that this falls in, at most 366 days.")] until: DateTime,
    ) -> Result<Option<Exposure>> {
        let op = op(ctx);
        let subject = scalar::id(&subject).outward(op)?;
        let found = access_log::exposure(op, subject, since.0, until.0).await.outward(op)?;
        Ok(Some(Exposure::of(op, found)))
    }
}

impl Exposure {
    /// What was found, for people.
    pub(super) fn of(op: &Op, found: access_log::Exposure) -> Self {
        let shown = |daily: &Daily| {
            let (clear, masked) = daily.fields();
            (names(clear), names(masked.minus(clear)))
        };
        let (clear, masked) = shown(&found.total.sum);
        let counts = |counts: &std::collections::BTreeMap<String, u64>| {
            counts.iter().map(|(key, records)| CountOf { key: key.clone(), records: *records }).collect()
        };
        let day = |(day, daily, off): &(i64, Daily, u64)| {
            let (clear, masked) = shown(daily);
            ExposureDay { day: moment(*day), numbers: numbers(daily, *off), clear, masked }
        };
        Self {
            of: (found.subject, found.days),
            subject: AccountReference::of(op, found.subject),
            since: moment(found.days.0),
            until: moment(found.days.1),
            days: found.by_day.iter().map(day).collect(),
            total: numbers(&found.total.sum, found.total.off_hours),
            clear,
            masked,
            addresses: counts(&found.total.sum.addresses),
            new_addresses: found.new_addresses.into_iter().collect(),
            purposes: counts(&found.total.sum.purposes),
            baseline: found.before.into(),
            peers: found.peers.usual.into(),
            peer_count: found.peers.count,
        }
    }
}

#[ComplexObject]
impl Exposure {
    /// The leads, one by one, read from the records.
    #[graphql(complexity = "100 + usize::try_from(first).unwrap_or(0) * child_complexity / 10")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only records with an index below this, after `searchedBackTo`.")] before: Option<i64>,
    ) -> Result<Option<ExposedLeadConnection>> {
        let op = op(ctx);
        let first = usize::try_from(first).unwrap_or(0);
        let no_cursor = |_| Refusal::bad_input("`after` is no cursor of this list.");
        let after = after.as_deref().map(str::parse::<Id>).transpose().map_err(no_cursor).outward(op)?;
        let before = before.map(|before| before.max(0) as u64);
        let page = access_log::shown_leads(op, self.of.0, self.of.1, before, first, after).await.outward(op)?;
        let cursor = |shown: Option<&ShownLead>| shown.map(|shown| shown.lead.to_string());
        let page_info = PageInfo {
            has_previous_page: after.is_some(),
            has_next_page: page.more,
            start_cursor: cursor(page.leads.first()),
            end_cursor: cursor(page.leads.last()),
        };
        let node = |shown: ShownLead| ExposedLead {
            lead: opaque(shown.lead),
            times: shown.times,
            downloads: shown.downloads,
            clear: names(shown.clear),
            masked: names(shown.masked),
            first: DateTime(shown.first),
            last: DateTime(shown.last),
        };
        Ok(Some(ExposedLeadConnection {
            nodes: page.leads.into_iter().map(node).collect(),
            page_info,
            total_count: page.total,
            searched_back_to: page.cut_before,
        }))
    }
}

impl From<Baseline> for UsualDay {
    fn from(usual: Baseline) -> Self {
        let Baseline { active_days, views, leads, downloaded, denied, off_hours } = usual;
        Self { days: active_days, views, leads, downloaded_leads: downloaded, denied, off_hours }
    }
}

/// The numbers of an account.
pub(super) fn numbers(daily: &Daily, off_hours: u64) -> ExposureNumbers {
    ExposureNumbers {
        records: daily.records,
        views: daily.views,
        leads: daily.leads,
        downloads: daily.downloads,
        downloaded_leads: daily.downloaded,
        denied: daily.denied(),
        off_hours,
    }
}

/// The beginning of a day counted from 1970-01-01.
pub(super) const fn moment(day: i64) -> DateTime {
    DateTime(Timestamp(day * DAY))
}
