//! Subscriptions: over server-sent events and over WebSockets, whatever their subject. Each event is an operation of its own, with
//! the rights of its moment and a record that stands before it leaves.

mod message;
mod origin;
mod places;
mod settings;
mod socket;
mod sse;
mod subscription;

pub(in crate::http) use places::Places;
pub use settings::Settings;
pub(super) use socket::{is_upgrade, upgrade};
pub(super) use sse::answer;
