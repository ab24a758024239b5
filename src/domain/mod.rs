//! The words everything else is written in: ids, time, randomness, leads, subjects. Imports nothing of ours.

pub mod clock;
pub mod ids;
pub mod lead;
pub mod normal;
pub mod packed;
pub mod query;
pub mod subject;
pub mod words;

pub use clock::{Clock, Random, Timestamp};
pub use ids::{Id, IdMaker};
pub use lead::{Field, FieldSet, LeadRecord, LeadRow, LeadValue, LeadValues};
pub use query::{Filter, KeyKind, LeadKey, LeadQuery, Order, Test};
pub use subject::{Client, Subject, SubjectKind};

/// A SHA-256 (FIPS 180-4).
pub type Digest = [u8; 32];
