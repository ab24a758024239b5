//! Access tokens: JWT (RFC 7519) signed with EdDSA (RFC 8037). They name a session; what it may do is read fresh.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{AuthError, Keys, Settings, cache::Bounded};
use crate::domain::{Digest, Id, Timestamp};

/// Longer ones are none of ours.
const MAX_LENGTH: usize = 2_048;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 16_384;

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The person or the app.
    pub subject: Id,
    /// The app that acts for that person.
    pub actor: Option<Id>,
    /// The session.
    pub session: Id,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From when on it is good no more; whole seconds.
    pub expires_at: Timestamp,
}

/// The claims on the wire; `act` is RFC 8693 § 4.1, `sid` as in OpenID Connect.
#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
}

#[derive(Serialize, Deserialize)]
struct Actor {
    sub: String,
}

/// Signs and verifies.
#[derive(Debug)]
pub struct AccessTokens {
    keys: Arc<Keys>,
    issuer: String,
    audience: String,
    validation: Validation,
    /// With the key that vouched for it.
    verified: Bounded<Digest, (Id, Claims)>,
}

impl AccessTokens {
    /// Tokens of this issuer for the audience that is set.
    pub fn new(issuer: &str, settings: &Settings, keys: Arc<Keys>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Against our own clock, below.
        validation.validate_exp = false;
        let verified = Bounded::new(REMEMBERED);
        Self { keys, issuer: issuer.to_owned(), audience: settings.audience.clone(), validation, verified }
    }

    /// Signs a token.
    pub fn sign(&self, claims: &Claims) -> Result<String, AuthError> {
        let (kid, key) = self.keys.signing()?;
        let wire = Wire {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: claims.subject.to_string(),
            sid: claims.session.to_string(),
            iat: claims.issued_at.unix_seconds(),
            exp: claims.expires_at.unix_seconds(),
            act: claims.actor.map(|actor| Actor { sub: actor.to_string() }),
        };
        let header = Header { kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &wire, &key.signs).map_err(|error| AuthError::Token(error.to_string()))
    }

    /// What a token says, if it is ours, whole and not expired. A token that was verified before costs one SHA-256.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let digest: Digest = Sha256::digest(token).into();
        if let Some((kid, claims)) = self.verified.get(&digest) {
            // What a key vouched for is worth no more than the key.
            return (now < claims.expires_at && self.keys.verifies(kid)).then_some(claims);
        }
        let (kid, claims) = self.read(token)?;
        // An expired one is not worth the room.
        if now < claims.expires_at {
            self.verified.insert(digest, (kid, claims));
        }
        (now < claims.expires_at).then_some(claims)
    }

    fn read(&self, token: &str) -> Option<(Id, Claims)> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?.parse().ok()?;
        let key = self.keys.verifying(kid)?;
        let wire: Wire = jsonwebtoken::decode(token, &key.verifies, &self.validation).ok()?.claims;
        let claims = Claims {
            subject: wire.sub.parse().ok()?,
            actor: wire.act.map(|actor| actor.sub.parse()).transpose().ok()?,
            session: wire.sid.parse().ok()?,
            issued_at: Timestamp(0).plus_seconds(wire.iat),
            expires_at: Timestamp(0).plus_seconds(wire.exp),
        };
        Some((kid, claims))
    }
}
