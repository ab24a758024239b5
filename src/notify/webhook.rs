//! Webhooks as <https://www.standardwebhooks.com> specifies them: an id that stays the same however often it is tried, a time, and an
//! HMAC-SHA256 over both and the body.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Hidden, PATIENCE, WebhookSettings};
use crate::domain::Timestamp;

/// A webhook, ready to be called.
#[derive(Debug)]
pub struct Webhook {
    url: Hidden,
    key: Hidden,
    client: reqwest::Client,
}

impl Webhook {
    /// The webhook that is set; `None` if none is.
    pub fn open(settings: &WebhookSettings) -> Option<Self> {
        let (url, key) = (settings.url.clone()?, settings.key()?);
        // The first who names a provider wins, and every one of ours names the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            // What is set is where it goes; nobody there sends it elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(PATIENCE))
            .user_agent(concat!("leadkeep/", env!("CARGO_PKG_VERSION")));
        Some(Self { url, key: Hidden::new(STANDARD.encode(key)), client: client.build().ok()? })
    }

    /// Calls it; an error says why it was not taken, without the address.
    pub async fn send(&self, id: &str, at: Timestamp, body: String) -> Result<(), String> {
        let time = at.unix_seconds();
        let key = STANDARD.decode(self.key.expose()).unwrap_or_default();
        let request = self
            .client
            .post(self.url.expose())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature(&key, id, time, &body))
            .body(body);
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
    }
}

/// `v1,` and HMAC-SHA256 of `id.time.body` in base64.
fn signature(key: &[u8], id: &str, time: i64, body: &str) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
