//! What is suspicious in what was recorded: rules over facts, which know neither database nor clock. The same facts in the same order
//! always give the same findings.

mod fact;
pub mod network;
pub mod rules;
mod sequence;
mod watch;

pub use fact::{Fact, Leaving, Outcome, Past};
pub use network::Network;
pub use rules::{Finding, Rule, Rules};
pub use watch::Watch;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
