//! Where it goes. The targets are the operator's alone: nothing that anybody sends through the API can name one.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, Serializer};
use url::{Host, Url};

/// Bytes of a webhook's secret at least (Standard Webhooks, "Signature scheme").
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// A text that no log and no list of settings shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[redacted]")
    }
}

/// A webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where to: `https://…`.
    pub url: Option<Hidden>,
    /// What it is signed with: `whsec_` and 24 to 64 bytes in base64.
    pub secret: Option<Hidden>,
}

/// E-mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The server: `smtps://user:password@host` or `smtp://user:password@host:587?tls=required`.
    pub server: Option<Hidden>,
    /// From whom.
    pub from: Option<String>,
    /// To whom.
    pub to: Vec<String>,
}

impl WebhookSettings {
    /// What is wrong with it: the key below `webhook`, and why.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        let url = match (&self.url, &self.secret) {
            (None, None) => return None,
            (Some(_), None) => return Some(("secret", "is missing; what is sent must be signed")),
            (None, Some(_)) => return Some(("url", "is missing")),
            (Some(url), Some(_)) => url,
        };
        let fits = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        if Url::parse(url.expose()).ok().is_none_or(|url| !fits(&url)) {
            return Some(("url", "must begin with https://"));
        }
        self.key().is_none().then_some(("secret", "must be whsec_ and 24 to 64 bytes in base64"))
    }

    /// The bytes of the secret.
    pub fn key(&self) -> Option<Vec<u8>> {
        let key = STANDARD.decode(self.secret.as_ref()?.expose().strip_prefix("whsec_")?).ok()?;
        SECRET.contains(&key.len()).then_some(key)
    }
}

impl MailSettings {
    /// What is wrong with it: the key below `mail`, and why.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        let Some(server) = &self.server else {
            let any = self.from.is_some() || !self.to.is_empty();
            return any.then_some(("server", "is missing"));
        };
        let secured = |url: &Url| match url.scheme() {
            "smtps" => true,
            "smtp" => is_loopback(url) || url.query() == Some("tls=required"),
            _ => false,
        };
        if Url::parse(server.expose()).ok().is_none_or(|url| !secured(&url)) {
            return Some(("server", "must be smtps://… or smtp://…?tls=required"));
        }
        let address = |text: &String| text.parse::<lettre::message::Mailbox>().is_ok();
        if !self.from.as_ref().is_some_and(address) {
            return Some(("from", "must be an e-mail address"));
        }
        (self.to.is_empty() || !self.to.iter().all(address)).then_some(("to", "must be e-mail addresses, at least one"))
    }
}

/// Whether it goes no further than this machine; only then it may go in clear.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // Schemes that `url` does not know keep their host as text.
        Some(Host::Domain(name)) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Hidden {
        Hidden::new(text.into())
    }

    #[test]
    fn what_leaves_the_house_is_encrypted_and_signed() {
        let secret = format!("whsec_{}", STANDARD.encode([7; 24]));
        let wrong = |url: Option<Hidden>, secret: Option<Hidden>| WebhookSettings { url, secret }.nonsense().map(|(key, _)| key);
        assert_eq!(wrong(Some(hidden("https://hooks.example/x")), Some(hidden(&secret))), None);
        assert_eq!(wrong(Some(hidden("http://127.0.0.1:9/x")), Some(hidden(&secret))), None);
        assert_eq!(wrong(Some(hidden("http://hooks.example/x")), Some(hidden(&secret))), Some("url"));
        assert_eq!(wrong(Some(hidden("https://hooks.example/x")), None), Some("secret"));
        assert_eq!(wrong(Some(hidden("https://hooks.example/x")), Some(hidden("whsec_c2hvcnQ="))), Some("secret"));
        assert_eq!(wrong(None, None), None);
        let mail = |server: &str| {
            let settings =
                MailSettings { server: Some(hidden(server)), from: Some("k@x.example".into()), to: vec!["Sec <s@x.example>".into()] };
            settings.nonsense().map(|(key, _)| key)
        };
        for sound in ["smtps://u:p@mail.example", "smtp://u:p@mail.example:587?tls=required", "smtp://127.0.0.1:25", "smtp://localhost"] {
            assert_eq!(mail(sound), None, "{sound}");
        }
        for wrong in ["smtp://mail.example:25", "smtp://mail.example?tls=opportunistic", "http://127.0.0.1", "mail.example"] {
            assert_eq!(mail(wrong), Some("server"), "{wrong}");
        }
        assert_eq!(MailSettings { to: vec!["s@x.example".into()], ..MailSettings::default() }.nonsense().unwrap().0, "server");
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = WebhookSettings { url: Some(hidden("https://hooks.example/token")), secret: Some(hidden("whsec_x")) };
        assert!(!format!("{settings:?}{}", serde_json::to_string(&settings).unwrap()).contains("token"));
    }
}
