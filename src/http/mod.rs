//! The HTTP side: [`router`] is its table of contents.

mod answer;
mod auth;
mod authenticate;
mod caller;
mod evidence;
mod gate;
mod graphql;
mod health;
mod ledger;
pub mod listen;
mod metrics;
mod patient;
pub mod router;
mod settings;

pub use gate::Gate;
pub use graphql::{SubscriptionSettings, document};
pub use settings::Settings;
