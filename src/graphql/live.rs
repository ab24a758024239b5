//! Subscriptions, step by step.
//!
//! A subscription is not one long execution: rights are read anew for everything that it shows, and each thing shown has a
//! record. So the HTTP side executes its document once to begin, then again whenever something may have come, each time as an
//! operation of its own; what the two sides hand each other is a [`Step`].

use std::sync::OnceLock;

use async_graphql::Context;

/// One step of a subscription. Its root field gives a stream of no item or one.
#[derive(Debug)]
pub struct Step {
    /// Where to go on; `None` to begin, which shows nothing and only says from where.
    pub from: Option<u64>,
    reached: OnceLock<Reached>,
}

/// How far a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Where the next step goes on: a number that only the root field understands.
    pub place: u64,
    /// Whether there is more already.
    pub more: bool,
}

impl Step {
    /// A step from this place, or the first.
    pub const fn new(from: Option<u64>) -> Self {
        Self { from, reached: OnceLock::new() }
    }

    /// Notes how far it came.
    pub fn reach(&self, place: u64, more: bool) {
        // A step has one root field, which says it once.
        let _ = self.reached.set(Reached { place, more });
    }

    /// How far it came; `None` if it failed.
    pub fn reached(&self) -> Option<Reached> {
        self.reached.get().copied()
    }
}

/// The step that this field is resolved in.
pub fn step<'c>(ctx: &'c Context<'_>) -> async_graphql::Result<&'c Step> {
    Ok(&**ctx.data::<std::sync::Arc<Step>>()?)
}
