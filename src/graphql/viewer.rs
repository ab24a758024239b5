//! Who am I, and what may I do.

use async_graphql::{Context, Object};

use super::error::op;

/// Queries about the caller.
#[derive(Debug, Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Letters of the request; temporary.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<String> {
        Some(op(ctx).request.to_string())
    }
}
