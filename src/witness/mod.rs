//! A witness: a small server on somebody else's host, the security team's. It keeps the last head that it has seen of each
//! log, cosigns a new one if the tree has only grown, and never signs two histories. C2SP tlog-witness over HTTP.

mod memory;
mod serve;

pub use memory::Memory;
pub use serve::{Witness, router};
