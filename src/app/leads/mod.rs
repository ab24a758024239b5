//! Leads: reading them through the caller's windows, changing them within these.

mod changed;
mod finders;
mod origin;
mod read;
mod relationships;
mod stats;
mod view;
mod write;

pub use changed::Changed;
pub(in crate::app) use changed::opening;
pub use finders::finders;
pub(in crate::app) use origin::noted_by;
pub use origin::{SaidOrigin, add_origin};
pub use read::{PageInfo, count, one, page};
pub(in crate::app) use read::{admit, note_grants, page_through, require_clear};
pub use relationships::{Whom, relate};
pub use stats::stats;
pub use view::{Cell, LeadView};
pub use write::{NewLeadRequest, archive, assign, create, mark, update};
