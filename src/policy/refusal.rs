//! How a decision says no.

use std::borrow::Cow;

use crate::domain::Timestamp;

/// The code a caller sees in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Nobody has signed in, or no longer.
    Unauthenticated,
    /// The caller's roles do not allow it.
    Forbidden,
    /// An agreement must be accepted before any lead is seen.
    AgreementRequired,
    /// A registered purpose that the caller's roles admit must be declared.
    PurposeRequired,
    /// More leads or rows than the caller's quota.
    QuotaExceeded,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The request makes no sense; the message says what to mend.
    BadUserInput,
    /// Somebody else changed it meanwhile, or it is there already.
    Conflict,
    /// The document costs more than the limits allow.
    TooComplex,
    /// The access record could not be made durable.
    AuditUnavailable,
    /// A fault of ours; the log knows more by the request id.
    Internal,
    /// There is no room on the disk for what a request would have to write.
    DiskFull,
}

impl Code {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::Unauthenticated,
        Self::Forbidden,
        Self::AgreementRequired,
        Self::PurposeRequired,
        Self::QuotaExceeded,
        Self::NotFound,
        Self::BadUserInput,
        Self::Conflict,
        Self::TooComplex,
        Self::AuditUnavailable,
        Self::Internal,
        Self::DiskFull,
    ];

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::AgreementRequired => "AGREEMENT_REQUIRED",
            Self::PurposeRequired => "PURPOSE_REQUIRED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::TooComplex => "TOO_COMPLEX",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::Internal => "INTERNAL",
            Self::DiskFull => "DISK_FULL",
        }
    }
}

/// A no, with its code and one sentence for the caller that tells nothing about data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// What to tell the caller.
    pub message: Cow<'static, str>,
    /// When the same would be answered again, if that is known: of a quota, when its count begins anew.
    pub resets_at: Option<Timestamp>,
}

impl Refusal {
    /// A refusal with this code and message.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), resets_at: None }
    }

    /// `QUOTA_EXCEEDED` until this moment.
    pub fn over_quota(message: impl Into<Cow<'static, str>>, resets_at: Timestamp) -> Self {
        Self { resets_at: Some(resets_at), ..Self::new(Code::QuotaExceeded, message) }
    }

    /// `FORBIDDEN`.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// `BAD_USER_INPUT`.
    pub fn bad_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// `CONFLICT`.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// `DISK_FULL`.
    pub const fn disk_full() -> Self {
        Self {
            code: Code::DiskFull,
            message: Cow::Borrowed("The server's disk is full; leads are neither read nor changed until an operator has made room."),
            resets_at: None,
        }
    }

    /// `NOT_FOUND`: one text for missing and hidden alike.
    pub const fn not_found() -> Self {
        Self { code: Code::NotFound, message: Cow::Borrowed("There is no such thing, or you may not see it."), resets_at: None }
    }
}
