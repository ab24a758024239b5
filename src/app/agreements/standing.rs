//! How everybody stands: now, and as of any moment.

use std::collections::BTreeMap;

use super::list::{Wanted, filter};
use crate::{
    app::{Error, Op},
    domain::{Id, Timestamp},
    policy::{Acceptances, Permission, Point, Refusal, standing},
};

/// How many acceptances are read together.
const CHUNK: u64 = 1_000;

/// How a person or app stands.
#[derive(Clone, Debug)]
pub struct Stands {
    /// Who.
    pub account: Id,
    /// What their access hangs on.
    pub points: Vec<Point>,
}

/// How the caller stands.
pub fn of_viewer(op: &Op) -> Vec<Point> {
    op.snapshot.agreements(&op.subject, op.at)
}

/// What the caller's access to leads lacks.
pub fn missing(op: &Op) -> Vec<Point> {
    of_viewer(op).into_iter().filter(|point| point.accepted.is_none()).collect()
}

/// How everybody stands whose roles open windows, or one of them, as of a moment: by the policy that was in force then and the
/// acceptances that had been recorded. Jurisdiction, company and who answers for an app are those of today.
pub async fn standing(op: &Op, account: Option<Id>, at: Option<Timestamp>) -> Result<Vec<Stands>, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    let at = at.unwrap_or(op.at);
    if at > op.at {
        return Err(Refusal::bad_input("`at` lies in the future.").into());
    }
    let revision = op.core.store.policy_revision_at(permit, at).await?;
    let Some(revision) = revision else {
        return Ok(Vec::new());
    };
    let document = op.core.store.policy_revision(permit, revision).await?.ok_or_else(Refusal::not_found)?.document;
    let mut acceptances = Acceptances::new();
    let mut after = None;
    loop {
        let rows = op.core.store.acceptances(&filter(&Wanted::default(), Some(at)), after, CHUNK).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.acceptance.id);
        for row in rows {
            let known = acceptances.entry(row.party).or_default();
            // What it replaced counted no more.
            known.retain(|earlier| !row.acceptance.replaces(earlier));
            known.push(row.acceptance);
        }
    }
    let accounts: BTreeMap<_, _> = op.snapshot.accounts.iter().filter(|(id, _)| account.is_none_or(|wanted| wanted == **id)).collect();
    let stands = accounts
        .into_keys()
        .map(|id| Stands { account: *id, points: standing::standing(&document, &op.snapshot.accounts, &acceptances, *id, at) });
    let stands: Vec<Stands> = stands.filter(|stands| !stands.points.is_empty()).collect();
    op.trace().rows += stands.len() as u64;
    Ok(stands)
}
