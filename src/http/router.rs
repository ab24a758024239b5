//! Every route there is.

use std::sync::Arc;

use axum::{Router, routing::get};

use super::{Gate, auth, graphql, health};

/// The routes.
pub fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(auth::routes())
        .with_state(gate)
}
