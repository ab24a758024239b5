//! The proof side of the access log, pure: the tree over all entries, receipts, signed tree heads, and the checks that
//! anyone can repeat. Imports nothing of ours but [`crate::domain`].

pub mod breach;
pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod growth;
pub mod key;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod timestamp;
pub mod tree;
pub mod verify;
pub mod witness;

pub use breach::Breach;
pub use checkpoint::Checkpoint;
pub use cosignature::WitnessKey;
pub use growth::Growth;
pub use key::{KeyError, LedgerKey};
pub use receipt::Receipt;
pub use tile::Tile;
pub use tree::Edge;
pub use verify::{Fault, Wrong};
