//! Bodies of the token endpoints: `application/x-www-form-urlencoded`, small, every parameter once (RFC 6749 § 3.2).

use std::{collections::HashMap, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use http_body_util::{BodyExt, Limited};

use super::reply::Problem;

/// Two tokens of the longest kind and the names around them fit.
const LIMIT: usize = 16 * 1_024;

/// The parameters of a request. One without a value counts as omitted.
#[derive(Debug, Default)]
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// Reads a body, within this time.
    pub(super) async fn read(headers: &HeaderMap, body: Body, patience: Duration) -> Result<Self, Problem> {
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::invalid_request("send application/x-www-form-urlencoded"));
        }
        let read = tokio::time::timeout(patience, Limited::new(body, LIMIT).collect()).await;
        let bytes = read.map_err(|_| Problem::invalid_request("the body took too long"))?;
        let bytes = bytes.map_err(|_| Problem::invalid_request("the body broke off or is too long"))?;
        Self::parse(&bytes.to_bytes())
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut parameters = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Problem::invalid_request("a parameter came twice"));
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// What of it may be recorded: everything but secrets and tokens.
    pub(super) fn recorded(&self) -> String {
        let known =
            ["grant_type", "client_id", "scope", "audience", "resource", "requested_token_type", "subject_token_type", "token_type_hint"];
        let kept: serde_json::Map<_, _> = known.iter().filter_map(|name| Some(((*name).to_owned(), cut(self.get(name)?).into()))).collect();
        serde_json::Value::Object(kept).to_string()
    }
}

/// As much of a parameter as a record keeps: strangers must not fill the ledger with their texts.
fn cut(value: &str) -> String {
    value.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let form = Form::parse(b"grant_type=client_credentials&client_id=a%20b&client_secret=s3cret&scope=").unwrap();
        assert_eq!((form.get("client_id"), form.get("scope")), (Some("a b"), None));
        assert_eq!(form.recorded(), r#"{"client_id":"a b","grant_type":"client_credentials"}"#);
        assert!(Form::parse(b"a=1&a=2").is_err());
    }
}
