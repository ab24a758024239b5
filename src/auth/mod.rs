//! The mechanisms of "who asks": password hashes, access tokens and their keys, opaque secrets, throttling of guesses.
//! They know no accounts; [`crate::app`] puts them to use.

pub mod error;
pub mod password;
pub mod secret;
pub mod settings;

use std::sync::Arc;

use crate::domain::Random;

pub use error::AuthError;
pub use password::{PasswordPolicy, Passwords};
pub use secret::Secret;
pub use settings::Settings;

/// Everything the use cases need to know who asks.
#[derive(Debug)]
pub struct Auth {
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
}

impl Auth {
    /// The mechanisms with these settings.
    pub fn open(settings: &Settings, random: Arc<dyn Random>) -> Result<Self, AuthError> {
        Ok(Self { passwords: Passwords::new(settings, random)? })
    }
}
