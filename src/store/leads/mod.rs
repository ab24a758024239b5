//! Leads: pages, single ones, counts and changes. Nothing here works without a [`crate::policy::LeadScope`].

mod change;
mod filter;
mod find;
mod page;
mod row;
mod stats;
mod write;

pub use change::LeadChange;
pub use page::Page;
pub use write::{Finders, NewLead};
