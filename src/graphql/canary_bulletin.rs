//! The bulletins of the trap, for its keeper.

use async_graphql::{ComplexObject, Context, InputObject, Object, Result, SimpleObject, Subscription};
use futures_util::{Stream, stream};

use super::{
    account::AccountReference,
    canary_touch::CanaryTouch,
    delivery::Delivery,
    error::{Outward, op},
    live,
    scalar::DateTime,
};
use crate::{
    app::canaries::{self, Bulletin},
    domain::{Timestamp, clock::DAY},
};

/// What was noticed of canaries from one bulletin to the next. There is one for every day, whether there is something in it or not.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct CanaryBulletin {
    /// The day, by its first moment (UTC).
    day: DateTime,
    /// When it was made: at the hour `canaries.keeper.hour`, or when a server ran again.
    made_at: DateTime,
    /// When a keeper acknowledged it; null as long as nobody has.
    acknowledged_at: Option<DateTime>,
    #[graphql(skip)]
    whole: Bulletin,
}

#[ComplexObject]
impl CanaryBulletin {
    /// What was done with canaries, the oldest first. The record of asking does not say how much.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn touches(&self, ctx: &Context<'_>) -> Result<Vec<CanaryTouch>> {
        let op = op(ctx);
        let told = canaries::told(op, self.whole.day).await.outward(op)?;
        Ok(told.into_iter().map(|view| CanaryTouch::of(op, view)).collect())
    }

    /// How it left the house, by each channel under `canaries.keeper` that was set when it was made.
    #[graphql(complexity = "10 + child_complexity")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>> {
        let op = op(ctx);
        let found = canaries::bulletin_deliveries(op, self.whole.day).await.outward(op)?;
        Ok(found.into_iter().map(Delivery::from).collect())
    }

    /// Who acknowledged it; with `acknowledgedAt`, null is the operator, on the command line.
    async fn acknowledged_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.acknowledged?.1.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl From<Bulletin> for CanaryBulletin {
    fn from(whole: Bulletin) -> Self {
        Self {
            day: DateTime(Timestamp(whole.day * DAY)),
            made_at: DateTime(whole.made_at),
            acknowledged_at: whole.acknowledged.map(|(at, _)| DateTime(at)),
            whole,
        }
    }
}

/// Bulletins, the newest first.
#[derive(SimpleObject)]
pub struct CanaryBulletins {
    /// The page.
    nodes: Vec<CanaryBulletin>,
    /// How many there are on all pages.
    total_count: u64,
}

/// Which bulletin.
#[derive(Debug, InputObject)]
pub struct CanaryBulletinInput {
    /// Any moment of its day.
    day: DateTime,
}

/// A bulletin as it is now.
#[derive(Debug, SimpleObject)]
pub struct CanaryBulletinPayload {
    /// The bulletin.
    bulletin: CanaryBulletin,
}

/// Queries about bulletins.
#[derive(Debug, Default)]
pub struct BulletinQuery;

#[Object]
impl BulletinQuery {
    /// What was noticed of canaries, day by day. Needs `TRAP_KEEP`.
    #[graphql(complexity = "10 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn canary_bulletins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 500.", default = 30)] first: i32,
        #[graphql(desc = "Leave out so many of the newest.", default)] skip: u64,
    ) -> Result<Option<CanaryBulletins>> {
        let op = op(ctx);
        let first = usize::try_from(first).unwrap_or(0);
        let found = canaries::bulletins(op, skip, first).await.outward(op)?;
        let total_count = canaries::count_bulletins(op).await.outward(op)?;
        Ok(Some(CanaryBulletins { nodes: found.into_iter().map(CanaryBulletin::from).collect(), total_count }))
    }
}

/// Changes of bulletins.
#[derive(Debug, Default)]
pub struct BulletinMutation;

#[Object]
impl BulletinMutation {
    /// Says that a keeper has seen to a bulletin. Auditors read that it was acknowledged: acknowledge the empty ones as well. Needs
    /// `TRAP_KEEP`.
    async fn acknowledge_canary_bulletin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CanaryBulletinInput,
    ) -> Result<Option<CanaryBulletinPayload>> {
        let op = op(ctx);
        let bulletin = canaries::acknowledge_bulletin(op, input.day.0.day()).await.outward(op)?;
        Ok(Some(CanaryBulletinPayload { bulletin: bulletin.into() }))
    }

    /// Sends a bulletin again through the channels that have given it up; `CONFLICT` if none has. Needs `TRAP_KEEP`.
    async fn resend_canary_bulletin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CanaryBulletinInput,
    ) -> Result<Option<CanaryBulletinPayload>> {
        let op = op(ctx);
        let bulletin = canaries::resend_bulletin(op, input.day.0.day()).await.outward(op)?;
        Ok(Some(CanaryBulletinPayload { bulletin: bulletin.into() }))
    }
}

/// Subscriptions to bulletins.
#[derive(Debug, Default)]
pub struct BulletinSubscription;

#[Subscription]
impl BulletinSubscription {
    /// Bulletins as they are made, one in an event: one every day, whether there is something in it or not, so that the record of
    /// telling it tells nothing. Needs `TRAP_KEEP`, anew for every event.
    #[graphql(complexity = "10 + child_complexity")]
    async fn new_canary_bulletins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Begin behind this day, of `canaryBulletins` or of an event, instead of now.")] after: Option<DateTime>,
    ) -> Result<impl Stream<Item = Option<CanaryBulletin>>> {
        let (op, step) = (op(ctx), live::step(ctx)?);
        let last = canaries::last_bulletin(op).await.outward(op)?;
        let Some(from) = step.from else {
            let from = after.map_or(last, |after| after.0.day()).max(0);
            step.reach(from as u64, from < last);
            return Ok(stream::iter(None));
        };
        let Some(next) = canaries::next_bulletin(op, from as i64).await.outward(op)? else {
            step.reach(from, false);
            return Ok(stream::iter(None));
        };
        step.reach(next.day as u64, next.day < last);
        Ok(stream::iter(Some(Some(next.into()))))
    }
}
