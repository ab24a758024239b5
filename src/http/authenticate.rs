//! Who asks: the bearer token of a request (RFC 6750 § 2.1).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::Gate;
use crate::{
    app::{Error, sessions},
    domain::Subject,
    policy::{Code, Refusal},
};

/// The subject the request's token names; anonymous without one. A token that does not count is refused, never ignored.
pub(super) async fn authenticate(gate: &Gate, headers: &HeaderMap) -> Result<Subject, Error> {
    match bearer(headers)? {
        Some(token) => sessions::authenticate(&gate.core, token).await,
        None => Ok(Subject::ANONYMOUS),
    }
}

/// The request's token, if it has one.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let header = match (sent.next(), sent.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => "",
    };
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Refusal::new(Code::Unauthenticated, "Send one header `Authorization: Bearer <accessToken>`.")),
    }
}
