//! Alarms.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use futures_util::{Stream, stream};

use super::{
    account::AccountReference,
    delivery::Delivery,
    departure_report::ExportTaken,
    error::{Outward, op},
    live,
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    alarm::Rule,
    app::{Error, Op, alarms},
    domain::Id,
    policy::Refusal,
};

/// A rule over the access log that raises alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Rule", name = "AlarmRule")]
pub enum RuleName {
    /// Far more leads in a day than the account is used to.
    MoreThanUsual,
    /// An account is used again that nobody had used for long.
    DormantAccount,
    /// One person from two networks in turn, faster than anybody travels.
    TwoPlaces,
    /// One refusal after the other.
    DenialsInARow,
    /// Somebody leaves who took leads shortly before. Seen by those who run departures or read the log.
    ExportBeforeLeaving,
}

/// Something suspicious that a rule found in the access log: once for each rule, account and day.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Alarm {
    /// Opaque id.
    id: ID,
    /// Which rule.
    rule: RuleName,
    /// One sentence: what was found, and from where on the rule speaks.
    summary: String,
    /// What was found: leads, days, changes or refusals.
    found: u64,
    /// What it was measured against.
    against: u64,
    /// The place in the tree of the record that completed it: `accessRecord(index:)`.
    record: u64,
    /// When that operation began.
    at: DateTime,
    /// When the alarm was raised.
    raised_at: DateTime,
    /// When somebody acknowledged it; null as long as nobody has.
    acknowledged_at: Option<DateTime>,
    /// What they noted.
    note: Option<String>,
    #[graphql(skip)]
    whole: alarms::Alarm,
}

#[ComplexObject]
impl Alarm {
    /// The person or app it is about.
    async fn subject(&self, ctx: &Context<'_>) -> AccountReference {
        AccountReference::of(op(ctx), self.whole.finding.subject)
    }

    /// Of `EXPORT_BEFORE_LEAVING`, the files that left in those days, the latest last, at most 1000; of other rules none.
    #[graphql(complexity = "100 + child_complexity")]
    async fn exports(&self, ctx: &Context<'_>) -> Result<Vec<ExportTaken>> {
        let op = op(ctx);
        Ok(alarms::files(op, &self.whole).await.outward(op)?.into_iter().map(ExportTaken::from).collect())
    }

    /// How it left the house, by each channel that was set when it was raised.
    #[graphql(complexity = "10 + child_complexity")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>> {
        let op = op(ctx);
        Ok(alarms::deliveries(op, self.whole.id).await.outward(op)?.into_iter().map(Delivery::from).collect())
    }

    /// Who acknowledged it; with `acknowledgedAt`, null is the operator, on the command line.
    async fn acknowledged_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.acknowledged.as_ref()?.1.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl Alarm {
    const fn cursor(&self) -> Id {
        self.whole.id
    }
}

impl From<alarms::Alarm> for Alarm {
    fn from(alarm: alarms::Alarm) -> Self {
        let alarms::Finding { rule, place, at, found, against, .. } = alarm.finding;
        Self {
            id: opaque(alarm.id),
            rule: rule.into(),
            summary: rule.summary(found, against),
            found,
            against,
            record: place,
            at: DateTime(at),
            raised_at: DateTime(alarm.raised_at),
            acknowledged_at: alarm.acknowledged.as_ref().map(|(at, ..)| DateTime(*at)),
            note: alarm.acknowledged.as_ref().and_then(|(.., note)| note.clone()),
            whole: alarm,
        }
    }
}

/// Which alarms; all conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AlarmFilter {
    /// Of this rule.
    rule: Option<RuleName>,
    /// About this person or app.
    subject: Option<ID>,
    /// Acknowledged ones, or those that are not.
    acknowledged: Option<bool>,
    /// Those that a channel has given up to deliver, or the others.
    undelivered: Option<bool>,
}

impl AlarmFilter {
    fn read(self) -> std::result::Result<alarms::AlarmFilter, Refusal> {
        let subject = self.subject.as_ref().map(id).transpose()?;
        Ok(alarms::AlarmFilter {
            rule: self.rule.map(Rule::from),
            subject,
            acknowledged: self.acknowledged,
            undelivered: self.undelivered,
            without: None,
        })
    }
}

connection!(
    AlarmConnection "Alarms in the order in which they were raised.",
    AlarmEdge "An alarm and its place in the list.",
    Alarm,
    alarms::AlarmFilter,
    count
);

async fn count(op: &Op, filter: &alarms::AlarmFilter) -> std::result::Result<u64, Error> {
    alarms::count(op, *filter).await
}

/// Which alarm somebody has seen to.
#[derive(Debug, InputObject)]
pub struct AcknowledgeAlarmInput {
    /// Which.
    id: ID,
    /// What came of it: 1 to 500 characters.
    note: Option<String>,
}

/// Which alarm is to be sent again.
#[derive(Debug, InputObject)]
pub struct ResendAlarmInput {
    /// Which.
    id: ID,
}

/// An alarm as it is now.
#[derive(Debug, SimpleObject)]
pub struct AlarmPayload {
    /// The alarm.
    alarm: Alarm,
}

/// Queries about alarms.
#[derive(Debug, Default)]
pub struct AlarmQuery;

#[Object]
impl AlarmQuery {
    /// The alarms, those of the past too. Needs `ALARM_HANDLE`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn alarms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<AlarmFilter>,
        #[graphql(desc = "How many rows at most, 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<Option<AlarmConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = filter.unwrap_or_default().read().outward(op)?;
        let found = alarms::list(op, filter, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(AlarmConnection::new(asked, filter, found.into_iter().map(Alarm::from))))
    }
}

/// Changes of alarms.
#[derive(Debug, Default)]
pub struct AlarmMutation;

#[Object]
impl AlarmMutation {
    /// Says that one has seen to an alarm. Nobody acknowledges one about themselves. Needs `ALARM_HANDLE`.
    async fn acknowledge_alarm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what came of it.")] input: AcknowledgeAlarmInput,
    ) -> Result<Option<AlarmPayload>> {
        let op = op(ctx);
        let which = id(&input.id).outward(op)?;
        let alarm = alarms::acknowledge(op, which, input.note.as_deref()).await.outward(op)?;
        Ok(Some(AlarmPayload { alarm: alarm.into() }))
    }

    /// Sends an alarm again through the channels that have given it up; `CONFLICT` if none has. Needs `ALARM_HANDLE`.
    async fn resend_alarm(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: ResendAlarmInput) -> Result<Option<AlarmPayload>> {
        let op = op(ctx);
        let which = id(&input.id).outward(op)?;
        let alarm = alarms::resend(op, which).await.outward(op)?;
        Ok(Some(AlarmPayload { alarm: alarm.into() }))
    }
}

/// Subscriptions to alarms.
#[derive(Debug, Default)]
pub struct AlarmSubscription;

#[Subscription]
impl AlarmSubscription {
    /// Alarms as they are raised, the oldest first. Needs `ALARM_HANDLE`, anew for every event.
    ///
    /// An event is a page of one or more alarms. Nothing is lost to whoever comes back: subscribe again with the last `endCursor` as
    /// `after`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn new_alarms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<AlarmFilter>,
        #[graphql(desc = "How many in one event at most, 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Begin behind this cursor of `alarms` or of an event instead of now.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Option<AlarmConnection>>> {
        let (op, step) = (op(ctx), live::step(ctx)?);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = filter.unwrap_or_default().read().outward(op)?;
        let last = alarms::last(op).await.outward(op)?;
        let Some(from) = step.from else {
            let from = asked.after.unwrap_or(last);
            step.reach(from.0.max(0) as u64, from < last);
            return Ok(stream::iter(None));
        };
        let behind = Id(from as i64);
        if behind >= last {
            step.reach(from, false);
            return Ok(stream::iter(None));
        }
        let found = alarms::list(op, filter, Some(behind), asked.fetch() as u64).await.outward(op)?;
        let more = found.len() > asked.rows;
        // More may have been raised since the last one was looked up.
        let shown = found.get(asked.rows - 1).or(found.last()).map(|alarm| alarm.id);
        let next = if more { shown.unwrap_or(last) } else { shown.map_or(last, |shown| shown.max(last)) };
        step.reach(next.0 as u64, more);
        let asked = Asked { after: Some(behind), ..asked };
        let event = (!found.is_empty()).then(|| Some(AlarmConnection::new(asked, filter, found.into_iter().map(Alarm::from))));
        Ok(stream::iter(event))
    }
}
