//! Anchoring outside the company's reach: the log's signed heads go to witnesses and to a time stamping authority, and a log
//! that is not the one seen before is noticed.

mod acknowledge;
mod asking;
mod authority;
mod compare;
mod courier;
mod keeping;
mod memory;
mod outside;
mod status;
mod witness;

pub use acknowledge::acknowledge;
pub(super) use asking::cosignatures;
pub use asking::{ask_all, ask_witnesses, witnessed};
pub use courier::{Courier, Delivery, Reply};
pub use keeping::{keep, look};
pub use memory::{examine, file, remember};
pub use outside::Outside;
pub use status::{AnchorStatus, BreachStatus, LedgerStatus, read_status, status};

pub use crate::store::ledger::outside::Attester;
