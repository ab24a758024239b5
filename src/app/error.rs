//! How a use case fails: refused (the caller is told why) or failed (the log is).

use crate::{
    auth::AuthError,
    domain::Timestamp,
    policy::{Code, Refusal},
    store::StoreError,
};

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller is told code and message.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller is told `INTERNAL`, the log the rest.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same, unless it is [`AuthError::Busy`].
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Error {
    /// The code for the caller.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Auth(AuthError::Busy) => Code::QuotaExceeded,
            Self::Store(error) if error.is_disk_full() => Code::DiskFull,
            Self::Store(_) | Self::Auth(_) => Code::Internal,
        }
    }

    /// When the same would be answered again, if that is known.
    pub const fn resets_at(&self) -> Option<Timestamp> {
        match self {
            Self::Refused(refusal) => refusal.resets_at,
            Self::Store(_) | Self::Auth(_) => None,
        }
    }

    /// Whether there is only too much to do at the moment.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Auth(AuthError::Busy))
    }

    /// The sentence for the caller, which tells nothing of the inside.
    pub fn outward(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.message.to_string(),
            Self::Auth(AuthError::Busy) => "More people are signing in than can be served at once; try again in a moment.".into(),
            Self::Store(error) if error.is_disk_full() => Refusal::disk_full().message.into_owned(),
            Self::Store(_) | Self::Auth(_) => "Something failed on our side; the log has the cause under the request id.".into(),
        }
    }
}
