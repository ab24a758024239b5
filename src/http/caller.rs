//! From where a request comes and what it is for.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header::USER_AGENT};

use super::Settings;
use crate::{
    domain::Client,
    policy::{Refusal, purpose},
};

const USER_AGENT_CHARACTERS: usize = 256;

/// Purpose code and free text.
pub(super) type Purpose = Option<(String, Option<String>)>;

/// The client as records name it.
pub(super) fn client(settings: &Settings, peer: SocketAddr, headers: &HeaderMap) -> Client {
    let user_agent =
        headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).chars().take(USER_AGENT_CHARACTERS).collect());
    Client { ip: Some(address(settings, peer, headers).to_string()), user_agent }
}

/// The peer's address, or if that is a trusted proxy, the last address in `X-Forwarded-For` that is none.
pub(super) fn address(settings: &Settings, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = peer.ip().to_canonical();
    if settings.trusted_proxies.is_empty() {
        return address;
    }
    let forwarded: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).collect();
    for hop in forwarded.into_iter().rev() {
        if !settings.trusted_proxies.contains(&address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(before) => address = before.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

/// `X-Access-Purpose: CODE` or `CODE; free text`.
pub(super) fn purpose(headers: &HeaderMap) -> Result<Purpose, Refusal> {
    let Some(header) = headers.get("x-access-purpose") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(header.as_bytes()).map_err(|_| Refusal::bad_input("X-Access-Purpose must be UTF-8."))?;
    purpose::parse(text).map(Some)
}
