//! What the policy was, and who changed it.

pub use crate::{
    policy::items::ItemChange,
    store::{Revision, RevisionEntry},
};

use super::{Error, Op};
use crate::{
    domain::Timestamp,
    policy::{Permission, Refusal},
};

/// At most `first` revisions, the newest first, those older than `before`.
pub async fn list(op: &Op, before: Option<i64>, first: u64) -> Result<Vec<RevisionEntry>, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.policy_revisions(permit, before, first).await?)
}

/// One revision, whole.
pub async fn find(op: &Op, number: i64) -> Result<Revision, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.policy_revision(permit, number).await?.ok_or_else(Refusal::not_found)?)
}

/// Periods in which only one subject could change the policy: from, until (`None`: still).
pub fn sole_admin_periods(op: &Op) -> Result<Vec<(Timestamp, Option<Timestamp>)>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    Ok(op.snapshot.document.sole_admin_periods(op.at))
}
