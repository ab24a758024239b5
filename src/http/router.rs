//! Every route there is.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

use super::{Gate, auth, evidence, graphql, health, ledger, metrics};

/// The routes.
pub fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/graphql", any(graphql::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .merge(auth::routes())
        .merge(ledger::routes())
        .merge(evidence::routes())
        .with_state(gate)
}
