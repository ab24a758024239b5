//! The only place with SQL. Rows of leads come out only through a [`crate::policy::LeadScope`], everything else that is
//! about somebody only with a [`crate::policy::Permit`]; both can be built by `policy` alone.
//!
//! SQLite: the main database has one writer ([`group`] commit) and reader threads ([`rows`]); the ledger is a
//! file of its own. PostgreSQL: one pool, every transaction its own; single statements on connections that are [`kept`].

mod access_log;
mod accounts;
mod agreements;
mod alarms;
pub mod archive;
mod bulletins;
mod canaries;
mod contact_accounts;
pub mod credentials;
mod deliveries;
mod departures;
mod disk;
mod erase;
mod erasures;
mod error;
mod evidence_orders;
mod group;
mod handovers;
mod holds;
mod idempotency;
mod kept;
pub mod leads;
pub mod ledger;
mod linked;
mod mappings;
mod open;
mod outbox;
mod owner;
mod places;
mod plain;
mod policy;
pub mod private;
mod proposals;
mod quotas;
mod reviews;
mod rows;
mod scope;
pub mod sessions;
mod snapshot;
mod through;
mod touches;
mod transaction;
mod wal;
mod write;

pub use access_log::{LogEntry, LoggedChange};
pub use accounts::{AccountFilter, App, AppSecret, NewPerson, NewSecret, Person};
pub use agreements::{AcceptanceFilter, AcceptanceRow, NewPaper, Paper};
pub use alarms::{Alarm, AlarmCursor, AlarmFilter, AlarmStep};
pub use bulletins::Bulletin;
pub use canaries::{Canary, ModelOrigin, NewCanary, Placed};
pub use contact_accounts::{ContactAccount, ContactAccountFilter};
pub use deliveries::{About, Attempt, Delivery};
pub use departures::{Certificate, Departure, Task};
pub use disk::{Disk, DiskReport};
pub use erasures::{ErasedKind, Erasure};
pub use error::StoreError;
pub use evidence_orders::EvidenceOrder;
pub use handovers::{HandedOver, Handover};
pub use idempotency::Remembered;
pub use ledger::LedgerWriter;
pub use open::{Location, Store};
pub use outbox::{Change, ChangeNote, Noted, OutboxRow};
pub use owner::{Estate, Ownership};
pub use places::Place;
pub use policy::{Revision, RevisionEntry, Settled};
pub use proposals::NewProposal;
pub use quotas::QuotaLift;
pub use reviews::{AccessReview, ReviewItem};
pub use touches::Touch;
pub use transaction::{Tx, Work};
