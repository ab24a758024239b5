//! The trap: what follows from its secret for an invented lead, how such a lead imitates real ones, and which source a list that
//! was found outside speaks of. Pure; docs/canaries.md tells the derivation and the model.

pub mod blame;
pub mod found;
pub mod imitate;
mod names;
pub mod secret;

pub use blame::{Candidate, Observed, Source, Verdict, judge};
pub use found::{Row, rows};
pub use imitate::imitate;
pub use secret::{Invented, Secret};
