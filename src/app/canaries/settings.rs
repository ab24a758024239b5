//! What can be set.

use serde::{Deserialize, Serialize};

use crate::notify::{MailSettings, WebhookSettings};

/// Settings under `canaries.keeper`: how the trap's keeper, and nobody else, is told what was done with canaries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeeperSettings {
    /// The hour (UTC) of the day's bulletin.
    pub hour: u8,
    /// Where the keeper looks at one: an address with `{day}` in it, sent along.
    pub link: Option<String>,
    /// The webhook that is called.
    pub webhook: WebhookSettings,
    /// The e-mail that is sent.
    pub mail: MailSettings,
}

impl Default for KeeperSettings {
    fn default() -> Self {
        Self { hour: 6, link: None, webhook: WebhookSettings::default(), mail: MailSettings::default() }
    }
}

impl KeeperSettings {
    fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if self.hour > 23 {
            return Some(("canaries.keeper.hour", "must be 0 to 23"));
        }
        let webhook = self.webhook.nonsense().map(|(key, wrong)| match key {
            "url" => ("canaries.keeper.webhook.url", wrong),
            _ => ("canaries.keeper.webhook.secret", wrong),
        });
        let mail = || {
            self.mail.nonsense().map(|(key, wrong)| match key {
                "server" => ("canaries.keeper.mail.server", wrong),
                "from" => ("canaries.keeper.mail.from", wrong),
                _ => ("canaries.keeper.mail.to", wrong),
            })
        };
        webhook.or_else(mail)
    }
}

/// Settings under `canaries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Domains that the company holds and that no real lead has mail at. Without one nobody is invented.
    pub domains: Vec<String>,
    /// Canaries that each person sees who sees e-mail addresses in clear.
    pub per_reader: u32,
    /// Whether an exported file gets one of its own.
    pub exports: bool,
    /// Leads that a person must see in clear, or a file must have, before a canary is put among them.
    pub at_least: u32,
    /// Canaries kept in stock for files.
    pub stock: u32,
    /// Seconds between two rounds in which a server invents what is lacking.
    pub every: u64,
    /// Bytes of a found list that is traced.
    pub trace_bytes: u64,
    /// People of a found list, canaries aside, whose showings are looked up; of a longer list so many spread over it.
    pub trace_leads: usize,
    /// Records that are looked at to trace a list, and as many again to learn how much its readers were shown.
    pub trace_records: usize,
    /// How the keeper is told.
    pub keeper: KeeperSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            per_reader: 3,
            exports: true,
            at_least: 20,
            stock: 10,
            every: 3_600,
            trace_bytes: 32 * 1024 * 1024,
            trace_leads: 1_000,
            trace_records: 50_000,
            keeper: KeeperSettings::default(),
        }
    }
}

impl Settings {
    /// The first value that is of the right type but makes no sense: its key and what is wrong.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        let is_domain = |domain: &String| crate::domain::normal::email(&format!("a@{domain}")).is_some();
        if !self.domains.iter().all(is_domain) {
            return Some(("canaries.domains", "must be domains such as mail.company.com"));
        }
        if self.every == 0 {
            return Some(("canaries.every", "must be at least 1"));
        }
        self.keeper.nonsense()
    }
}
