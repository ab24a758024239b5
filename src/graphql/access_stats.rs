//! The access log in numbers.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    exposure::moment,
    scalar::{self, DateTime},
};
use crate::app::access_log::{self, GroupBy, Interval, Stat, StatsQuery};

/// The query.
#[derive(Debug, Default)]
pub struct AccessStatsQuery;

/// By what access records are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "GroupBy")]
pub enum AccessStatsGroup {
    /// Not at all.
    Nothing,
    /// By the account; records of an app on behalf of a person count for both.
    Subject,
    /// By how they ended.
    Decision,
    /// By the code of their first error.
    Code,
    /// By the kind of operation.
    Kind,
    /// By the purpose that was declared.
    Purpose,
    /// By internet address, at most 64 a day and account.
    Address,
    /// By the hour of the day (UTC).
    Hour,
}

/// How long a step of the chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Interval")]
pub enum AccessStatsInterval {
    /// A day (UTC).
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// The whole time.
    All,
}

/// A number of a chart.
#[derive(SimpleObject)]
pub struct AccessStat {
    /// The beginning of the step.
    start: DateTime,
    /// The group: of accounts the id, or `OPERATOR` or `ANONYMOUS`.
    key: Option<String>,
    /// Records.
    records: u64,
    /// Operations that showed leads; null if records are grouped by something else than the account.
    views: Option<u64>,
    /// Leads so shown, each as often as it was.
    leads: Option<u64>,
    /// Leads in files, each as often as it was.
    downloaded_leads: Option<u64>,
    /// Records that were denied.
    denied: Option<u64>,
}

#[Object]
impl AccessStatsQuery {
    /// How many records there are by time and group, for charts; at most 5,000 numbers. Needs `LOG_READ`; asking is recorded.
    #[graphql(complexity = "100 + 20 * child_complexity")]
    async fn access_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Counted apart by this.")] group_by: AccessStatsGroup,
        #[graphql(desc = "In steps of this length.")] interval: AccessStatsInterval,
        #[graphql(desc = "From the day (UTC) that this falls in.")] since: DateTime,
        #[graphql(desc = "Up to the day (UTC) that this falls in.")] until: DateTime,
        #[graphql(desc = "Only records of this account.")] subject: Option<ID>,
    ) -> Result<Option<Vec<AccessStat>>> {
        let op = op(ctx);
        let subject = subject.as_ref().map(scalar::id).transpose().outward(op)?;
        let query = StatsQuery { subject, since: since.0, until: until.0, group_by: group_by.into(), interval: interval.into() };
        let stat = |stat: Stat| AccessStat {
            start: moment(stat.start),
            key: stat.key,
            records: stat.records,
            views: stat.daily.as_ref().map(|daily| daily.views),
            leads: stat.daily.as_ref().map(|daily| daily.leads),
            downloaded_leads: stat.daily.as_ref().map(|daily| daily.downloaded),
            denied: stat.daily.as_ref().map(crate::audit::daily::Daily::denied),
        };
        Ok(Some(access_log::stats(op, query).await.outward(op)?.into_iter().map(stat).collect()))
    }
}
