//! The policy: its items as they stand, and every revision with what it changed.

use std::collections::BTreeMap;

use entity::{lead, policy_change, policy_item, policy_revision, subject};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Digest, Id, Timestamp},
    policy::{
        Permit, PolicyDocument,
        items::{ItemChange, KINDS},
    },
};

/// A revision of the policy about to be committed.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its number: that of the revision it was decided on, plus one.
    pub number: i64,
    /// What it changes.
    pub changes: Vec<ItemChange>,
    /// SHA-256 of the document it makes.
    pub sha256: Digest,
    /// Who; `None` is the operator.
    pub by: Option<Id>,
    /// When.
    pub at: Timestamp,
    /// The operation.
    pub request: Id,
}

/// A revision as the list of them shows it.
#[derive(Clone, Debug)]
pub struct RevisionEntry {
    /// Counts from 1.
    pub number: i64,
    /// SHA-256 of its document.
    pub sha256: Digest,
    /// When it took hold.
    pub at: Timestamp,
    /// Who made it; `None` is the operator.
    pub by: Option<Id>,
    /// The operation that made it.
    pub request: Id,
}

/// A revision read back whole.
#[derive(Clone, Debug)]
pub struct Revision {
    /// What the list shows of it.
    pub entry: RevisionEntry,
    /// What it changed.
    pub changes: Vec<ItemChange>,
    /// The policy as of it; its SHA-256 has been compared.
    pub document: PolicyDocument,
}

impl Tx<'_> {
    /// Commits a revision. A unique violation means that another one took its number meanwhile.
    pub async fn commit_policy(self, revision: &Settled) -> Result<(), StoreError> {
        let row = policy_revision::ActiveModel {
            number: Set(revision.number),
            sha256: Set(revision.sha256.to_vec()),
            at: Set(revision.at.0),
            by_id: Set(revision.by.map(|by| by.0)),
            request_id: Set(revision.request.0),
        };
        policy_revision::Entity::insert(row).exec_without_returning(self.0).await?;
        for (change, seq) in revision.changes.iter().zip(1..) {
            let row = policy_change::ActiveModel {
                revision: Set(revision.number),
                seq: Set(seq),
                kind: Set(change.kind.to_owned()),
                item: Set(change.item.clone()),
                before: Set(change.before.clone()),
                after: Set(change.after.clone()),
            };
            policy_change::Entity::insert(row).exec_without_returning(self.0).await?;
            self.put_item(change).await?;
        }
        Ok(())
    }

    async fn put_item(self, change: &ItemChange) -> Result<(), StoreError> {
        let Some(value) = change.after.clone() else {
            policy_item::Entity::delete_by_id((change.kind.to_owned(), change.item.clone())).exec(self.0).await?;
            return Ok(());
        };
        let row = policy_item::ActiveModel { kind: Set(change.kind.to_owned()), item: Set(change.item.clone()), value: Set(value) };
        let replace = OnConflict::columns([policy_item::Column::Kind, policy_item::Column::Item])
            .update_column(policy_item::Column::Value)
            .to_owned();
        policy_item::Entity::insert(row).on_conflict(replace).exec_without_returning(self.0).await?;
        Ok(())
    }
}

impl Store {
    /// Whether any lead belongs to this team itself; canaries are none.
    pub async fn team_has_leads(&self, _permit: Permit, team: Id) -> Result<bool, StoreError> {
        let one = lead::Entity::find().select_only().column(lead::Column::Id).filter(lead::Column::TeamId.eq(team.0));
        let one = one.filter(lead::Column::ReaderId.is_null()).limit(1);
        Ok(one.into_tuple::<i64>().one(&self.0.main).await?.is_some())
    }

    /// Revisions by falling number, at most `first`, those below `before` only.
    pub async fn policy_revisions(&self, _permit: Permit, before: Option<i64>, first: u64) -> Result<Vec<RevisionEntry>, StoreError> {
        let mut query = policy_revision::Entity::find().order_by_desc(policy_revision::Column::Number).limit(first);
        if let Some(before) = before {
            query = query.filter(policy_revision::Column::Number.lt(before));
        }
        query.all(&self.0.main).await?.into_iter().map(entry).collect()
    }

    /// The number of the revision that was in force at this moment.
    pub async fn policy_revision_at(&self, _permit: Permit, at: Timestamp) -> Result<Option<i64>, StoreError> {
        let query = policy_revision::Entity::find().select_only().column(policy_revision::Column::Number);
        let query = query.filter(policy_revision::Column::At.lte(at.0)).order_by_desc(policy_revision::Column::Number).limit(1);
        Ok(query.into_tuple().one(&self.0.main).await?)
    }

    /// The accounts that were there at a moment and, as far as that is known, not locked: a lock that was lifted since is not. By id.
    pub async fn accounts_open(&self, _permit: Permit, at: Timestamp) -> Result<Vec<Id>, StoreError> {
        use subject::Column;
        let open = Condition::any().add(Column::LockedAt.is_null()).add(Column::LockedAt.gt(at.0));
        let query = subject::Entity::find().select_only().column(Column::Id).filter(Column::CreatedAt.lte(at.0)).filter(open);
        let ids: Vec<i64> = query.order_by_asc(Column::Id).into_tuple().all(&self.0.main).await?;
        Ok(ids.into_iter().map(Id).collect())
    }

    /// Revisions by rising number, at most `first`, those above `after` only, each with what it changed.
    pub async fn policy_changes(
        &self,
        _permit: Permit,
        after: i64,
        first: u64,
    ) -> Result<Vec<(RevisionEntry, Vec<ItemChange>)>, StoreError> {
        let rows = policy_revision::Entity::find().filter(policy_revision::Column::Number.gt(after));
        let rows = rows.order_by_asc(policy_revision::Column::Number).limit(first).all(&self.0.main).await?;
        let last = rows.last().map_or(after, |row| row.number);
        let mut changed: BTreeMap<i64, Vec<ItemChange>> = BTreeMap::new();
        let changes = policy_change::Entity::find().filter(policy_change::Column::Revision.gt(after));
        let changes = changes.filter(policy_change::Column::Revision.lte(last)).order_by_asc(policy_change::Column::Revision);
        for row in changes.order_by_asc(policy_change::Column::Seq).all(&self.0.main).await? {
            changed.entry(row.revision).or_default().push(change(row)?);
        }
        rows.into_iter().map(|row| Ok((entry(row.clone())?, changed.remove(&row.number).unwrap_or_default()))).collect()
    }

    /// The revision with this number, made again from every change up to it.
    pub async fn policy_revision(&self, _permit: Permit, number: i64) -> Result<Option<Revision>, StoreError> {
        let Some(row) = policy_revision::Entity::find_by_id(number).one(&self.0.main).await? else {
            return Ok(None);
        };
        let entry = entry(row)?;
        let rows = policy_change::Entity::find()
            .filter(policy_change::Column::Revision.lte(number))
            .order_by_asc(policy_change::Column::Revision)
            .order_by_asc(policy_change::Column::Seq)
            .all(&self.0.main)
            .await?;
        let mut items: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for row in &rows {
            match &row.after {
                Some(value) => drop(items.insert((&row.kind, &row.item), value)),
                None => drop(items.remove(&(row.kind.as_str(), row.item.as_str()))),
            }
        }
        let items = items.into_iter().map(|((kind, item), value)| (kind, item, value));
        let document = PolicyDocument::from_items(items).map_err(StoreError::Corrupt)?;
        if document.sha256() != entry.sha256 {
            return Err(StoreError::Corrupt(format!("policy revision {number}: its changes do not give the document it names")));
        }
        let changes = rows.into_iter().filter(|row| row.revision == number).map(change).collect::<Result<_, _>>()?;
        Ok(Some(Revision { entry, changes, document }))
    }
}

fn entry(row: policy_revision::Model) -> Result<RevisionEntry, StoreError> {
    let sha256 = row.sha256.try_into().map_err(|_| StoreError::Corrupt(format!("policy revision {}", row.number)))?;
    Ok(RevisionEntry { number: row.number, sha256, at: Timestamp(row.at), by: row.by_id.map(Id), request: Id(row.request_id) })
}

fn change(row: policy_change::Model) -> Result<ItemChange, StoreError> {
    let kind = KINDS.iter().find(|kind| **kind == row.kind).ok_or_else(|| StoreError::Corrupt(format!("policy change {}", row.kind)))?;
    Ok(ItemChange { kind, item: row.item, before: row.before, after: row.after })
}
