//! What `leadkeep ledger status` says of witnesses, time stamps and what was found of the log.

use leadkeep::{
    app::anchor::{self, AnchorStatus, BreachStatus, LedgerStatus},
    audit,
    store::{Store, StoreError, ledger::outside::Attester},
};

use super::counted;

/// Rows to show, and whether something was found that nobody has acknowledged.
pub(super) async fn rows(store: &Store, settings: &audit::Settings) -> Result<(Vec<(&'static str, String)>, bool), StoreError> {
    let LedgerStatus { head, anchors, breaches } = anchor::status(store, settings).await?;
    let mut rows = Vec::new();
    if anchors.is_empty() {
        rows.push(("witness", "none: whoever holds database and key can rewrite the log; see `leadkeep witness --help`".to_owned()));
    }
    for anchor in &anchors {
        tell(&mut rows, anchor, head.map_or(0, |(size, _)| size));
    }
    for breach in &breaches {
        found(&mut rows, breach);
    }
    Ok((rows, breaches.iter().any(|breach| breach.acknowledged.is_none())))
}

fn tell(rows: &mut Vec<(&'static str, String)>, anchor: &AnchorStatus, newest: u64) {
    let AnchorStatus { source, kind, named, last } = anchor;
    let (who, did) = match kind {
        Attester::Witness => ("witness", "cosigned"),
        Attester::Authority => ("authority", "stamped"),
    };
    let left = if *named { "" } else { " (no longer in the settings)" };
    rows.push((who, format!("{source}{left}")));
    let Some(last) = last else {
        rows.push(("", "not asked yet".to_owned()));
        return;
    };
    let how_far = match last.at {
        Some(at) => format!("{did} {} of {newest}, {at}", counted((last.size, "record"))),
        None => format!("{did} nothing yet"),
    };
    rows.push(("", how_far));
    if let Some(claim) = &last.claim {
        rows.push(("", format!("SAYS WITHOUT PROOF: {}", claim.told())));
    }
    if let Some(since) = last.failing_since {
        rows.push(("", format!("FAILING since {since}: {}", last.error.as_deref().unwrap_or_default())));
    }
}

fn found(rows: &mut Vec<(&'static str, String)>, status: &BreachStatus) {
    let BreachStatus { breach, found, acknowledged } = status;
    rows.push((if acknowledged.is_some() { "found" } else { "FOUND" }, breach.told()));
    if let Some((at, source)) = found {
        rows.push(("", format!("noticed {at} by {source}")));
    }
    rows.push(match acknowledged {
        Some((at, reason)) => ("", format!("acknowledged {at}: {reason}")),
        None => ("", "nothing is recorded until `leadkeep ledger acknowledge`".to_owned()),
    });
}
