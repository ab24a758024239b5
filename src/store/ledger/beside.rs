//! Reading what lies beside the entries, to compare it with what they say.

use entity::{change_detail, ledger_document, ledger_epoch, policy_revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    domain::Id,
    store::{Store, StoreError, rows::Row},
};

/// Letters of variables read at once, not counting the last.
const LONG: usize = 4 << 20;
/// `$4` is [`LONG`].
const DETAILS: &str = "\
SELECT rseq, salt, variables, response FROM (
    SELECT rseq, salt, variables, response,
        SUM(COALESCE(LENGTH(variables), 0)) OVER (ORDER BY rseq) - COALESCE(LENGTH(variables), 0) AS earlier
    FROM ledger_detail WHERE epoch = $1 AND rseq BETWEEN $2 AND $3
) AS details WHERE earlier < $4 ORDER BY rseq";

/// The erasable side of an entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailRow {
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

    /// The number of each entry from `from` to `to` of an epoch that has an erasable side, and what `of` makes of that, rising; and
    /// whether there may be more of them, because these were long.
    pub async fn ledger_details<T: Send + 'static>(
        &self,
        epoch: Id,
        from: u64,
        to: u64,
        of: impl Fn(DetailRow) -> T + Send + 'static,
    ) -> Result<(Vec<(u64, T)>, bool), StoreError> {
        let row = move |row: &dyn Row| {
            let (variables, response) = (row.text(2)?.map(str::to_owned), row.some_bytes(3)?.map(<[u8]>::to_vec));
            let long = variables.as_ref().map_or(0, String::len);
            Ok((row.number(0)? as u64, of(DetailRow { salt: row.bytes(1)?.to_vec(), variables, response }), long))
        };
        let values = vec![epoch.0.into(), (from as i64).into(), (to as i64).into(), (LONG as i64).into()];
        let found = self.0.entries.list(DETAILS, values, row).await?;
        // A letter has a byte at least.
        let more = found.iter().map(|(.., long)| long).sum::<usize>() >= LONG;
        Ok((found.into_iter().map(|(rseq, detail, _)| (rseq, detail)).collect(), more))
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
