//! Answers of the token endpoints, errors as RFC 6749 § 5.2 writes them.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    app::{Op, app_tokens::Denied},
    audit::record::Decision,
    ledger::Receipt,
    policy::Code,
};

/// Why there is no token.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    retry_after: Option<i64>,
    /// How the record calls it.
    pub(super) decision: Decision,
    /// The code in the record.
    pub(super) code: Code,
    /// A notable event for the record.
    pub(super) reason: Option<&'static str>,
}

impl Problem {
    /// The request makes no sense.
    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self::bad("invalid_request", description)
    }

    /// One of the other errors of RFC 6749 § 5.2 and RFC 8693 § 2.2.2 that answer 400.
    pub(super) const fn bad(error: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description,
            retry_after: None,
            decision: Decision::Invalid,
            code: Code::BadUserInput,
            reason: None,
        }
    }

    /// Nobody learns whether the client is unknown, locked or has another secret.
    pub(super) const fn invalid_client() -> Self {
        let denied = Self::bad("invalid_client", "unknown client or wrong secret");
        Self { status: StatusCode::UNAUTHORIZED, decision: Decision::Denied, code: Code::Unauthenticated, ..denied }
    }

    /// There is nothing to get here.
    pub(super) const fn wrong_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..Self::invalid_request("send it by POST") }
    }

    /// Nothing could be recorded, so nothing is answered.
    pub(super) const fn unrecorded() -> Self {
        let failed = Self::bad("temporarily_unavailable", "AUDIT_UNAVAILABLE: the access record could not be written");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some(1),
            decision: Decision::Failed,
            code: Code::AuditUnavailable,
            ..failed
        }
    }

    /// There is no room for sessions and records.
    pub(super) const fn disk_full() -> Self {
        Self { description: "DISK_FULL: there is no room for the access record", code: Code::DiskFull, ..Self::unrecorded() }
    }

    /// Whether it is about too many attempts.
    pub(super) fn is_throttled(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// A fault of ours.
    pub(super) const fn failed() -> Self {
        let failed = Self::bad("server_error", "something failed on our side");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, decision: Decision::Failed, code: Code::Internal, ..failed }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Client => Self::invalid_client(),
            Denied::Throttled(retry) => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                retry_after: Some(retry.seconds),
                decision: Decision::Denied,
                code: Code::QuotaExceeded,
                reason: Some("throttled"),
                ..Self::bad("temporarily_unavailable", "too many attempts")
            },
            Denied::SubjectToken => Self {
                decision: Decision::Denied,
                code: Code::Unauthenticated,
                ..Self::invalid_request("subject_token is not a person's valid access token")
            },
            Denied::NotYours => {
                let denied = Self::bad("invalid_grant", "the token was issued to another client");
                Self { decision: Decision::Denied, code: Code::Forbidden, ..denied }
            }
            Denied::Failed(error) => {
                tracing::error!(%error, "token request failed");
                Self::failed()
            }
        }
    }
}

/// An answer before its headers.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: StatusCode,
    /// JSON, or empty.
    pub(super) body: String,
    retry_after: Option<i64>,
    /// Names and values of headers that only a recorded answer has.
    recorded: Vec<(&'static str, String)>,
}

impl Reply {
    /// 200 with this JSON.
    pub(super) fn json(body: &Value) -> Self {
        Self { status: StatusCode::OK, body: body.to_string(), retry_after: None, recorded: Vec::new() }
    }

    /// 200 with nothing.
    pub(super) const fn empty() -> Self {
        Self { status: StatusCode::OK, body: String::new(), retry_after: None, recorded: Vec::new() }
    }

    /// The same with its marking, the request's id and the receipt: epoch, rseq, leaf and signature.
    pub(super) fn recorded(mut self, op: &Op, receipt: &Receipt) -> Self {
        self.recorded = vec![
            ("x-request-id", op.request.to_string()),
            ("x-confidentiality", op.trace().marking.banner(&op.snapshot.document.compartments)),
            ("x-access-receipt", receipt.to_string()),
        ];
        self
    }

    /// With headers; nothing may be stored (RFC 6749 § 5.1).
    pub(super) fn into_response(self) -> Response<Body> {
        let json = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if json {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"leadkeep\", charset=\"UTF-8\""));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        // Unless the record says otherwise: then there is nothing here but our own words about a failure.
        headers.insert("x-confidentiality", HeaderValue::from_static("PUBLIC"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.recorded {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl From<&Problem> for Reply {
    fn from(problem: &Problem) -> Self {
        let body = json!({ "error": problem.error, "error_description": problem.description });
        Self { status: problem.status, body: body.to_string(), retry_after: problem.retry_after, recorded: Vec::new() }
    }
}
