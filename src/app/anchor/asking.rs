//! Everybody outside is asked, and what came of it is noted: in the log's status, the server's log, and, if one of them has seen
//! another history, as a breach that stops the recorder.

use std::time::Duration;

use futures_util::future::join_all;

use super::{Outside, authority, look, outside::Unattested, witness};
use crate::{
    app::Core,
    domain::Timestamp,
    ledger::{Breach, WitnessKey},
    store::{
        Store, StoreError,
        ledger::outside::{Anchor, Attester, FoundBreach},
    },
};

/// Told of a witness of what was lost.
const GONE: &str = "it has cosigned a history that is gone, as was acknowledged, and signs no other: replace it by a new witness";

/// One of those outside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'o> {
    /// A witness, and its address.
    Witness(&'o WitnessKey, &'o str),
    /// The authority at this address.
    Authority(&'o str),
}

impl Outside {
    /// Each of them.
    pub(super) fn everybody(&self) -> Vec<Asked<'_>> {
        let witnesses = self.witnesses.iter().map(|(key, url)| Asked::Witness(key, url));
        witnesses.chain(self.authority.as_deref().map(Asked::Authority)).collect()
    }
}

impl<'o> Asked<'o> {
    /// The name it goes by.
    pub(super) fn source(self) -> &'o str {
        match self {
            Self::Witness(key, _) => &key.name,
            Self::Authority(url) => url,
        }
    }

    pub(super) const fn kind(self) -> Attester {
        match self {
            Self::Witness(..) => Attester::Witness,
            Self::Authority(_) => Attester::Authority,
        }
    }
}

/// Asks everybody at once about the newest head, for `patience` at most. Who is not reached is told of in the log's status.
pub async fn ask_all(core: &Core, patience: Duration) {
    ask_these(core, core.outside.everybody(), patience).await;
}

/// The same of the witnesses, who know whether the log is the one that they have seen.
pub async fn ask_witnesses(core: &Core, patience: Duration) {
    let mut witnesses = core.outside.everybody();
    witnesses.retain(|one| one.kind() == Attester::Witness);
    ask_these(core, witnesses, patience).await;
}

async fn ask_these(core: &Core, these: Vec<Asked<'_>>, patience: Duration) {
    let asked = these.into_iter().map(async |one| {
        if tokio::time::timeout(patience, ask(core, &core.outside, one)).await.is_err() {
            let late = Unattested::Unheard("it did not answer in time".into());
            told(one, note(core, one, Err(late)).await);
        }
    });
    join_all(asked).await;
}

/// Asks one of them; whether the newest head is attested.
pub(super) async fn ask(core: &Core, outside: &Outside, one: Asked<'_>) -> bool {
    let asked = match one {
        Asked::Witness(key, url) => witness::ask(core, outside, key, url).await,
        Asked::Authority(url) => authority::ask(core, outside, url).await,
    };
    let good = asked.is_ok();
    told(one, note(core, one, asked).await);
    good
}

fn told(one: Asked<'_>, noted: Result<(), StoreError>) {
    if let Err(error) = noted {
        tracing::warn!(source = one.source(), %error, "how it stands with it could not be noted");
    }
}

async fn note(core: &Core, one: Asked<'_>, asked: Result<Option<(u64, Timestamp)>, Unattested>) -> Result<(), StoreError> {
    let (source, now) = (one.source(), core.now());
    let before = core.store.anchors().await?.into_iter().find(|anchor| anchor.source == source);
    let failing = before.as_ref().and_then(|anchor| anchor.failing_since);
    let before = before.unwrap_or_else(|| Anchor::unasked(source, one.kind(), now));
    let anchor = match asked {
        Ok(None) => return Ok(()),
        Ok(Some((size, at))) => {
            if failing.is_some() {
                tracing::info!(source, size, "it attests the log's heads again");
            }
            Anchor { size, at: Some(at), tried_at: now, failing_since: None, error: None, claim: None, ..before }
        }
        Err(unattested) => {
            let (error, claim) = match unattested {
                Unattested::Breached(breach) => (breached(core, breach, source).await?, None),
                Unattested::Claimed(breach) if is_acknowledged(core, &breach).await? => (GONE.to_owned(), None),
                Unattested::Claimed(breach) => {
                    if before.claim.is_none() {
                        let claim = breach.told();
                        tracing::error!(source, claim, "a witness says so without proof; find out whether it or the log is at fault");
                    }
                    (unattested.to_string(), Some(breach))
                }
                // What it claimed before still stands.
                other => (other.to_string(), before.claim),
            };
            if before.error.as_deref() != Some(&error) {
                tracing::warn!(source, error, "the log's head was not attested; trying again");
            }
            Anchor { tried_at: now, failing_since: failing.or(Some(now)), error: Some(error), claim, ..before }
        }
    };
    core.recorder.writer().note_anchor(&anchor).await
}

/// A witness has proved another history: noted as a breach, unless that was acknowledged; what to tell of it.
async fn breached(core: &Core, breach: Breach, source: &str) -> Result<String, StoreError> {
    if is_acknowledged(core, &breach).await? {
        return Ok(GONE.to_owned());
    }
    let found = FoundBreach { breach, at: core.now(), source: format!("witness {source}") };
    core.recorder.writer().note_breach(&found).await?;
    look(core).await?;
    Ok(breach.told())
}

async fn is_acknowledged(core: &Core, breach: &Breach) -> Result<bool, StoreError> {
    Ok(core.store.acknowledged().await?.iter().any(|known| known.breach.covers(breach)))
}

/// The newest head of at least `from` entries that somebody has attested: size and note with the witnesses' signatures.
pub async fn witnessed(store: &Store, kind: Option<Attester>, from: u64) -> Result<Option<(u64, String)>, StoreError> {
    let Some(size) = store.newest_attested(kind, None).await?.filter(|size| *size >= from) else { return Ok(None) };
    let found = store.ledger_checkpoint(Some(size)).await?.filter(|(found, _)| *found == size);
    let Some((_, mut note)) = found else { return Ok(None) };
    note.push_str(&cosignatures(store, size).await?);
    Ok(Some((size, note)))
}

/// The signature lines of the witnesses of the head over `size` entries.
pub(in crate::app) async fn cosignatures(store: &Store, size: u64) -> Result<String, StoreError> {
    let lines = store.attestations(size).await?.into_iter().filter(|one| one.kind == Attester::Witness);
    Ok(lines.map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect())
}
