//! Reading what lies beside the entries, to compare it with what they say.

use entity::{change_detail, ledger_detail, ledger_document, ledger_epoch, policy_revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    domain::Id,
    store::{Store, StoreError},
};

/// The erasable side of an entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailRow {
    /// The entry's number in its epoch.
    pub rseq: u64,
    /// Of the commitment.
    pub salt: Vec<u8>,
    /// JSON.
    pub variables: Option<String>,
    /// Hash of the answer.
    pub response: Option<Vec<u8>>,
}

/// Before and after of a change as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its number among the changes of the request.
    pub number: u64,
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub item: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is since.
    pub after: Option<String>,
    /// Of the commitment.
    pub salt: Vec<u8>,
}

impl Store {
    /// Changes of a request with numbers `from` to below `end`, rising.
    pub async fn changes_of(&self, request: Id, from: u64, end: u64) -> Result<Vec<ChangeRow>, StoreError> {
        let query = change_detail::Entity::find().filter(change_detail::Column::RequestId.eq(request.0));
        let query = query.filter(change_detail::Column::Seq.gte(from as i64)).filter(change_detail::Column::Seq.lt(end as i64));
        let rows = query.order_by_asc(change_detail::Column::Seq).all(&self.0.main).await?;
        let row = |row: change_detail::Model| ChangeRow {
            number: row.seq as u64,
            kind: row.kind,
            item: row.item,
            before: row.before,
            after: row.after,
            salt: row.salt,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// The erasable sides of entries `from` to `to` of an epoch, at most `limit`, rising.
    pub async fn ledger_details(&self, epoch: Id, from: u64, to: u64, limit: u64) -> Result<Vec<DetailRow>, StoreError> {
        let query = ledger_detail::Entity::find().filter(ledger_detail::Column::Epoch.eq(epoch.0));
        let query = query.filter(ledger_detail::Column::Rseq.between(from as i64, to as i64));
        let rows = query.order_by_asc(ledger_detail::Column::Rseq).limit(limit).all(&self.0.ledger).await?;
        let row = |row: ledger_detail::Model| DetailRow {
            rseq: row.rseq as u64,
            salt: row.salt,
            variables: row.variables,
            response: row.response,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Stored hash and text of the documents whose hash is above `after`, at most `limit`, rising.
    pub async fn ledger_documents(&self, after: &[u8], limit: u64) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let query = ledger_document::Entity::find().filter(ledger_document::Column::Sha256.gt(after.to_vec()));
        let rows = query.order_by_asc(ledger_document::Column::Sha256).limit(limit).all(&self.0.ledger).await?;
        Ok(rows.into_iter().map(|row| (row.sha256, row.text)).collect())
    }

    /// Whether the list of epochs has this one.
    pub async fn ledger_lists(&self, epoch: Id) -> Result<bool, StoreError> {
        Ok(ledger_epoch::Entity::find_by_id(epoch.0).one(&self.0.ledger).await?.is_some())
    }

    /// The hash stored of a policy revision, if there is one.
    pub async fn policy_sha256(&self, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(policy_revision::Entity::find_by_id(number).one(&self.0.main).await?.map(|row| row.sha256))
    }
}
