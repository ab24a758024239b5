//! How an app says who it is: HTTP Basic or the body, never both (RFC 6749 § 2.3.1).

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{form::Form, reply::Problem};

/// Client id and secret.
#[derive(PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Credentials {
    /// The credentials of a request.
    pub(super) fn of(headers: &HeaderMap, form: &Form) -> Result<Self, Problem> {
        let in_body = form.get("client_secret").is_some();
        match headers.get(AUTHORIZATION) {
            Some(_) if in_body => Err(Problem::invalid_request("authenticate in one way, not two")),
            Some(header) => {
                let basic = header.to_str().ok().and_then(basic).ok_or_else(Problem::invalid_client)?;
                match form.get("client_id") {
                    Some(id) if id != basic.id => Err(Problem::invalid_request("client_id names another client")),
                    _ => Ok(basic),
                }
            }
            None => match (form.get("client_id"), form.get("client_secret")) {
                (Some(id), Some(secret)) => Ok(Self { id: id.to_owned(), secret: secret.to_owned() }),
                _ => Err(Problem::invalid_client()),
            },
        }
    }
}

/// Id and secret are form-encoded before they are joined.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some(Credentials { id: decoded(id), secret: decoded(secret) })
}

fn decoded(text: &str) -> String {
    // As the value of a parameter without a name, with what would end it made harmless.
    let value = format!("={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(value.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_form_encoded_inside() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let read = |text: &str| basic(&header(text)).map(|found| (found.id, found.secret));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("app:secret"), pair("app", "secret"));
        assert_eq!(read("my+app%3A1:a%25b&c=d:e"), pair("my app:1", "a%b&c=d:e"));
        assert_eq!(read("no colon"), None);
        assert!(basic("Bearer abc").is_none() && basic("Basic !!!").is_none() && basic("Basic").is_none());
    }
}
