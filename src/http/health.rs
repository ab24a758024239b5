//! Is it alive, can it answer.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use super::Gate;

/// 200 as long as the process answers at all.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// 200 if the database answers and records can be written, else 503; which part it is says the log.
pub(super) async fn ready(State(gate): State<Arc<Gate>>) -> (StatusCode, &'static str) {
    if let Err(error) = gate.core.store.ping().await {
        tracing::warn!(%error, "not ready: the database does not answer");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    if !gate.core.recorder.is_running() {
        tracing::warn!("not ready: the recorder has ended");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    (StatusCode::OK, "ready\n")
}
