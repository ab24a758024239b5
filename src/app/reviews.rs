//! Access reviews: by a date everybody who answers for a grant says whether it is still needed; what nobody answers for ends then.

use std::sync::{Arc, Weak};

use serde_json::json;
use tokio::time::MissedTickBehavior;

use super::{
    Core, Error, Op, command,
    grants::{self, Grant},
    revise::{Beside, author, revise_beside},
};
use crate::{
    audit::record::Decision,
    domain::{Id, Timestamp},
    policy::{Code, GrantState, Permission, Refusal, text},
    store::{Change, StoreError, Tx, Work},
};
pub use crate::{
    policy::review::ReviewAnswer,
    store::{AccessReview, ReviewItem},
};

/// How often a server looks whether a date is past.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);
/// Characters of a name.
const NAME: usize = 100;
/// A grant of a campaign with what it gives.
pub type Reviewed = (ReviewItem, Option<Grant>);

/// Which grants a campaign is about; all conditions must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Those for this team and the teams below it.
    pub team: Option<Id>,
    /// Those of this role.
    pub role: Option<Id>,
}

/// Begins a campaign over the grants that are active now.
pub async fn start(op: &Op, name: &str, due_at: Timestamp, scope: Scope) -> Result<AccessReview, Error> {
    let permit = op.rights.permit(Permission::PolicyManage)?;
    let name = text::line("The name", name, NAME)?;
    let (now, document) = (op.core.now(), &op.snapshot.document);
    if due_at <= now {
        return Err(Refusal::bad_input("`dueAt` lies in the future.").into());
    }
    let teams = scope.team.map(|team| document.team_and_below(team));
    let about = document.grants.iter().filter(|(_, grant)| {
        grant.is_active(now)
            && scope.role.is_none_or(|role| grant.role == role.0)
            && teams.as_ref().is_none_or(|teams| grant.team.is_some_and(|team| teams.contains(&Id(team))))
    });
    let about: Vec<Id> = about.map(|(id, _)| Id(*id)).collect();
    if about.is_empty() {
        return Err(Refusal::bad_input("There is no such grant to review.").into());
    }
    let id = op.core.new_id();
    let review = AccessReview { id, name, started_at: now, started_by: author(op), due_at, closed_at: None };
    let ids: Vec<String> = about.iter().map(ToString::to_string).collect();
    let after = json!({ "name": review.name, "dueAt": due_at.to_string(), "grants": ids }).to_string();
    let change = Change { kind: "accessReview", item: id.to_string(), before: None, after: Some(after) };
    let put = review.clone();
    op.commit(vec![change], move |tx| Box::pin(async move { Ok(tx.put_review(permit, &put, &about).await?) })).await?;
    Ok(review)
}

/// At most `first` campaigns by rising id, those behind `after`; for those who read the policy, and those who answer for grants.
pub async fn list(op: &Op, after: Option<Id>, first: u64) -> Result<Vec<AccessReview>, Error> {
    admitted(op)?;
    Ok(op.core.store.reviews(after, first).await?)
}

/// How many there are.
pub async fn count(op: &Op) -> Result<u64, Error> {
    admitted(op)?;
    Ok(op.core.store.count_reviews().await?)
}

/// The grants of a campaign: for those who read the policy all, for others those that they answer for.
pub async fn items(op: &Op, review: Id) -> Result<Vec<Reviewed>, Error> {
    let all = admitted(op)?;
    let document = &op.snapshot.document;
    let mine = |item: &ReviewItem| {
        let grant = document.grants.get(&item.grant.0);
        all || author(op).zip(grant).is_some_and(|(by, grant)| document.reviews_grant(by, grant, op.at))
    };
    let items = op.core.store.review_items(review).await?;
    let shown: Vec<Reviewed> = items.into_iter().filter(mine).map(|item| (item, grants::known(document, item.grant, op.at))).collect();
    op.trace().rows += shown.len() as u64;
    Ok(shown)
}

/// Says of a grant that it is still needed, or ends it.
pub async fn answer(op: &Op, review: Id, grant: Id, answer: ReviewAnswer) -> Result<Reviewed, Error> {
    op.rights.permit(Permission::GrantReview)?;
    let document = &op.snapshot.document;
    let now = op.core.now();
    let found = op.core.store.review(review).await?.ok_or_else(Refusal::not_found)?;
    let item = op.core.store.review_items(review).await?.into_iter().find(|item| item.grant == grant).ok_or_else(Refusal::not_found)?;
    let row = document.grants.get(&grant.0).ok_or_else(Refusal::not_found)?;
    let by = author(op);
    if by.is_some_and(|by| row.subject == by.0) {
        return Err(Refusal::forbidden("Nobody confirms or withdraws their own grant in a review.").into());
    }
    if by.is_some_and(|by| !document.reviews_grant(by, row, now)) {
        return Err(Refusal::not_found().into());
    }
    if item.answer.is_some() || found.closed_at.is_some() || found.due_at <= now {
        return Err(Refusal::conflict("It is too late: it has been answered, or the date is past.").into());
    }
    let item = ReviewItem { answer: Some((answer, now, by)), ..item };
    if answer == ReviewAnswer::Withdrawn && row.state(now) == GrantState::Active {
        end(op, item, Permission::GrantReview).await?;
    } else if !note(op, item).await? {
        return Err(answered().into());
    }
    let after = op.core.current.latest(&op.core.store, &*op.core.clock).await?;
    Ok((item, grants::known(&after.document, grant, now)))
}

/// Ends what nobody answered for by the date, as long as there is a `core`.
pub async fn keep_on(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        if core.store.disk().is_full() {
            continue;
        }
        if let Err(error) = lapse(&core).await {
            tracing::error!(%error, "grants that nobody confirmed in time could not be ended; trying again");
        }
    }
}

/// Ends what nobody answered for by the date; how many grants that ended.
pub async fn lapse(core: &Arc<Core>) -> Result<u64, Error> {
    let mut lapsed = 0;
    for review in core.store.due_reviews(core.now()).await? {
        for item in core.store.review_items(review.id).await?.into_iter().filter(|item| item.answer.is_none()) {
            lapsed += u64::from(lapse_one(core, item).await?);
        }
        let (id, at) = (review.id, core.now());
        core.store.write(move |tx| Box::pin(async move { tx.close_review(id, at).await })).await?;
    }
    Ok(lapsed)
}

/// As an operation of its own, so that each grant that ends has its record.
async fn lapse_one(core: &Arc<Core>, item: ReviewItem) -> Result<bool, Error> {
    let op = command::own(core).await?;
    let active = op.snapshot.document.grants.get(&item.grant.0).is_some_and(|grant| grant.is_active(op.at));
    let with = |answer| ReviewItem { answer: Some((answer, op.at, None)), ..item };
    let answer = if active {
        match end(&op, with(ReviewAnswer::Lapsed), Permission::PolicyManage).await {
            Ok(()) => ReviewAnswer::Lapsed,
            // The last who manages the policy.
            Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => ReviewAnswer::Kept,
            Err(error) => return Err(error),
        }
    } else {
        ReviewAnswer::Ended
    };
    if answer != ReviewAnswer::Lapsed {
        note(&op, with(answer)).await?;
    }
    command::record(&op, "access review", None, Decision::Allowed).await.map_err(|cause| StoreError::Unsafe(cause.to_string()))?;
    Ok(answer == ReviewAnswer::Lapsed)
}

/// Ends the grant, and notes in the same transaction that this is what became of it.
async fn end(op: &Op, item: ReviewItem, permission: Permission) -> Result<(), Error> {
    let beside = Beside::new(told(&item), move |tx| put(tx, item));
    revise_beside(op, permission, beside, |document, acting| document.revoke_grant(item.grant, acting)).await
}

/// Writes the answer, unless there is one.
fn put(tx: Tx<'_>, item: ReviewItem) -> Work<'_, Result<(), Error>> {
    Box::pin(async move { if tx.answer_review(&item).await? { Ok(()) } else { Err(answered().into()) } })
}

fn answered() -> Refusal {
    Refusal::conflict("Somebody has answered it already.")
}

/// What the record says of an answer.
fn told(item: &ReviewItem) -> Change {
    let answer = item.answer.map(|(answer, ..)| answer.name());
    let after = json!({ "grant": item.grant.to_string(), "answer": answer }).to_string();
    Change { kind: "accessReview", item: item.review.to_string(), before: None, after: Some(after) }
}

/// Notes what became of a grant; `false` if that was noted before.
async fn note(op: &Op, item: ReviewItem) -> Result<bool, Error> {
    match op.commit(vec![told(&item)], move |tx| put(tx, item)).await {
        Ok(()) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the caller sees every grant of a campaign, or those they answer for.
fn admitted(op: &Op) -> Result<bool, Refusal> {
    if op.rights.permit(Permission::PolicyRead).is_ok() {
        return Ok(true);
    }
    op.rights.permit(Permission::GrantReview).map(|_| false)
}
