//! How the log stands: its newest head, those outside, what was found of it.

use crate::{
    app::{Error, Op},
    audit,
    domain::Timestamp,
    ledger::{Breach, WitnessKey},
    policy::Permission,
    store::{
        Store, StoreError,
        ledger::outside::{Anchor, Attester},
    },
};

/// How the log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerStatus {
    /// Size of the newest head and when it was signed; `None` before the first record.
    pub head: Option<(u64, Timestamp)>,
    /// Those outside whom the settings name, and those that were asked before.
    pub anchors: Vec<AnchorStatus>,
    /// What was found of the log, the oldest first.
    pub breaches: Vec<BreachStatus>,
}

/// How it stands with one of those outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorStatus {
    /// A witness's name, an authority's address.
    pub source: String,
    /// Of what kind.
    pub kind: Attester,
    /// Whether the settings still name it.
    pub named: bool,
    /// What came of asking it; `None`: it was not asked yet.
    pub last: Option<Anchor>,
}

/// Something that was found of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachStatus {
    /// What.
    pub breach: Breach,
    /// When, and by what it was noticed; `None` of an entry, which the sequencer finds each time.
    pub found: Option<(Timestamp, String)>,
    /// When an operator acknowledged it, and why; `None`: nothing is recorded until somebody does.
    pub acknowledged: Option<(Timestamp, String)>,
}

/// The same for whoever may read the log.
pub async fn read_status(op: &Op) -> Result<LedgerStatus, Error> {
    op.rights.permit(Permission::LogRead)?;
    Ok(status(&op.core.store, op.core.recorder.settings()).await?)
}

/// Looks.
pub async fn status(store: &Store, settings: &audit::Settings) -> Result<LedgerStatus, StoreError> {
    let mut known = store.anchors().await?;
    let witnesses = settings.witnesses.iter().filter_map(|witness| Some((WitnessKey::parse(&witness.key)?.name, Attester::Witness)));
    let named = witnesses.chain(settings.timestamp_authority.clone().map(|url| (url, Attester::Authority)));
    let mut anchors: Vec<AnchorStatus> = named
        .map(|(source, kind)| {
            let place = known.iter().position(|anchor| anchor.source == source);
            AnchorStatus { last: place.map(|place| known.swap_remove(place)), source, kind, named: true }
        })
        .collect();
    let rest = known.into_iter().map(|last| AnchorStatus { source: last.source.clone(), kind: last.kind, named: false, last: Some(last) });
    anchors.extend(rest);
    let mut acknowledged = store.acknowledged().await?;
    let mut breaches = Vec::new();
    for found in store.breaches().await? {
        let by = acknowledged.iter().find(|known| known.breach.covers(&found.breach)).map(|known| (known.at, known.reason.clone()));
        breaches.push(BreachStatus { breach: found.breach, found: Some((found.at, found.source)), acknowledged: by });
    }
    acknowledged.retain(|known| matches!(known.breach, Breach::Entry { .. }));
    let entries = acknowledged.into_iter();
    breaches.extend(entries.map(|known| BreachStatus { breach: known.breach, found: None, acknowledged: Some((known.at, known.reason)) }));
    Ok(LedgerStatus { head: store.ledger_signed_at().await?, anchors, breaches })
}
