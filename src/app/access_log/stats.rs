//! The access log in numbers, for charts.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::now;
use crate::{
    app::{Error, Op},
    audit::{
        daily::Daily,
        index::DaysOf,
        record::{Counter, Decision, EVERYBODY, OPERATOR, OperationKind, STRANGERS},
    },
    domain::{
        Id, Timestamp,
        clock::{DAY, SECOND},
    },
    policy::{Permission, Refusal},
};

/// The longest time that is looked at (days).
const LONGEST: i64 = 3_660;
/// How many accounts, times days, are looked at one by one.
const MOST: i64 = 200_000;
/// About how many of those are looked at together.
const TOGETHER: i64 = 4_096;
/// How many numbers an answer holds at most.
const NUMBERS: usize = 5_000;

/// By what records are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
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
    /// By internet address.
    Address,
    /// By the hour of the day (UTC).
    Hour,
}

/// How long a step of the chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A day (UTC).
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// The whole time.
    All,
}

/// What to count.
#[derive(Clone, Copy, Debug)]
pub struct StatsQuery {
    /// Only records of this account.
    pub subject: Option<Id>,
    /// From the day that this falls in.
    pub since: Timestamp,
    /// Up to the day that this falls in.
    pub until: Timestamp,
    /// Counted apart by this.
    pub group_by: GroupBy,
    /// And by this.
    pub interval: Interval,
}

/// A number of the chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The beginning of the step.
    pub start: i64,
    /// The group; of accounts their id.
    pub key: Option<String>,
    /// Records.
    pub records: u64,
    /// Where records are not counted apart within an account: all numbers.
    pub daily: Option<Daily>,
}

/// Counts by days of the accounts, which are added up along the way; hours of a day are not kept apart from each other.
pub async fn stats(op: &Op, query: StatsQuery) -> Result<Vec<Stat>, Error> {
    op.rights.permit(Permission::LogRead)?;
    let (from, end) = (query.since.day(), query.until.day() + 1);
    if from >= end || end - from > LONGEST {
        return Err(Refusal::bad_input(format!("`since` lies before `until`, at most {LONGEST} days.")).into());
    }
    now(op).await?;
    let mut groups: BTreeMap<(i64, Option<String>), Stat> = BTreeMap::new();
    let counters = wanted(op, &query, end - from)?;
    for counters in counters.chunks(usize::try_from(TOGETHER / (end - from)).unwrap_or(0).max(1)) {
        let wanted: Vec<_> = counters.iter().map(|counter| DaysOf { counter: *counter, from, until: end, brief: false }).collect();
        let found = op.core.recorder.index().days(&wanted).await?;
        for (counter, day, daily) in
            counters.iter().zip(found).flat_map(|(counter, days)| days.into_iter().map(|(day, daily)| (*counter, day, daily)))
        {
            let start = step(query.interval, day, from);
            for (key, records) in keys(query.group_by, counter, &daily) {
                let stat = groups.entry((start, key.clone())).or_insert_with(|| Stat { start, key, ..Stat::default() });
                stat.records += records;
                if matches!(query.group_by, GroupBy::Nothing | GroupBy::Subject) {
                    stat.daily.get_or_insert_default().add(&daily);
                }
            }
        }
    }
    if groups.len() > NUMBERS {
        return Err(Refusal::bad_input(format!(
            "That comes to {} numbers, more than {NUMBERS}; ask for less time or longer steps.",
            groups.len()
        ))
        .into());
    }
    op.trace().rows += groups.len() as u64;
    Ok(groups.into_values().collect())
}

fn wanted(op: &Op, query: &StatsQuery, days: i64) -> Result<Vec<Counter>, Refusal> {
    if let Some(subject) = query.subject {
        let known = op.snapshot.accounts.contains_key(&subject);
        return if known { Ok(vec![subject.0]) } else { Err(Refusal::not_found()) };
    }
    if query.group_by != GroupBy::Subject {
        return Ok(vec![EVERYBODY]);
    }
    let accounts = op.snapshot.accounts.len() as i64 + 2;
    if accounts * days > MOST {
        return Err(Refusal::bad_input("There are too many accounts for so many days; ask for less time."));
    }
    Ok(op.snapshot.accounts.keys().map(|id| id.0).chain([OPERATOR, STRANGERS]).collect())
}

/// What a day counts for, and how much.
fn keys(by: GroupBy, counter: Counter, daily: &Daily) -> Vec<(Option<String>, u64)> {
    let named = |names: &BTreeMap<String, u64>| names.iter().map(|(name, count)| (Some(name.clone()), *count)).collect();
    let counted: Vec<(Option<String>, u64)> = match by {
        GroupBy::Nothing => vec![(None, daily.records)],
        GroupBy::Subject => vec![(Some(name(counter)), daily.records)],
        GroupBy::Decision => {
            Decision::ALL.iter().zip(daily.decisions).map(|(decision, count)| (Some(decision.name().into()), count)).collect()
        }
        GroupBy::Kind => OperationKind::ALL.iter().zip(daily.kinds).map(|(kind, count)| (Some(kind.name().into()), count)).collect(),
        GroupBy::Hour => daily.hours.iter().enumerate().map(|(hour, count)| (Some(format!("{hour:02}")), *count)).collect(),
        GroupBy::Code => named(&daily.codes),
        GroupBy::Purpose => named(&daily.purposes),
        GroupBy::Address => named(&daily.addresses),
    };
    counted.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn name(counter: Counter) -> String {
    match counter {
        OPERATOR => "OPERATOR".into(),
        STRANGERS => "ANONYMOUS".into(),
        id => Id(id).to_string(),
    }
}

/// The first day of the step that a day falls in.
fn step(interval: Interval, day: i64, from: i64) -> i64 {
    match interval {
        Interval::Day => day,
        // 1970-01-01 was a Thursday.
        Interval::Week => day - (day + 3).rem_euclid(7),
        Interval::Month => month(day).unwrap_or(day),
        Interval::All => from,
    }
}

fn month(day: i64) -> Option<i64> {
    let date = OffsetDateTime::from_unix_timestamp(day.checked_mul(DAY / SECOND)?).ok()?;
    Some(day + 1 - i64::from(date.day()))
}
