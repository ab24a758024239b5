//! Reading lead files: pure, in constant memory, without a guess that is not reported. [`Reader`] turns bytes into
//! drafts of leads and into rejects that say line, column and reason; [`matching`] says when a draft is a lead that is
//! in the list already, [`merging`] what it adds to it.

mod card;
mod dates;
pub mod dialect;
pub mod encoding;
pub mod entries;
pub mod format;
pub mod header;
mod item;
mod lines;
pub mod matching;
pub mod merging;
pub mod presets;
pub mod reader;
mod record;
pub mod rejects;
mod row;
mod target;
#[cfg(test)]
mod tests;
mod values;
mod vcard;

pub use encoding::Encoding;
pub use format::Format;
pub use item::{Item, Unreadable};
pub use presets::Preset;
pub use reader::{Options, Reader};
pub use rejects::Reject;
pub use row::Draft;
pub use target::{Column, Target};
