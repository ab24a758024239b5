//! What people had promised by the end of a range.

use std::collections::{BTreeMap, BTreeSet};

use super::{count::Counting, order::Order, rules::Change, who::Names};
use crate::{
    app::{
        Error, Op,
        agreements::{self, Wanted},
    },
    domain::{Digest, Id, Timestamp, hex, unhex},
    evidence::{Acceptance, Agreement, Profile, Signed},
    policy::{AgreementKind, AgreementVersion, Party, PolicyDocument},
    store::AcceptanceRow,
};

/// Acceptances read at once.
const PAGE: u64 = 500;
/// Texts of agreements that go into a file at most.
const TEXTS: usize = 500;

/// Every acceptance that was recorded before the end of the range.
pub(super) async fn read(op: &Op, to: Timestamp) -> Result<Vec<AcceptanceRow>, Error> {
    let mut all: Vec<AcceptanceRow> = Vec::new();
    let mut after = None;
    loop {
        let page = agreements::acceptances(op, &Wanted::default(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.acceptance.id);
        all.extend(page.into_iter().filter(|row| row.at < to));
    }
}

/// The texts that were published or accepted, by hash.
pub(super) async fn texts(
    op: &Op,
    order: &Order,
    accepted: &[AcceptanceRow],
    revisions: &[Change],
) -> Result<BTreeMap<String, String>, Error> {
    let mut found = BTreeMap::new();
    if order.profile == Profile::OpposingCounsel {
        return Ok(found);
    }
    let changes = revisions.iter().flat_map(|(_, changes)| changes).filter(|change| change.kind == "agreement");
    let versions = changes.filter_map(|change| serde_json::from_str::<AgreementVersion>(change.after.as_deref()?).ok());
    let published = versions.filter_map(|version| unhex(&version.sha256));
    let wanted: BTreeSet<Digest> = published.chain(accepted.iter().filter_map(|row| row.text_sha256)).take(TEXTS).collect();
    for sha256 in wanted {
        if let Some(text) = op.core.store.agreement_text(&sha256).await? {
            found.insert(hex(&sha256), text);
        }
    }
    Ok(found)
}

/// The facts; `people` are those who could see leads at the end of the range.
pub(super) fn facts(
    order: &Order,
    accepted: &[AcceptanceRow],
    document: &PolicyDocument,
    people: &BTreeSet<Id>,
    counting: &Counting,
    names: &Names,
) -> Signed {
    let last = Timestamp(order.to.0 - 1);
    // For whom a text was composed is taken from the acceptance: where somebody lives now may be somewhere else tomorrow.
    let counts = |row: &AcceptanceRow| row.acceptance.counts(document, row.acceptance.jurisdiction.as_deref(), last).is_some();
    let binds = |kind| matches!(kind, AgreementKind::Confidentiality | AgreementKind::ThirdPartyNda);
    let bound: BTreeSet<Id> = accepted
        .iter()
        .filter(|row| binds(row.acceptance.kind) && counts(row))
        .filter_map(|row| if let Party::Person(id) = row.party { Some(id) } else { None })
        .collect();
    let mut versions: Vec<_> = document.agreements.values().collect();
    versions.sort_by_key(|version| (version.kind, version.version));
    let acceptance = |row: &AcceptanceRow| Acceptance {
        id: row.acceptance.id.to_string(),
        who: if let Party::Person(id) = row.party { Some(names.account(id)) } else { None },
        kind: row.acceptance.kind.name(),
        version: row.acceptance.version,
        signed_at: row.acceptance.signed_at,
        recorded_at: row.at,
        counts: counts(row),
        text_sha256: row.text_sha256.as_ref().map(hex),
        paper_sha256: row.paper_sha256.as_ref().map(hex),
    };
    Signed {
        agreements: versions
            .iter()
            .map(|version| Agreement {
                kind: version.kind.name(),
                version: version.version,
                sha256: version.sha256.clone(),
                dated: Timestamp(version.dated),
            })
            .collect(),
        acceptances: accepted.iter().map(acceptance).collect(),
        people: people.len() as u64,
        people_bound: people.intersection(&bound).count() as u64,
        shown: counting.marked.shown(),
        shown_under: counting.under_agreement,
        since: versions.iter().map(|version| Timestamp(version.dated)).min(),
    }
}
