//! The access record and how it becomes durable: [`record`] is what is written, [`codec`] its bytes, [`recorder`] takes
//! it, [`writing`] writes many at a time before any answer leaves, [`sequencer`] gives it its place in the tree.

mod chain;
pub mod codec;
pub mod daily;
mod halt;
pub mod index;
pub mod key;
mod numbers;
mod outbox;
pub mod place;
pub mod record;
pub mod recorder;
pub mod render;
mod room;
mod sequencer;
mod settings;
mod writing;

pub use recorder::{Recorder, Sealed, Unrecorded};
pub use sequencer::Standing;
pub use settings::{Settings, Witness};
