//! Parts of the log as files that anybody can check with nothing else.

mod export;
mod verify;

pub use export::{Plan, Rendered, Rendering, plan};
pub use verify::{Checked, Kept, check, find};
