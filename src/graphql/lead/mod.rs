//! Leads. They render themselves to JSON straight from the database row, in one loop with scope, marking and record; the
//! engine's one future and one value per cell would make a page slower than the database is.

mod account;
mod collect;
mod connection;
mod custody;
mod input;
mod json;
mod mutation;
mod object;
mod origin;
mod origin_change;
mod plan;
mod query;
mod reference;
mod relationship;
mod relationship_change;
mod render;
mod schema;
mod single;
mod stats;

pub use input::LeadFilter;
pub use mutation::LeadMutation;
pub use origin_change::OriginMutation;
pub use query::LeadQuery;
pub use relationship_change::RelationshipMutation;
pub use single::Lead;
