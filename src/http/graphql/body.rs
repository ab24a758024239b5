//! Reading the request: bodies within their limit, from JSON or the query string.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::call::{Call, Calls};

/// How long nothing may arrive of a body that is discarded.
const STALL: Duration = Duration::from_millis(100);
/// How long discarding may take.
const DISCARDING: Duration = Duration::from_secs(2);

/// A request that never became an operation: status and what to tell.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) StatusCode, pub(super) String);

/// 400.
pub(super) fn bad(message: impl Into<String>) -> Unreadable {
    Unreadable(StatusCode::BAD_REQUEST, message.into())
}

/// The media type of a posted body, in lower case, without parameters; refused with a charset other than UTF-8.
pub(super) fn media_type(headers: &HeaderMap) -> Result<String, Unreadable> {
    let unsupported =
        || Unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send application/json in UTF-8, or multipart/form-data for uploads.".into());
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).ok_or_else(unsupported)?;
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    for parameter in parts {
        if let Some((name, value)) = parameter.split_once('=') {
            let utf8 = matches!(value.trim().trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8");
            if name.trim().eq_ignore_ascii_case("charset") && !utf8 {
                return Err(unsupported());
            }
        }
    }
    match media.as_str() {
        "application/json" | "multipart/form-data" => Ok(media),
        _ => Err(unsupported()),
    }
}

/// What reads a part of the request, unless that takes longer than so many milliseconds.
pub(super) async fn within<T>(milliseconds: u64, reading: impl Future<Output = Result<T, Unreadable>>) -> Result<T, Unreadable> {
    let read = tokio::time::timeout(Duration::from_millis(milliseconds), reading).await;
    read.map_err(|_| Unreadable(StatusCode::REQUEST_TIMEOUT, "The body took too long.".into()))?
}

/// Takes in what is arriving of a body, at most `limit` bytes, and keeps nothing: whoever is still sending when the connection closes
/// does not see what was answered.
pub(super) async fn discard(mut body: Body, limit: usize) {
    let arriving = async {
        let mut taken = 0;
        while taken < limit
            && let Ok(Some(Ok(frame))) = tokio::time::timeout(STALL, body.frame()).await
        {
            taken += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // What takes longer is cut off.
    let _ = tokio::time::timeout(DISCARDING, arriving).await;
}

/// The whole body, at most `limit` bytes of it.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Unreadable> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Unreadable(StatusCode::PAYLOAD_TOO_LARGE, format!("The body may have {limit} bytes at most.")))
        }
        Err(_) => Err(bad("The body broke off.")),
    }
}

/// What a JSON body asks for.
pub(super) fn from_json(bytes: &[u8], batch: usize) -> Result<Calls, Unreadable> {
    let malformed = |error: serde_json::Error| bad(format!("The body is no GraphQL request in JSON: {error}"));
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
        return serde_json::from_slice(bytes).map(|call| Calls::One(Box::new(call))).map_err(malformed);
    }
    let calls: Vec<Call> = serde_json::from_slice(bytes).map_err(malformed)?;
    if calls.is_empty() || calls.len() > batch {
        return Err(bad(format!("A batch may have 1 to {batch} operations.")));
    }
    Ok(Calls::Batch(calls))
}

/// What a query string of at most `limit` bytes asks for.
pub(super) fn from_query(uri: &Uri, limit: usize) -> Result<Calls, Unreadable> {
    if uri.query().is_some_and(|query| query.len() > limit) {
        return Err(Unreadable(StatusCode::URI_TOO_LONG, format!("The query string is longer than {limit} bytes; send it by POST.")));
    }
    let mut call = Call::default();
    let object =
        |name: &str, text: &str| serde_json::from_str(text).map_err(|_| bad(format!("The parameter {name} must be a JSON object.")));
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "query" => call.query = Some(value.into_owned()),
            "documentId" => call.document_id = Some(value.into_owned()),
            "operationName" if !value.is_empty() => call.operation_name = Some(value.into_owned()),
            "variables" if !value.is_empty() => call.variables = object("variables", &value)?,
            "extensions" if !value.is_empty() => call.extensions = object("extensions", &value)?,
            _ => {}
        }
    }
    Ok(Calls::One(Box::new(call)))
}
