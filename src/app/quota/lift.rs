//! Lifting a quota once: twice as much until its hour or day is over.

use serde_json::json;

use crate::{
    app::{Error, Op, revise::author},
    domain::{Id, Subject, Timestamp},
    policy::{Permission, QuotaKind, Refusal, quota::can_be_lifted, text},
    store::{Change, QuotaLift},
};

/// A quota that was lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lift {
    /// Whose.
    pub subject: Id,
    /// Which quota.
    pub kind: QuotaKind,
    /// How much is allowed until then.
    pub limit: u32,
    /// Until when.
    pub until: Timestamp,
}

/// Lifts a quota of somebody once in the hour or day it is counted by. Whoever does it stands over them, and is not they.
pub async fn lift(op: &Op, subject: Id, kind: QuotaKind, reason: &str) -> Result<Lift, Error> {
    let permit = op.rights.permit(Permission::QuotaLift)?;
    let reason = text::line("The reason", reason, text::REASON)?;
    let account = op.snapshot.accounts.get(&subject).filter(|account| !account.erased);
    let by = author(op);
    let over = by.is_none_or(|by| op.snapshot.document.stands_over(by, subject, Permission::QuotaLift, op.at));
    let Some(account) = account.filter(|_| over || by == Some(subject)) else {
        return Err(Refusal::not_found().into());
    };
    if [op.subject.person, op.subject.app].contains(&Some(subject)) {
        return Err(Refusal::forbidden("Nobody lifts their own quota.").into());
    }
    let whose = if account.is_app {
        Subject { app: Some(subject), ..Subject::ANONYMOUS }
    } else {
        Subject { person: Some(subject), ..Subject::ANONYMOUS }
    };
    let limit = can_be_lifted(op.snapshot.rights(&whose, None, op.at).quotas(), kind)?;
    let ((from, until), limit) = (kind.period(op.at), limit.saturating_mul(2));
    let after = json!({ "quota": kind.name(), "until": until.to_string(), "limit": limit, "reason": reason }).to_string();
    let change = Change { kind: "quotaLift", item: subject.to_string(), before: None, after: Some(after) };
    let lift = QuotaLift { subject, kind, from, until, by, at: op.at };
    match op.commit(vec![change], move |tx| Box::pin(async move { Ok(tx.put_quota_lift(permit, &lift).await?) })).await {
        Err(Error::Store(error)) if error.is_unique_violation() => {
            Err(Refusal::conflict(format!("It has been lifted already; it counts anew from {until}.")).into())
        }
        done => done.map(|()| Lift { subject, kind, limit, until }),
    }
}

/// Which quotas of these are lifted now.
pub(super) async fn standing(op: &Op, subjects: &[Id]) -> Result<Vec<(Id, QuotaKind)>, Error> {
    Ok(op.core.store.quota_lifts(subjects, op.at).await?)
}
