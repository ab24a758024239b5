//! What the HTTP side trusts and shows.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Settings under `http`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether `/metrics` is served.
    pub metrics: bool,
    /// Addresses that may read `/metrics`; of others it hides.
    pub metrics_from: Vec<IpAddr>,
    /// Open connections at most; further ones wait.
    pub connections: usize,
    /// Seconds a caller may take for the head of a request, and a connection may idle.
    pub header_time: u64,
    /// Seconds a caller may go without taking anything of an answer; then the connection is dropped.
    pub answer_time: u64,
    /// Seconds that requests under way get to finish when the server is told to stop.
    pub shutdown_grace: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            metrics: true,
            metrics_from: vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])],
            connections: 4_096,
            header_time: 30,
            answer_time: 30,
            shutdown_grace: 30,
        }
    }
}
