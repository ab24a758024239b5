//! The access record and how it becomes durable: [`record`] is what is written, [`codec`] its bytes, [`recorder`] takes
//! it, [`writing`] has many written at a time before any answer leaves, [`sequencer`] gives it its place in the tree.

mod chain;
pub mod codec;
pub mod daily;
mod folding;
mod halt;
pub mod index;
mod inside;
pub mod key;
mod lane;
mod lock;
mod numbers;
mod outbox;
mod pace;
pub mod place;
pub mod record;
pub mod recorder;
pub mod render;
mod room;
pub mod sealed;
mod sequencer;
mod settings;
mod standing;
mod waiting;
mod writing;

pub use recorder::Recorder;
pub use sealed::{Sealed, Unrecorded};
pub use settings::{Settings, Witness};
pub use standing::Standing;
