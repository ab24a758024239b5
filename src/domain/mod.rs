//! The words everything else is written in: ids, time, randomness, leads, subjects. Imports nothing of ours.

pub mod clock;
mod coded;
pub mod contact_account;
pub mod custody;
pub mod departure;
mod hex;
pub mod ids;
pub mod lead;
pub mod linked;
pub mod normal;
pub mod origin;
pub mod packed;
pub mod query;
pub mod relationship;
pub mod secrets;
pub mod subject;
pub mod touch;
pub mod words;

pub use clock::{Clock, Random, Timestamp};
pub use contact_account::{AccountFacts, AccountKind, CredentialsHolder, Platform};
pub use custody::{Custody, Strength};
pub use departure::{CertificateOutcome, DepartureAccess, DepartureState, SuccessorReason, TaskKind, TaskState};
pub use hex::{hex, unhex};
pub use ids::{Id, IdMaker};
pub use lead::{Field, FieldSet, LeadRecord, LeadRow, LeadValue, LeadValues};
pub use origin::{Channel, Origin, OriginFile};
pub use query::{Filter, KeyKind, LeadKey, LeadQuery, Order, Test};
pub use relationship::{Colleague, Relationship, RelationshipRole};
pub use subject::{Client, Subject, SubjectKind};
pub use touch::TouchKind;

/// A SHA-256 (FIPS 180-4).
pub type Digest = [u8; 32];
