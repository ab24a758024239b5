//! Who asks: the bearer token of a request (RFC 6750 § 2.1).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::Gate;
use crate::{
    app::{self, Error},
    domain::Subject,
    policy::{Code, Refusal},
};

/// The subject the request's token names; anonymous without one. A token that does not count is refused, never ignored.
pub(super) async fn authenticate(gate: &Gate, headers: &HeaderMap) -> Result<Subject, Error> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Subject::ANONYMOUS);
    };
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(Refusal::new(Code::Unauthenticated, "Send one header `Authorization: Bearer <accessToken>`.").into());
    }
    app::sessions::authenticate(&gate.core, token).await
}
