//! Which media type the answer gets.

use axum::http::{HeaderMap, header::ACCEPT};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was understood.
    Response,
    /// `text/event-stream`: the events of a subscription.
    Events,
    /// `application/json`: 200 for every well-formed request, as clients of old expect.
    Json,
}

impl Media {
    /// The `Content-Type`.
    pub(in crate::http) const fn name(self) -> &'static str {
        match self {
            // What is no event is told as an answer is.
            Self::Response | Self::Events => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The media type the caller likes best; `None` if it likes neither. Without `Accept` it is `application/json`, like
/// before there was another.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut best: Option<(Media, u16)> = None;
    let mut any = false;
    for range in headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')) {
        any = true;
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next().map(str::to_ascii_lowercase).as_deref() {
            Some("application/graphql-response+json") => Media::Response,
            Some("text/event-stream") => Media::Events,
            Some("application/json" | "application/*" | "*/*") => Media::Json,
            _ => continue,
        };
        let mut weight = 1_000;
        let mut readable = true;
        for parameter in parts {
            match parameter
                .split_once('=')
                .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase()))
            {
                Some((name, value)) if name == "q" => weight = value.parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1_000.0) as u16),
                Some((name, value)) if name == "charset" => readable = matches!(value.as_str(), "utf-8" | "utf8"),
                _ => {}
            }
        }
        if readable && weight > 0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((media, weight));
        }
    }
    if any { best.map(|(media, _)| media) } else { Some(Media::Json) }
}
