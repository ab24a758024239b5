//! From which pages a WebSocket may be opened: browsers let any page try (RFC 6455 § 10.2).

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

/// Whether the request comes from no page at all, from one of this host or from one of the `allowed` origins.
pub(super) fn is_welcome(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => return true,
        (Some(origin), None) => origin.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return false,
    };
    if allowed.iter().any(|welcome| welcome.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, authority)| !authority.is_empty() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn of_this_host_or_named() {
        let allowed = ["https://apps.example.com".to_owned()];
        for (origin, welcome) in [
            (None, true),
            (Some("http://leads.example.com:8080"), true),
            (Some("https://Leads.Example.com:8080"), true),
            (Some("https://apps.example.com"), true),
            (Some("https://apps.example.com.evil.example"), false),
            (Some("http://leads.example.com"), false),
            (Some("http://leads.example.com:8080@evil.example"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
            (Some("://"), false),
        ] {
            let origin = origin.map(|origin: &str| (ORIGIN, HeaderValue::from_str(origin).unwrap()));
            let headers: Vec<(HeaderName, HeaderValue)> =
                origin.clone().into_iter().chain([(HOST, HeaderValue::from_static("leads.example.com:8080"))]).collect();
            assert_eq!(is_welcome(&headers.into_iter().collect(), &allowed), welcome, "{origin:?}");
        }
    }
}
