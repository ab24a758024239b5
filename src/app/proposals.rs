//! Proposals: what one admin asks for waits until another lets it happen. The operator, who has the database anyway, does
//! the same at once.

use serde_json::json;

pub use super::effect::changes;
use super::{
    Error, Op,
    effect::{decided, take_hold},
    erasure::sweep,
    revise::{ATTEMPTS, Attempt, Basis, attempt, author, overtaken},
};
pub use crate::store::Change;
use crate::{
    domain::Id,
    policy::{Act, Acting, Decided, PROPOSAL_SECONDS, Permission, PolicyDocument, Proposal, ProposalState, Refusal},
    store::NewProposal,
};

/// What became of something that may need another admin.
#[derive(Clone, Debug)]
pub struct Asked<T> {
    /// What it is about, as it is now.
    pub value: T,
    /// What waits for another admin; `None` if it took hold.
    pub proposal: Option<Proposal>,
}

/// At most `first` proposals by rising id, those behind `after`, in this state.
pub async fn list(op: &Op, state: Option<ProposalState>, after: Option<Id>, first: u64) -> Result<Vec<Proposal>, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.proposals(permit, state, op.at, after, first).await?)
}

/// How many proposals there are in this state.
pub async fn count(op: &Op, state: Option<ProposalState>) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.count_proposals(permit, state, op.at).await?)
}

/// Lets a proposal happen.
pub async fn approve(op: &Op, id: Id) -> Result<Proposal, Error> {
    for _ in 0..ATTEMPTS {
        let NewProposal { proposal, sealed } = find(op, id).await?;
        let basis = Basis::of(op, proposal.act.permission()).await?;
        let acting = basis.acting();
        basis.snapshot.document.may_approve(&proposal, &acting)?;
        let end = Decided { at: acting.now, by: acting.by, approved: true };
        if take_hold(op, &basis, &proposal.act, sealed, Some((&proposal, end))).await? {
            sweep::after(&op.core, &proposal.act).await;
            return Ok(Proposal { decided: Some(end), ..proposal });
        }
    }
    Err(overtaken())
}

/// Ends a proposal without effect; of whoever asked for it, that takes it back.
pub async fn reject(op: &Op, id: Id) -> Result<Proposal, Error> {
    let NewProposal { proposal, .. } = find(op, id).await?;
    let basis = Basis::of(op, proposal.act.permission()).await?;
    proposal.waits(basis.acting().now)?;
    let by = basis.acting().by;
    if by.is_some() && by == proposal.act.about() && by != proposal.requested_by {
        return Err(Refusal::forbidden("It is about you; another admin must decide it.").into());
    }
    let end = Decided { at: basis.acting().now, by: basis.acting().by, approved: false };
    let ended = Proposal { decided: Some(end), ..proposal };
    let state = if end.by == ended.requested_by { "WITHDRAWN" } else { "REJECTED" };
    let permit = basis.permit;
    let written = op.commit(vec![decided(id, state)], move |tx| {
        Box::pin(async move {
            if !tx.decide_proposal(permit, id, end).await? {
                return Err(Error::from(Refusal::conflict("Somebody has decided it already.")));
            }
            Ok(())
        })
    });
    written.await?;
    Ok(ended)
}

/// Does an act at once if whoever asks may alone, as the operator mostly may; else makes a proposal. `sealed` is the hash of the
/// password or secret it is about.
pub(super) async fn do_or_ask(op: &Op, act: Act, sealed: Option<Vec<u8>>) -> Result<Option<Proposal>, Error> {
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, act.permission()).await?;
        basis.snapshot.document.may_ask(&act, &basis.acting())?;
        if !basis.snapshot.document.one_alone(&act, &basis.acting()) {
            return ask(op, act, sealed).await.map(Some);
        }
        if take_hold(op, &basis, &act, sealed.clone(), None).await? {
            sweep::after(&op.core, &act).await;
            return Ok(None);
        }
    }
    Err(overtaken())
}

/// Edits the policy; an edit that lets anybody see more becomes a proposal. Answers what `show` finds in the policy as it is
/// then. `expected` is the revision that the caller has seen, if that matters.
pub(super) async fn revise_or_ask<T: Send>(
    op: &Op,
    expected: Option<i64>,
    edit: impl Fn(&mut PolicyDocument, &Acting<'_>) -> Result<(), Refusal> + Send + Sync,
    show: impl Fn(&PolicyDocument) -> Result<T, Refusal> + Send + Sync,
) -> Result<Asked<T>, Error> {
    let edited = attempt(op, expected, |document, acting| {
        edit(document, acting)?;
        show(document)
    });
    match edited.await? {
        Attempt::Done(value) => Ok(Asked { value, proposal: None }),
        Attempt::Widens(before, changes) => {
            let value = show(&before.document)?;
            Ok(Asked { value, proposal: Some(ask(op, Act::Policy { changes }, None).await?) })
        }
    }
}

async fn find(op: &Op, id: Id) -> Result<NewProposal, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    Ok(op.core.store.proposal(permit, id).await?.ok_or_else(Refusal::not_found)?)
}

async fn ask(op: &Op, act: Act, sealed: Option<Vec<u8>>) -> Result<Proposal, Error> {
    let basis = Basis::of(op, act.permission()).await?;
    basis.snapshot.document.may_ask(&act, &basis.acting())?;
    let (requested_by, now) = (author(op), basis.acting().now);
    let expires_at = now.plus_seconds(PROPOSAL_SECONDS);
    let proposal = Proposal { id: op.core.new_id(), act, requested_by, requested_at: now, expires_at, decided: None };
    let wanted: Vec<_> = changes(op, &proposal.act).into_iter().map(described).collect();
    let after = json!({ "state": "PENDING", "expiresAt": expires_at.to_string(), "changes": wanted }).to_string();
    let changes = vec![Change { kind: "proposal", item: proposal.id.to_string(), before: None, after: Some(after) }];
    let permit = basis.permit;
    let new = NewProposal { proposal: proposal.clone(), sealed };
    op.commit(changes, move |tx| Box::pin(async move { Ok(tx.put_proposal(permit, &new).await?) })).await?;
    Ok(proposal)
}

fn described(change: Change) -> serde_json::Value {
    let Change { kind, item, before, after } = change;
    json!({ "kind": kind, "item": item, "before": before, "after": after })
}
