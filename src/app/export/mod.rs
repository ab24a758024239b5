//! Taking leads out as a file: marked, attributed, limited, and recorded with every lead before the file is there.

mod file;
mod run;

pub use run::{Exported, Request, export};
