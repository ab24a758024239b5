//! Changing the policy: each function applies one change to a [`super::PolicyDocument`] or refuses it with a reason.
//!
//! They only edit; who may call them, and the revision that the edited document becomes, is the use case's part.

mod acting;
mod agreements;
mod departures;
mod duties;
mod grants;
mod markings;
mod proposal;
mod purposes;
mod roles;
mod teams;
mod widening;

pub use acting::Acting;
pub use departures::task as departure_task;
pub use grants::GrantWish;
pub use proposal::{Act, Decided, PROPOSAL_SECONDS, Proposal, ProposalState};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
