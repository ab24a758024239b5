//! What can be set.

use serde::{Deserialize, Serialize};

/// Settings of authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The server's public address without a slash at the end: `iss` of tokens and base of the published endpoints.
    /// Without it, `http://` and the address and port it listens on.
    pub issuer: Option<String>,
    /// `aud` of tokens.
    pub audience: String,
    /// How long an access token is good for, in seconds.
    pub access_token_seconds: i64,
    /// How long a refresh token is good for, in seconds; each use gives a new one.
    pub refresh_token_seconds: i64,
    /// How long a session lasts at most, in seconds.
    pub session_seconds: i64,
    /// How long a session that has ended is kept, in seconds, with the address it was begun from.
    pub keep_sessions_seconds: i64,
    /// How many password hashes are computed at once; each takes 19 MiB and a thread.
    pub password_hashes_at_once: usize,
    /// How many may wait for that; more are turned away.
    pub password_hashes_waiting: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: "leadkeep".into(),
            access_token_seconds: 600,
            refresh_token_seconds: 7 * 86_400,
            session_seconds: 30 * 86_400,
            keep_sessions_seconds: 30 * 86_400,
            password_hashes_at_once: 2,
            password_hashes_waiting: 128,
        }
    }
}
