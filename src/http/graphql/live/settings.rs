//! How many subscriptions there may be, and for how long.

use serde::{Deserialize, Serialize};

/// Settings under `subscriptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Subscriptions open on this server at most.
    pub total: usize,
    /// Subscriptions of one person or app on this server at most.
    pub each: usize,
    /// Seconds after which a subscription is completed.
    pub lifetime: u64,
    /// Seconds between signs of life.
    pub heartbeat: u64,
    /// Origins whose pages may open a WebSocket, besides those of the server's own host.
    pub origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { total: 256, each: 8, lifetime: 3_600, heartbeat: 15, origins: Vec::new() }
    }
}
