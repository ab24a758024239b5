//! What was done with canaries, for the trap's keeper.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    canary::{Canary, canary},
    error::{Outward, op},
    scalar::{DateTime, opaque},
};
use crate::{
    app::{
        Op,
        canaries::{self, TouchView},
    },
    domain::TouchKind,
};

/// What was done with a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CanaryTouchKind", remote = "TouchKind")]
pub enum TouchKindName {
    /// Asked for by its id, by somebody who was never shown it: they have the id from elsewhere.
    LookedFor,
    /// Put in as a lead of their own, by somebody who has its address from elsewhere.
    HandedOn,
    /// Found by its contact data together with others, and no other lead with them: they look for what they know of the trap.
    SoughtOut,
}

/// Something that was done with a canary.
#[derive(Clone, SimpleObject)]
pub struct CanaryTouch {
    /// What.
    kind: TouchKindName,
    /// With which lead: the canary, or the copy of one that cannot be told any more.
    lead_id: ID,
    /// The canary; null of such a copy.
    canary: Option<Canary>,
    /// By whom.
    by: AccountReference,
    /// The place in the tree of the record that says so.
    record: u64,
    /// When that operation began.
    at: DateTime,
    /// When it was noticed.
    noticed_at: DateTime,
}

/// What was done with canaries, the oldest first.
#[derive(SimpleObject)]
pub struct CanaryTouches {
    /// The page.
    nodes: Vec<CanaryTouch>,
    /// How many there are on all pages.
    total_count: u64,
}

impl CanaryTouch {
    pub(super) fn of(op: &Op, view: TouchView) -> Self {
        let TouchView { touch, canary: of } = view;
        Self {
            kind: touch.kind.into(),
            lead_id: opaque(touch.lead),
            canary: of.map(|view| canary(op, view)),
            by: AccountReference::of(op, touch.by),
            record: touch.place,
            at: DateTime(touch.at),
            noticed_at: DateTime(touch.noticed_at),
        }
    }
}

/// Queries about what was done with canaries.
#[derive(Debug, Default)]
pub struct CanaryTouchQuery;

#[Object]
impl CanaryTouchQuery {
    /// What was done with canaries that nobody does who only works with leads, the oldest first, from the second after it was done. Needs
    /// `TRAP_KEEP`; nobody else hears of it, by no alarm and by no record. Asking is recorded; neither what was answered nor how much.
    #[graphql(complexity = "10 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn canary_touches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Leave out so many of the oldest.", default)] skip: u64,
    ) -> Result<Option<CanaryTouches>> {
        let op = op(ctx);
        let first = usize::try_from(first).unwrap_or(0);
        let found = canaries::touches(op, skip, first).await.outward(op)?;
        let total_count = canaries::count_touches(op).await.outward(op)?;
        Ok(Some(CanaryTouches { nodes: found.into_iter().map(|view| CanaryTouch::of(op, view)).collect(), total_count }))
    }
}
