//! Leads: pages, single ones, counts and changes. Nothing here works without a [`crate::policy::LeadScope`].

mod filter;
mod find;
mod page;
mod row;
mod stats;
mod write;

pub use page::Page;
pub use write::NewLead;
