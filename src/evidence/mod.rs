//! The evidence file: facts about a range of time, told as a report (HTML, PDF), as data (JSON), and packed. Pure: what is
//! true is gathered by `app::evidence`; here is how it is told. The same facts give the same bytes.

mod archive;
mod block;
mod chart;
mod facts;
mod html;
mod json;
mod measures;
mod moment;
mod pdf;
mod people;
mod plot;
mod report;
mod rules;
mod table;
mod texts;
mod weeks;
mod who;

pub use archive::{Archive, ArchiveError};
pub use facts::{About, CouldSee, DidSee, Evidence, Holder, Marked, Profile, Reach, Roots, Seen, Week};
pub use json::{accesses, measures};
pub use measures::{Finding, State, findings};
pub use people::{Acceptance, Agreement, Leaver, Signed};
pub use report::{BANNER, html, pdf};
pub use rules::{Exports, Policy, Register, Revision};
pub use table::Row;
pub use weeks::{starts, week_of};
pub use who::Who;
