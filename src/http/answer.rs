//! The HTTP answer around a body: the headers every one of them carries.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

use crate::{
    audit::Recorder,
    domain::Id,
    policy::{Code, Marking, Refusal, Snapshot},
};

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The `Content-Type`.
    pub(super) media: &'static str,
    /// The body.
    pub(super) body: Vec<u8>,
    /// How confidential the body is, and the policy that names its compartments; `None` where it is nothing but our own
    /// words about a failure.
    pub(super) marked: Option<(Marking, Arc<Snapshot>)>,
    /// The request's id.
    pub(super) request: Option<Id>,
}

impl Answer {
    /// Adds the headers. Nothing may be stored on the way; what is cached despite that is told apart by who asked.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Authorization"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let banner = self.marked.map(|(marking, snapshot)| marking.banner(&snapshot.document.compartments));
        let banner = banner.unwrap_or_else(|| Marking::PUBLIC.banner(&[]));
        if let Ok(banner) = HeaderValue::from_str(&banner) {
            headers.insert("x-confidentiality", banner);
        }
        if let Some(request) = self.request.and_then(|id| HeaderValue::from_bytes(&id.letters()).ok()) {
            headers.insert("x-request-id", request);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The answer instead of one that cannot be recorded.
pub(super) fn withheld(recorder: &Recorder, media: &'static str, request: Option<Id>) -> Answer {
    let body = if recorder.is_disk_full() {
        let full = Refusal::disk_full();
        error_body(full.code, &full.message)
    } else {
        error_body(Code::AuditUnavailable, "The server cannot record what it would answer, so it does not answer; try again.")
    };
    Answer { status: StatusCode::SERVICE_UNAVAILABLE, media, body, marked: None, request }
}

/// The status of an answer that is no GraphQL (RFC 9110 § 15).
pub(super) const fn status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::AgreementRequired | Code::PurposeRequired => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::BadUserInput => StatusCode::BAD_REQUEST,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::QuotaExceeded | Code::TooComplex | Code::DiskFull | Code::AuditUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A body with one error and no data.
pub(super) fn error_body(code: Code, message: &str) -> Vec<u8> {
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code.name() } }] });
    body.to_string().into_bytes()
}
