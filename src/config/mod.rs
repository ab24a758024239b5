//! Typed settings: TOML file < environment `LEADKEEP_*` < flags. Unknown keys and bad values are refused by name.
//!
//! A key `limits.page_size` of the file is `LEADKEEP_LIMITS_PAGE_SIZE` in the environment. `DATABASE_URL` is honoured
//! unless `LEADKEEP_DATABASE_URL` says otherwise.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

mod secret;
mod source;

pub use secret::DatabaseUrl;
pub use source::{SettingsError, Sources};

/// Everything that can be set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The data folder: keys, and with SQLite the databases.
    pub data: PathBuf,
    /// A PostgreSQL database instead of SQLite in the data folder.
    pub database_url: Option<DatabaseUrl>,
    /// Connections to the database at most; the access log has up to four more of its own.
    pub database_connections: u32,
    /// The address to listen on.
    pub address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// A folder of trusted documents (`*.graphql`); with it, no other document is executed.
    pub documents: Option<PathBuf>,
    /// How callers prove who they are.
    pub auth: crate::auth::Settings,
    /// What the HTTP side trusts and shows.
    pub http: crate::http::Settings,
    /// How many subscriptions there may be, and for how long.
    pub subscriptions: crate::http::SubscriptionSettings,
    /// What one request may cost.
    pub limits: crate::app::Limits,
    /// How the ledger is written.
    pub ledger: crate::audit::Settings,
    /// How the access log is read.
    pub access_log: crate::app::access_log::Settings,
    /// How quotas are counted.
    pub quotas: crate::app::quota::Settings,
    /// What raises an alarm, and where it goes.
    pub alarms: crate::app::alarms::Settings,
    /// What holds of agreements that are published without saying otherwise.
    pub agreements: crate::app::agreements::Settings,
    /// Which canaries there are.
    pub canaries: crate::app::canaries::Settings,
    /// What is logged, and how.
    pub log: LogSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("leadkeep-data"),
            database_url: None,
            database_connections: 16,
            address: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            documents: None,
            auth: crate::auth::Settings::default(),
            http: crate::http::Settings::default(),
            subscriptions: crate::http::SubscriptionSettings::default(),
            limits: crate::app::Limits::default(),
            ledger: crate::audit::Settings::default(),
            access_log: crate::app::access_log::Settings::default(),
            quotas: crate::app::quota::Settings::default(),
            alarms: crate::app::alarms::Settings::default(),
            agreements: crate::app::agreements::Settings::default(),
            canaries: crate::app::canaries::Settings::default(),
            log: LogSettings::default(),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// One JSON object a line, or text for people.
    pub format: LogFormat,
    /// Which events, in the syntax of `tracing_subscriber::EnvFilter`, for example `info,leadkeep=debug`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, filter: "info".into() }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

impl Settings {
    /// The server's public address: the one that is set, or else the one it listens on.
    pub fn issuer(&self) -> String {
        let listening = || format!("http://{}", SocketAddr::new(self.address, self.port));
        self.auth.issuer.clone().unwrap_or_else(listening)
    }

    /// The settings in force as TOML, secrets redacted.
    pub fn effective(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// The first value that is of the right type but makes no sense: its key and what is wrong.
    fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if let Some(nonsense) = self.ledger.nonsense().or_else(|| self.alarms.nonsense()) {
            return Some(nonsense);
        }
        if let Some(nonsense) = self.canaries.nonsense() {
            return Some(nonsense);
        }
        let limits = &self.limits;
        let positive = [
            ("database_connections", self.database_connections as usize),
            ("access_log.scan", self.access_log.scan as usize),
            ("limits.body_size", limits.body_size),
            ("limits.anonymous_body_size", limits.anonymous_body_size),
            ("limits.document_size", limits.document_size),
            ("limits.tokens", limits.tokens),
            ("limits.depth", limits.depth),
            ("limits.complexity", limits.complexity),
            ("limits.expansion", limits.expansion),
            ("limits.root_fields", limits.root_fields),
            ("limits.batch", limits.batch),
            ("limits.page_size", limits.page_size as usize),
            ("limits.request_time", limits.request_time as usize),
            ("limits.change_time", limits.change_time as usize),
            ("limits.uploads", limits.uploads),
            ("limits.upload_time", limits.upload_time as usize),
            ("limits.upload_stall", limits.upload_stall as usize),
            ("limits.evidence_files", limits.evidence_files),
            ("limits.evidence_time", limits.evidence_time as usize),
            ("limits.concurrency", limits.concurrency),
            ("http.connections", self.http.connections),
            ("http.header_time", self.http.header_time as usize),
            ("http.answer_time", self.http.answer_time as usize),
            ("subscriptions.total", self.subscriptions.total),
            ("subscriptions.each", self.subscriptions.each),
            ("subscriptions.lifetime", self.subscriptions.lifetime as usize),
            ("subscriptions.heartbeat", self.subscriptions.heartbeat as usize),
            ("auth.access_token_seconds", self.auth.access_token_seconds.max(0) as usize),
            ("auth.refresh_token_seconds", self.auth.refresh_token_seconds.max(0) as usize),
            ("auth.session_seconds", self.auth.session_seconds.max(0) as usize),
            ("auth.keep_sessions_seconds", self.auth.keep_sessions_seconds.max(0) as usize),
            ("auth.password_hashes_at_once", self.auth.password_hashes_at_once),
        ];
        if let Some((key, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Some((key, "must be at least 1"));
        }
        // Else a change that is still being made could be taken for one that was left behind.
        if self.ledger.sweep_after.saturating_mul(1_000) < 2 * limits.upload_time.max(limits.change_time) {
            return Some(("ledger.sweep_after", "must be at least twice limits.upload_time and limits.change_time"));
        }
        // An access record names every lead of an answer; a page beyond this would not fit a ledger entry.
        (limits.page_size > 5_000).then_some(("limits.page_size", "must be at most 5000"))
    }
}
