//! What is published, and who has accepted what.

use sha2::{Digest as _, Sha256};

use crate::{
    app::{Error, Op},
    domain::{Digest, Id, Timestamp, hex, unhex},
    policy::{AgreementKind, AgreementVersion, Code, Party, Permission, Refusal},
    store::{AcceptanceFilter, AcceptanceRow, Paper, StoreError},
};

/// How many acceptances of their own somebody is shown.
const MINE: u64 = 500;

/// A published version, and whether it is the one to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version.
    pub version: AgreementVersion,
    /// Whether it is the newest of its kind.
    pub current: bool,
}

/// Which acceptances are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this person or company.
    pub party: Option<Party>,
    /// Of this kind.
    pub kind: Option<AgreementKind>,
}

/// The published versions, for everybody with an account: the current ones, or with `all` those of the past too.
pub fn current(op: &Op, all: bool) -> Result<Vec<Version>, Error> {
    if op.subject.actor().is_none() && !op.subject.operator {
        return Err(nobody().into());
    }
    op.rights.own_password()?;
    let document = &op.snapshot.document;
    let view = |version: &AgreementVersion| {
        let current = document.current_agreement(version.kind).is_some_and(|newest| newest.version == version.version);
        (all || current).then(|| Version { version: version.clone(), current })
    };
    let mut versions: Vec<Version> = document.agreements.values().filter_map(view).collect();
    versions.sort_by_key(|one| (one.version.kind, one.version.version));
    Ok(versions)
}

/// At most `first` acceptances by rising id, those behind `after`.
pub async fn acceptances(op: &Op, wanted: &Wanted, after: Option<Id>, first: u64) -> Result<Vec<AcceptanceRow>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let found = op.core.store.acceptances(&filter(wanted, None), after, first).await?;
    op.trace().rows += found.len() as u64;
    Ok(found)
}

/// How many acceptances there are.
pub async fn count_acceptances(op: &Op, wanted: &Wanted) -> Result<u64, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.count_acceptances(&filter(wanted, None)).await?)
}

/// What the person who asks has accepted.
pub async fn mine(op: &Op) -> Result<Vec<AcceptanceRow>, Error> {
    let person = op.subject.person.ok_or_else(nobody)?;
    op.rights.own_password()?;
    let wanted = Wanted { party: Some(Party::Person(person)), kind: None };
    Ok(op.core.store.acceptances(&filter(&wanted, None), None, MINE).await?)
}

/// The exact text of an acceptance: for whoever accepted it, auditors and admins.
pub async fn text_of(op: &Op, accepted: &AcceptanceRow) -> Result<Option<String>, Error> {
    let mine = op.subject.person.is_some_and(|person| accepted.party == Party::Person(person));
    if !mine {
        op.rights.permit(Permission::PolicyRead)?;
    }
    match &accepted.text_sha256 {
        // The accepted one or none: what the acceptance names is its hash.
        Some(sha256) => Ok(op.core.store.agreement_text(sha256).await?.filter(|text| Digest::from(Sha256::digest(text)) == *sha256)),
        None => Ok(None),
    }
}

/// The paper with this hash, in hexadecimal.
pub async fn paper(op: &Op, sha256: &str) -> Result<Paper, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    let digest = unhex(sha256).ok_or_else(|| Refusal::bad_input("`sha256` is no SHA-256 in hexadecimal."))?;
    let paper = op.core.store.paper(permit, &digest).await?.ok_or_else(Refusal::not_found)?;
    if Digest::from(Sha256::digest(&paper.content)) != digest {
        return Err(StoreError::Corrupt(format!("paper {sha256}")).into());
    }
    op.trace().reasons.push(format!("paper {}", hex(&digest)));
    Ok(paper)
}

pub(super) fn filter(wanted: &Wanted, until: Option<Timestamp>) -> AcceptanceFilter {
    AcceptanceFilter { party: wanted.party.clone(), kind: wanted.kind, until }
}

fn nobody() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Sign in first.")
}
