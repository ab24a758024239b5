//! A year to run the product on: [`plot`] says what happens in a company, [`play`] lets it happen on the real inside: every request goes
//! through the routes of a server, with the clock of the plot passed in, and leaves the record that it would leave in earnest.

mod clock;
mod door;
pub mod figures;
mod leak;
mod player;
pub mod plot;
mod truth;

pub use clock::{SeededRandom, YearClock};
pub use door::{Answer, Caller, Door};
pub use figures::{Figures, Spoken};
pub use player::{Played, Told, play, set_trap, settings};
pub use plot::{Plot, Size};
pub use truth::{Told as Fate, Truth};

use crate::{app, store::StoreError};

/// Why a year could not be played.
#[derive(Debug, thiserror::Error)]
pub enum YearError {
    /// The operator's commands that found the company.
    #[error(transparent)]
    Command(#[from] app::command::Failed),
    /// A use case that a server runs by itself.
    #[error(transparent)]
    App(#[from] app::Error),
    /// The databases.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gate did not open.
    #[error("the gate: {0}")]
    Gate(#[from] std::io::Error),
    /// The gate answered otherwise than the plot expects.
    #[error("{doing}: unexpected answer {answer}")]
    Unexpected {
        /// What was being done.
        doing: String,
        /// What was answered.
        answer: String,
    },
}
