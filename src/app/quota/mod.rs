//! Quotas: how many leads somebody may be shown and take out, and who lifts that.

mod charge;
mod count;
mod lift;
mod own;

pub use charge::{Charge, Standing, charge, export_limit, refund, standings};
pub use count::{Quotas, Settings};
pub use lift::{Lift, lift};
pub use own::{own, set_own};
