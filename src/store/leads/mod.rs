//! Leads: pages, single ones, counts and changes. Nothing here works without a [`crate::policy::LeadScope`].

mod change;
mod custody;
mod filter;
mod find;
mod lookup;
mod models;
mod origins;
mod page;
mod relationships;
mod row;
mod single;
mod stats;
mod together;
mod write;

pub use change::LeadChange;
pub use custody::HeldLead;
pub(super) use lookup::Lookups;
pub(super) use models::{canary_seen, models};
pub use origins::{ImportRun, NewOrigin};
pub use page::Page;
pub use relationships::NewRelationship;
pub use write::{Finders, NewLead};
