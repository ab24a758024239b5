//! How many secrets an app may have, and how a record tells of one.

use serde_json::json;

use crate::{
    domain::Timestamp,
    policy::Refusal,
    store::{AppSecret, Change},
};

/// How many secrets an app can have at once: the old and the new, while one takes the place of the other.
const SECRETS: usize = 2;

/// Refuses one secret more than an app can have.
pub(super) fn room_for_secret(secrets: &[AppSecret], now: Timestamp) -> Result<(), Refusal> {
    let valid = secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end)).count();
    if valid < SECRETS { Ok(()) } else { Err(Refusal::conflict("The app has two secrets; revoke one first.")) }
}

/// That one was added, or taken away.
pub(super) fn secret_change(secret: &AppSecret, added: bool) -> Change {
    let expires_at = secret.expires_at.map(|end| end.to_string());
    let described = json!({ "app": secret.app.to_string(), "expiresAt": expires_at }).to_string();
    let (before, after) = if added { (None, Some(described)) } else { (Some(described), None) };
    Change { kind: "appSecret", item: secret.id.to_string(), before, after }
}
