//! Use cases, one file per noun. Each takes the [`op::Op`] it runs in, asks `policy`, calls `store` and notes in the
//! operation's trace what was disclosed; none decides by itself.

pub mod access_log;
mod accounts;
pub mod alarms;
pub mod anchor;
pub mod app_tokens;
pub mod apps;
pub mod archive;
pub mod bundle;
pub mod change;
pub mod contact_accounts;
pub mod core;
pub mod current;
pub mod custody;
mod effect;
pub mod erasure;
pub mod error;
pub mod export;
pub mod grants;
pub mod holds;
pub mod housekeeping;
pub mod import;
pub mod leads;
pub mod ledger_verify;
pub mod limits;
pub mod markings;
pub mod op;
pub mod people;
pub mod policy_history;
pub mod proofs;
pub mod proposals;
pub mod purposes;
pub mod quota;
pub mod receipt_check;
pub mod redact;
mod revise;
pub mod roles;
pub mod seal;
pub mod sessions;
pub mod setup;
pub mod teams;
pub mod viewer;

pub use self::core::Core;
pub use error::Error;
pub use limits::Limits;
pub use op::Op;
