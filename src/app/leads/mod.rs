//! Leads: reading them through the caller's windows, changing them within these.

mod finders;
mod read;
mod stats;
mod view;
mod write;

pub use finders::finders;
pub use read::{PageInfo, count, one, page};
pub(in crate::app) use read::{admit, note_grants, page_through};
pub use stats::stats;
pub use view::{Cell, LeadView};
pub use write::{Changed, NewLeadRequest, archive, assign, create, mark, update};
