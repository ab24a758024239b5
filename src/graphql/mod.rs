//! GraphQL: translation only, one file per noun. Each file gives a query and a mutation part; here they become one schema.

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

pub mod access_log;
pub mod access_log_filter;
pub mod access_record;
pub mod error;
mod lead;
pub mod marking;
pub mod order;
pub mod raw;
pub mod scalar;
pub mod session;
pub mod upload;
mod viewer;

/// The root of queries.
#[derive(Debug, Default, MergedObject)]
pub struct Query(lead::LeadQuery, viewer::ViewerQuery, access_log::AccessLogQuery, session::SessionQuery);

/// The root of mutations.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(lead::LeadMutation, session::SessionMutation);

/// The schema.
pub type LeadkeepSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema before limits are set; names are never suggested, a suggestion could tell of what is hidden.
pub fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).disable_suggestions()
}

/// The schema in the schema definition language: what `schema.graphql` holds.
pub fn sdl() -> String {
    builder().finish().sdl()
}
