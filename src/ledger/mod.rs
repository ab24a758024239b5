//! The proof side of the access log, pure: the tree over all entries, receipts, signed tree heads, and the checks that
//! anyone can repeat. Imports nothing of ours but [`crate::domain`].

pub mod checkpoint;
pub mod key;
pub mod receipt;
pub mod tree;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use key::{KeyError, LedgerKey};
pub use receipt::Receipt;
pub use tree::Edge;
pub use verify::{Fault, Wrong};
