//! What can be set.

use serde::{Deserialize, Serialize};

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
        (self.every == 0).then_some(("canaries.every", "must be at least 1"))
    }
}
