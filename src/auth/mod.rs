//! The mechanisms of "who asks": password hashes, access tokens and their keys, opaque secrets, throttling of guesses.
//! They know no accounts; [`crate::app`] puts them to use.

pub mod cache;
pub mod error;
pub mod keys;
pub mod password;
pub mod secret;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod throttle;
pub mod token;

use std::{path::Path, sync::Arc};

use crate::domain::{Clock, Random};

pub use cache::{OpenSession, OpenSessions};
pub use error::AuthError;
pub use keys::Keys;
pub use password::{PasswordPolicy, Passwords};
pub use secret::Secret;
pub use settings::Settings;
pub use throttle::{Credential, Throttle};
pub use token::{AccessTokens, Claims};

/// How many open sessions are remembered between two changes of rights.
const SESSIONS: usize = 16_384;

/// Everything the use cases need to know who asks.
#[derive(Debug)]
pub struct Auth {
    /// What was set.
    pub settings: Settings,
    /// The server's public address: `iss` of tokens and base of the published endpoints.
    pub issuer: String,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// The keys that sign access tokens.
    pub keys: Arc<Keys>,
    /// Signs and verifies access tokens.
    pub tokens: AccessTokens,
    /// Slows down guesses.
    pub throttle: Throttle,
    /// Sessions known to be open.
    pub sessions: OpenSessions,
}

impl Auth {
    /// The mechanisms with these settings for the server at `issuer`, and the signing keys in `folder` (usually
    /// `DIR/keys`); makes the first key if there is none.
    pub fn open(
        settings: Settings,
        issuer: String,
        folder: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, AuthError> {
        let keys = Arc::new(Keys::open(folder, settings.access_token_seconds, clock, &*random)?);
        Ok(Self {
            passwords: Passwords::new(&settings, random)?,
            tokens: AccessTokens::new(&issuer, &settings, Arc::clone(&keys)),
            keys,
            throttle: Throttle::default(),
            sessions: OpenSessions::new(SESSIONS),
            settings,
            issuer,
        })
    }
}
