//! Proposals, those of the past too.

use entity::proposal::{self, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::{Decided, Permit, Proposal, ProposalState},
};

/// A proposal about to be put down.
#[derive(Clone, Debug)]
pub struct NewProposal {
    /// What everybody who may see proposals sees of it.
    pub proposal: Proposal,
    /// The hash of the password or secret it is about, forgotten when it is decided.
    pub sealed: Option<Vec<u8>>,
}

impl Tx<'_> {
    /// Puts a proposal down.
    pub async fn put_proposal(self, _permit: Permit, new: &NewProposal) -> Result<(), StoreError> {
        let Proposal { id, act, requested_by, requested_at, expires_at, .. } = &new.proposal;
        let row = proposal::ActiveModel {
            id: Set(id.0),
            act: Set(serde_json::to_string(act).map_err(|error| StoreError::Corrupt(error.to_string()))?),
            sealed: Set(new.sealed.clone()),
            requested_by: Set(requested_by.map(|by| by.0)),
            requested_at: Set(requested_at.0),
            expires_at: Set(expires_at.0),
            decided_at: Set(None),
            decided_by: Set(None),
            approved: Set(None),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Decides a proposal that waits; `false` if somebody has already.
    pub async fn decide_proposal(self, _permit: Permit, id: Id, decided: Decided) -> Result<bool, StoreError> {
        let decide = Entity::update_many()
            .col_expr(Column::DecidedAt, Expr::value(decided.at.0))
            .col_expr(Column::DecidedBy, Expr::value(decided.by.map(|by| by.0)))
            .col_expr(Column::Approved, Expr::value(i64::from(decided.approved)))
            .col_expr(Column::Sealed, Expr::value(None::<Vec<u8>>))
            .filter(Column::Id.eq(id.0))
            .filter(Column::DecidedAt.is_null());
        Ok(decide.exec(self.0).await?.rows_affected == 1)
    }
}

impl Tx<'_> {
    /// Forgets the hashes of proposals whose time is over at `now`; how many.
    pub async fn unseal_expired_proposals(self, now: Timestamp) -> Result<u64, StoreError> {
        let forget = Entity::update_many()
            .col_expr(Column::Sealed, Expr::value(None::<Vec<u8>>))
            .filter(standing(Some(ProposalState::Expired), now))
            .filter(Column::Sealed.is_not_null());
        Ok(forget.exec(self.0).await?.rows_affected)
    }
}

impl Store {
    /// The proposal with this id, and the hash it holds.
    pub async fn proposal(&self, _permit: Permit, id: Id) -> Result<Option<NewProposal>, StoreError> {
        let row = Entity::find_by_id(id.0).one(&self.0.main).await?;
        row.map(|mut row| Ok(NewProposal { sealed: row.sealed.take(), proposal: read(row)? })).transpose()
    }

    /// At most `first` proposals by rising id, those behind `after`, in this state at `now`.
    pub async fn proposals(
        &self,
        _permit: Permit,
        state: Option<ProposalState>,
        now: Timestamp,
        after: Option<Id>,
        first: u64,
    ) -> Result<Vec<Proposal>, StoreError> {
        let query = Entity::find().filter(standing(state, now)).filter(Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many proposals are in this state at `now`.
    pub async fn count_proposals(&self, _permit: Permit, state: Option<ProposalState>, now: Timestamp) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(standing(state, now)).count(&self.0.main).await?)
    }
}

/// [`Proposal::state`] as SQL.
fn standing(state: Option<ProposalState>, now: Timestamp) -> Condition {
    let same = || ExprTrait::eq(Expr::col(Column::DecidedBy), Expr::col(Column::RequestedBy));
    // Neither is anybody: the operator asked, and took it back.
    let neither = || Condition::all().add(Column::DecidedBy.is_null()).add(Column::RequestedBy.is_null());
    let either_is_nobody = || Condition::any().add(Column::DecidedBy.is_null()).add(Column::RequestedBy.is_null());
    let all = Condition::all();
    match state {
        None => all,
        Some(ProposalState::Pending) => all.add(Column::DecidedAt.is_null()).add(Column::ExpiresAt.gt(now.0)),
        Some(ProposalState::Expired) => all.add(Column::DecidedAt.is_null()).add(Column::ExpiresAt.lte(now.0)),
        Some(ProposalState::Approved) => all.add(Column::Approved.eq(1)),
        Some(ProposalState::Withdrawn) => all.add(Column::Approved.eq(0)).add(Condition::any().add(same()).add(neither())),
        Some(ProposalState::Rejected) => {
            all.add(Column::Approved.eq(0)).add(Condition::any().add(either_is_nobody()).add(same().not())).add(neither().not())
        }
    }
}

fn read(row: proposal::Model) -> Result<Proposal, StoreError> {
    let decided = |at| Decided { at: Timestamp(at), by: row.decided_by.map(Id), approved: row.approved == Some(1) };
    Ok(Proposal {
        id: Id(row.id),
        act: serde_json::from_str(&row.act).map_err(|error| StoreError::Corrupt(format!("proposal {}: {error}", row.id)))?,
        requested_by: row.requested_by.map(Id),
        requested_at: Timestamp(row.requested_at),
        expires_at: Timestamp(row.expires_at),
        decided: row.decided_at.map(decided),
    })
}
