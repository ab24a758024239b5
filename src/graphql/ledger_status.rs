//! How the access log stands.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    scalar::DateTime,
};
use crate::app::anchor;

/// The query for the log's status.
#[derive(Debug, Default)]
pub struct LedgerStatusQuery;

#[Object]
impl LedgerStatusQuery {
    /// How the access log stands: its newest signed head, those outside who attest it, and what was found of it. Needs
    /// `LOG_READ`.
    async fn ledger_status(&self, ctx: &Context<'_>) -> Result<LedgerStatus> {
        let op = op(ctx);
        let anchor::LedgerStatus { head, anchors, breaches } = anchor::read_status(op).await.outward(op)?;
        Ok(LedgerStatus {
            size: head.map_or(0, |(size, _)| size),
            signed_at: head.map(|(_, at)| DateTime(at)),
            attesters: anchors.into_iter().map(Into::into).collect(),
            findings: breaches.into_iter().map(Into::into).collect(),
        })
    }
}

/// How the access log stands.
#[derive(Debug, SimpleObject)]
pub struct LedgerStatus {
    /// How many records are under the newest signed head.
    size: u64,
    /// When it was signed; `null` before the first record.
    signed_at: Option<DateTime>,
    /// Those outside who are asked to attest the heads, and those who were.
    attesters: Vec<LedgerAttester>,
    /// What was found of the log, acknowledged or not.
    findings: Vec<LedgerFinding>,
}

/// Of which kind somebody outside is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::anchor::Attester", name = "LedgerAttesterKind")]
pub enum AttesterKind {
    /// A witness, which cosigns a head if the log has only grown.
    Witness,
    /// A time stamping authority (RFC 3161).
    Authority,
}

/// How it stands with somebody outside.
#[derive(Debug, SimpleObject)]
pub struct LedgerAttester {
    /// A witness's name, an authority's address.
    name: String,
    /// Of what kind.
    kind: AttesterKind,
    /// Whether the settings still name it.
    named: bool,
    /// How many records are under the head it attested last; 0 if it has attested none.
    size: u64,
    /// When it attested that.
    attested_at: Option<DateTime>,
    /// When it was last asked.
    asked_at: Option<DateTime>,
    /// Since when it does not attest what it is asked for; `null` if all is well.
    failing_since: Option<DateTime>,
    /// Why.
    error: Option<String>,
    /// What it says of the log, in a sentence, without a signed head that would prove it. Nothing is stopped for that; find out
    /// whether it or the log is at fault.
    unproven: Option<String>,
}

/// That the log was found not to be the one seen before.
#[derive(Debug, SimpleObject)]
pub struct LedgerFinding {
    /// What was found, in a sentence.
    found: String,
    /// By what it was noticed.
    noticed_by: Option<String>,
    /// When.
    noticed_at: Option<DateTime>,
    /// When the operator acknowledged it.
    acknowledged_at: Option<DateTime>,
    /// Why it is so, as the operator says.
    reason: Option<String>,
}

impl From<anchor::AnchorStatus> for LedgerAttester {
    fn from(status: anchor::AnchorStatus) -> Self {
        let anchor::AnchorStatus { source, kind, named, last } = status;
        Self {
            name: source,
            kind: kind.into(),
            named,
            size: last.as_ref().map_or(0, |last| last.size),
            attested_at: last.as_ref().and_then(|last| last.at).map(DateTime),
            asked_at: last.as_ref().map(|last| DateTime(last.tried_at)),
            failing_since: last.as_ref().and_then(|last| last.failing_since).map(DateTime),
            unproven: last.as_ref().and_then(|last| last.claim).map(|claim| claim.told()),
            error: last.and_then(|last| last.error),
        }
    }
}

impl From<anchor::BreachStatus> for LedgerFinding {
    fn from(status: anchor::BreachStatus) -> Self {
        let anchor::BreachStatus { breach, found, acknowledged } = status;
        let (noticed_at, noticed_by) = found.unzip();
        let (acknowledged_at, reason) = acknowledged.unzip();
        Self {
            found: breach.told(),
            noticed_by,
            noticed_at: noticed_at.map(DateTime),
            acknowledged_at: acknowledged_at.map(DateTime),
            reason,
        }
    }
}
