//! Those outside who attest the log's heads.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::Courier;
use crate::{
    audit,
    ledger::{Breach, WitnessKey},
    store::StoreError,
};

/// Who they are, the way to them, and where this host keeps the newest head itself.
#[derive(Debug)]
pub struct Outside {
    /// With their addresses.
    pub(super) witnesses: Vec<(WitnessKey, String)>,
    pub(super) authority: Option<String>,
    pub(super) witness_every: Duration,
    pub(super) timestamp_every: Duration,
    pub(super) courier: Arc<dyn Courier>,
    pub(super) memory: PathBuf,
}

impl Outside {
    /// Those whom the settings name; `memory` is the file in which this host keeps the newest head.
    pub fn new(settings: &audit::Settings, memory: PathBuf, courier: Arc<dyn Courier>) -> Self {
        let witness = |witness: &audit::Witness| {
            // The settings were refused if it is no key.
            Some((WitnessKey::parse(&witness.key)?, witness.url.trim_end_matches('/').to_owned()))
        };
        Self {
            witnesses: settings.witnesses.iter().filter_map(witness).collect(),
            authority: settings.timestamp_authority.clone(),
            witness_every: Duration::from_secs(settings.witness_every),
            timestamp_every: Duration::from_secs(settings.timestamp_every),
            courier,
            memory,
        }
    }
}

/// Why a head was not attested.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unattested {
    /// Nobody was reached, or the answer is of no use.
    #[error("{0}")]
    Unheard(String),
    /// The witness has cosigned another history, and showed a head of it that this log's own key has signed.
    #[error("{}", .0.told())]
    Breached(Breach),
    /// It says that it has cosigned another history, and showed nothing that proves it.
    #[error("it shows no head that would prove it, so nothing stops for it, but says that {}", .0.told())]
    Claimed(Breach),
    /// The log itself could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
