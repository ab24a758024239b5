//! Is it alive, can it answer.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use super::Gate;
use crate::audit::Unrecorded;

const HALTED: &str = "not ready: the ledger is not the one that was seen before, and nothing is recorded until an operator has acknowledged \
                      that; `leadkeep ledger status` tells more\n";

/// 200 as long as the process answers at all.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// 200 if the database answers and records can be written and get their place in the tree, else 503; what it is says the
/// log. Records that somebody altered behind the server's back are told of, but do not stop it.
pub(super) async fn ready(State(gate): State<Arc<Gate>>) -> (StatusCode, &'static str) {
    if let Err(error) = gate.core.store.ping().await {
        tracing::warn!(%error, "not ready: the database does not answer");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    if let Some(cause) = gate.core.recorder.refuses() {
        tracing::warn!(%cause, "not ready: nothing can be recorded");
        let why = match cause {
            Unrecorded::Full => "not ready: too many access records wait for the disk\n",
            Unrecorded::Late => "not ready: the disk does not take access records in time\n",
            Unrecorded::Halted => HALTED,
            Unrecorded::Stopped | Unrecorded::Failed => "not ready: access records cannot be written; the log says why\n",
        };
        return (StatusCode::SERVICE_UNAVAILABLE, why);
    }
    if gate.core.recorder.is_disk_full() {
        tracing::warn!("not ready: the disk is full");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: the disk is full; leads are neither read nor changed until there is room\n");
    }
    let standing = gate.core.recorder.standing();
    if standing.failing || gate.core.recorder.is_held_back() {
        tracing::warn!(?standing, "not ready: records get no place in the ledger's tree");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: records get no place in the ledger's tree; the log says why\n");
    }
    if !standing.is_sound() {
        return (StatusCode::OK, "ready\nbut the ledger holds a record that is not as it was written: run `leadkeep ledger verify`\n");
    }
    (StatusCode::OK, "ready\n")
}
