//! Importing files of leads: read in the background, written in chunks that are one transaction and one change each.

mod chunk;
mod known;
mod mapping;
mod places;
mod report;
mod run;

pub use mapping::saved_mapping;
pub use report::{Counts, Preview, Report, Verdict, Watcher};
pub(in crate::app) use run::note_used;
pub use run::{Request, import, may_import, open, windows};
