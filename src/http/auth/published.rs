//! What anybody may read: public keys (RFC 7517) and the server's metadata (RFC 8414).

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};
use serde_json::json;

use super::token::{ACCESS_TOKEN, TOKEN_EXCHANGE};
use crate::http::Gate;

/// Short, so that verifiers elsewhere learn of a new key soon; the old one verifies for longer than this.
const CACHED: &str = "public, max-age=60";

/// The keys that verify access tokens, newest first.
pub(super) async fn jwks(State(gate): State<Arc<Gate>>) -> impl IntoResponse {
    let keys = json!({ "keys": gate.core.auth.keys.public() });
    ([(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, CACHED)], keys.to_string())
}

/// Where the endpoints are and what they can do.
pub(super) async fn metadata(State(gate): State<Arc<Gate>>) -> impl IntoResponse {
    let issuer = &gate.core.auth.issuer;
    let methods = ["client_secret_basic", "client_secret_post"];
    let metadata = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/auth/token"),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": format!("{issuer}/auth/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials", TOKEN_EXCHANGE],
        "subject_token_types_supported": [ACCESS_TOKEN],
        // There is no authorization endpoint, but the field is required (RFC 8414 § 2).
        "response_types_supported": [],
    });
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHED)], metadata.to_string())
}
