//! What is on its way out of the house.

use async_graphql::{Enum, SimpleObject};

use super::scalar::DateTime;
use crate::app::deliveries;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was tried for three days and given up; `resendAlarm` or `resendCanaryBulletin` begins anew.
    GivenUp,
}

/// An alarm, or a bulletin of the trap, on its way out of the house.
#[derive(Clone, Debug, SimpleObject)]
pub struct Delivery {
    /// `webhook` or `mail`.
    channel: String,
    /// Where it stands.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next.
    next_at: Option<DateTime>,
    /// When it was taken.
    delivered_at: Option<DateTime>,
    /// Why the last attempt failed; null while another is under way.
    last_error: Option<String>,
}

impl From<deliveries::Delivery> for Delivery {
    fn from(delivery: deliveries::Delivery) -> Self {
        let deliveries::Delivery { channel, attempts, next_at, delivered_at, last_error, .. } = delivery;
        let state = match (delivered_at, next_at) {
            (Some(_), _) => DeliveryState::Delivered,
            (None, Some(_)) => DeliveryState::Pending,
            (None, None) => DeliveryState::GivenUp,
        };
        Self { channel, state, attempts, next_at: next_at.map(DateTime), delivered_at: delivered_at.map(DateTime), last_error }
    }
}
