//! How authentication fails for reasons that are not the caller's.

/// A failure of a mechanism. Its text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The password hash could not be computed or read.
    #[error("password hash: {0}")]
    Password(String),
    /// More sign-ins wait than the queue holds.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// A signing key could not be read, made or written; names the file.
    #[error("signing key {0}: {1}")]
    Key(String, String),
    /// A token could not be signed.
    #[error("signing a token: {0}")]
    Token(String),
}
