//! What was done with canaries, for the trap's keeper.

use async_graphql::{Enum, ID, SimpleObject};

use super::{
    account::AccountReference,
    canary::{Canary, canary},
    scalar::{DateTime, opaque},
};
use crate::{
    app::{Op, canaries::TouchView},
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
    pub(super) nodes: Vec<CanaryTouch>,
    /// How many there are on all pages.
    pub(super) total_count: u64,
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
