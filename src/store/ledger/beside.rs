//! Reading what lies beside the entries, to compare it with what they say.

use entity::{ledger_detail, ledger_document, ledger_epoch, policy_revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    domain::Id,
    store::{Store, StoreError},
};

impl Store {
    /// Number, salt and text of the erasable sides of entries `from` to `to` of an epoch, at most `limit`, rising.
    pub async fn ledger_details(&self, epoch: Id, from: u64, to: u64, limit: u64) -> Result<Vec<(u64, Vec<u8>, String)>, StoreError> {
        let query = ledger_detail::Entity::find().filter(ledger_detail::Column::Epoch.eq(epoch.0));
        let query = query.filter(ledger_detail::Column::Rseq.between(from as i64, to as i64));
        let rows = query.order_by_asc(ledger_detail::Column::Rseq).limit(limit).all(&self.0.ledger).await?;
        Ok(rows.into_iter().map(|row| (row.rseq as u64, row.salt, row.variables)).collect())
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
