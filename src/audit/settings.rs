//! What can be set about the ledger, under `ledger`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{ledger::WitnessKey, store::archive};

/// A witness of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// What its cosignatures are checked with: `name+id+key`.
    pub key: String,
    /// Its address, to which `/add-checkpoint` is appended.
    pub url: String,
}

fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// How the ledger is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The name of the log in its checkpoints, for example `leadkeep.acme.com/leads`; by default `leadkeep/` and the id of
    /// its key. No white space, no `+`.
    pub origin: Option<String>,
    /// How many records may wait to be written or be in writing. Requests beyond that are refused before they read anything.
    pub queue: usize,
    /// How many bytes these may come to, documents and variables included; a single longer record has the queue to itself.
    pub queue_bytes: usize,
    /// Milliseconds an answer waits for its record before it is withheld, and after which a disk that is still at work on
    /// earlier records is taken for stuck: then requests are refused at once. A record that comes late is written nevertheless.
    pub patience: u64,
    /// Bytes of disk to keep beside the databases (SQLite), released when it is full so that what has begun can be ended in
    /// order; 0: none.
    pub reserve: u64,
    /// How many records share a commit at most.
    pub batch: usize,
    /// How long a new record waits for its place in the tree and a signed tree head over it (ms).
    pub fold_every: u64,
    /// Seconds after which a server takes a change of its own without its record for one that was given up, and records it as
    /// interrupted. Longer than any change can take, at most 3000.
    pub sweep_after: u64,
    /// Who witnesses the log on hosts of their own: `{ key = "…", url = "https://…" }` each, the key as `leadkeep witness` prints it.
    pub witnesses: Vec<Witness>,
    /// How long a new tree head waits for the witnesses at most (s); it goes to them together with what came meanwhile.
    pub witness_every: u64,
    /// The address of an RFC 3161 time stamping authority that stamps tree heads.
    pub timestamp_authority: Option<String>,
    /// How often it is asked (s).
    pub timestamp_every: u64,
    /// How many records make a new segment of the index; fewer wait in memory and are read again by each server that is asked.
    pub index_segment: u64,
    /// Where records go that leave the database.
    pub archive: archive::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origin: None,
            queue: 4_096,
            queue_bytes: 32 * 1024 * 1024,
            patience: 10_000,
            reserve: 16 * 1024 * 1024,
            batch: 256,
            fold_every: 200,
            sweep_after: 1_800,
            index_segment: 8_192,
            witnesses: Vec::new(),
            witness_every: 5,
            timestamp_authority: None,
            timestamp_every: 3_600,
            archive: archive::Settings::default(),
        }
    }
}

impl Settings {
    /// The first value that makes no sense: its key and what is wrong.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if self.origin.as_deref().is_some_and(|origin| !crate::ledger::checkpoint::is_origin(origin)) {
            return Some(("ledger.origin", "must be a name without white space and plus signs"));
        }
        // `ledger verify` takes an hour for too long.
        if self.sweep_after == 0 || self.sweep_after > 3_000 {
            return Some(("ledger.sweep_after", "must be between 1 and 3000"));
        }
        if self.fold_every > 1_000 {
            return Some(("ledger.fold_every", "must be at most 1000: a tree head is signed at least every second"));
        }
        if self.witnesses.iter().any(|witness| WitnessKey::parse(&witness.key).is_none() || !is_address(&witness.url)) {
            return Some(("ledger.witnesses", "each needs its `key`, as `leadkeep witness` prints it, and its `url`, http:// or https://"));
        }
        let names: HashSet<_> = self.witnesses.iter().filter_map(|witness| Some(WitnessKey::parse(&witness.key)?.name)).collect();
        if names.len() != self.witnesses.len() {
            return Some(("ledger.witnesses", "no two may have the same name"));
        }
        if self.timestamp_authority.as_deref().is_some_and(|url| !is_address(url)) {
            return Some(("ledger.timestamp_authority", "must be an address, http:// or https://"));
        }
        if self.witness_every == 0 || self.timestamp_every == 0 {
            let key = if self.witness_every == 0 { "ledger.witness_every" } else { "ledger.timestamp_every" };
            return Some((key, "must be at least 1"));
        }
        if self.index_segment == 0 || self.index_segment > 65_536 {
            return Some(("ledger.index_segment", "must be from 1 to 65536"));
        }
        if let Some(nonsense) = self.archive.nonsense() {
            return Some(nonsense);
        }
        // Whether they wait or are being written, records are counted in 32 bits.
        if !(65_536..=1 << 30).contains(&self.queue_bytes) {
            return Some(("ledger.queue_bytes", "must be from 65536 to 1073741824"));
        }
        if self.reserve != 0 && !(1 << 20..=1 << 40).contains(&self.reserve) {
            return Some(("ledger.reserve", "must be 0 or from 1048576 to 1099511627776"));
        }
        let positive = [
            ("ledger.queue", self.queue),
            ("ledger.patience", self.patience as usize),
            ("ledger.batch", self.batch),
            ("ledger.fold_every", self.fold_every as usize),
        ];
        positive.into_iter().find(|(_, value)| *value == 0).map(|(key, _)| (key, "must be at least 1"))
    }
}
