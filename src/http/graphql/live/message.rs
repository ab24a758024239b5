//! The messages of the subprotocol `graphql-transport-ws` (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).

use axum::{
    extract::ws::{CloseFrame, Message, Utf8Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::http::graphql::call::Call;

/// The subprotocol.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of an id that a client gives a subscription.
const LONGEST_ID: usize = 128;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    /// Who they are.
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    /// Are you there?
    Ping {
        #[serde(default)]
        payload: Option<Value>,
    },
    /// I am here.
    Pong,
    /// Begin this.
    Subscribe { id: String, payload: Box<Call> },
    /// End that.
    Complete { id: String },
}

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) String);

impl Close {
    pub(super) fn new(code: u16, why: &str) -> Self {
        Self(code, why.to_owned())
    }

    /// The frame, which has 123 bytes for the reason (RFC 6455 § 5.5).
    pub(super) fn frame(mut self) -> Message {
        self.1.truncate(self.1.floor_char_boundary(123));
        Message::Close(Some(CloseFrame { code: self.0, reason: self.1.into() }))
    }
}

/// What a text frame says.
pub(super) fn read(text: &str) -> Result<Said, Close> {
    let invalid = || Close::new(4400, "This is no message of graphql-transport-ws.");
    let said: Said = serde_json::from_str(text).map_err(|_| invalid())?;
    match &said {
        Said::Subscribe { id, .. } | Said::Complete { id } if id.is_empty() || id.len() > LONGEST_ID => Err(invalid()),
        _ => Ok(said),
    }
}

/// The headers of the upgrade with those that the payload of `connection_init` names: a page in a browser can set none.
/// One that is named in both stands there twice.
pub(super) fn headers(upgrade: &HeaderMap, payload: Map<String, Value>) -> HeaderMap {
    let mut headers = upgrade.clone();
    for (name, value) in payload {
        let (Ok(name), Some(Ok(value))) = (HeaderName::from_bytes(name.as_bytes()), value.as_str().map(HeaderValue::from_str)) else {
            continue;
        };
        if name == AUTHORIZATION || name == "x-access-purpose" {
            headers.append(name, value);
        }
    }
    headers
}

/// `connection_ack`.
pub(super) fn ack() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#))
}

/// `pong`, with what the ping said.
pub(super) fn pong(payload: Option<Value>) -> Message {
    let mut pong = serde_json::json!({ "type": "pong" });
    if let Some(payload) = payload {
        pong["payload"] = payload;
    }
    Message::Text(pong.to_string().into())
}

/// `next` with a result in JSON.
pub(super) fn next(id: &str, result: &[u8]) -> Message {
    about(id, "next", Some(&String::from_utf8_lossy(result)))
}

/// `error` with the errors of a result in JSON.
pub(super) fn error(id: &str, result: &[u8]) -> Message {
    #[derive(Deserialize)]
    struct Errors<'r> {
        #[serde(borrow)]
        errors: &'r RawValue,
    }
    let errors = serde_json::from_slice::<Errors<'_>>(result).map_or("[]", |result| result.errors.get());
    about(id, "error", Some(errors))
}

/// `complete`.
pub(super) fn complete(id: &str) -> Message {
    about(id, "complete", None)
}

fn about(id: &str, what: &str, payload: Option<&str>) -> Message {
    let id = Value::from(id);
    let payload = payload.map(|json| format!(",\"payload\":{json}")).unwrap_or_default();
    Message::Text(format!("{{\"id\":{id},\"type\":\"{what}\"{payload}}}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_told_apart() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
        ] {
            assert_eq!(read(text).unwrap_err().0, 4400, "{text}");
        }
        let subscribe = r#"{"id":"a","type":"subscribe","payload":{"query":"{a}","variables":null,"operationName":null,"other":1},"x":1}"#;
        assert!(matches!(read(subscribe), Ok(Said::Subscribe { id, payload }) if id == "a" && payload.query.as_deref() == Some("{a}")));
        assert!(matches!(read(r#"{"type":"connection_init"}"#), Ok(Said::ConnectionInit { payload: None })));
        assert!(matches!(read(r#"{"type":"ping","payload":null}"#), Ok(Said::Ping { payload: None })));
        assert!(matches!(read(r#"{"type":"pong","payload":{}}"#), Ok(Said::Pong)));
    }

    #[test]
    fn ids_are_escaped_and_results_stay_as_they_are() {
        let Message::Text(text) = next("a\"b", br#"{"data":{"a":1},"extensions":{}}"#) else { panic!() };
        assert_eq!(text.as_str(), r#"{"id":"a\"b","type":"next","payload":{"data":{"a":1},"extensions":{}}}"#);
        let Message::Text(text) = error("a", br#"{"errors":[{"message":"x"}],"extensions":{}}"#) else { panic!() };
        assert_eq!(text.as_str(), r#"{"id":"a","type":"error","payload":[{"message":"x"}]}"#);
        assert_eq!(complete("a"), Message::Text(r#"{"id":"a","type":"complete"}"#.into()));
    }

    #[test]
    fn a_header_in_both_places_stands_there_twice() {
        let upgrade: HeaderMap = [(AUTHORIZATION, HeaderValue::from_static("Bearer a"))].into_iter().collect();
        let payload = |json: &str| serde_json::from_str::<Map<String, Value>>(json).unwrap();
        let merged = headers(&upgrade, payload(r#"{"authorization":"Bearer b","X-Access-Purpose":"AUDIT","cookie":"x","n":1}"#));
        assert_eq!(merged.get_all(AUTHORIZATION).iter().count(), 2);
        assert_eq!(merged.get("x-access-purpose").unwrap(), "AUDIT");
        assert!(merged.get("cookie").is_none());
        assert_eq!(headers(&HeaderMap::new(), payload(r#"{"Authorization":"Bearer b"}"#)).get(AUTHORIZATION).unwrap(), "Bearer b");
    }
}
