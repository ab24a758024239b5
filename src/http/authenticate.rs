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
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let header = match (sent.next(), sent.next()) {
        (None, _) => return Ok(Subject::ANONYMOUS),
        (Some(header), None) => header.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => "",
    };
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => sessions::authenticate(&gate.core, token.trim()).await,
        _ => Err(Refusal::new(Code::Unauthenticated, "Send one header `Authorization: Bearer <accessToken>`.").into()),
    }
}
