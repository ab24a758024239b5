//! The authorization endpoints for apps: RFC 6749 § 4.4, RFC 8693, RFC 7009, RFC 8414, RFC 7517.

mod client;
mod form;
mod published;
mod record;
mod reply;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

use super::Gate;

/// Their routes.
pub(super) fn routes() -> Router<Arc<Gate>> {
    Router::new()
        .route("/auth/token", any(token::token))
        .route("/auth/revoke", any(token::revoke))
        .route("/.well-known/jwks.json", get(published::jwks))
        .route("/.well-known/oauth-authorization-server", get(published::metadata))
}
