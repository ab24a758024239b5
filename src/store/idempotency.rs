//! Results of mutations that must not run twice.

use entity::idempotency;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::{StoreError, Tx};
use crate::domain::{Id, Timestamp};

/// What an earlier request with the same key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// SHA-256 of what it asked for.
    pub digest: Vec<u8>,
    /// What it was answered.
    pub result: String,
}

impl Tx<'_> {
    /// What the actor did under this key before; if nothing, remembers `result` from now on.
    pub async fn remember(
        self,
        actor: Id,
        item: &str,
        digest: &[u8],
        result: &str,
        at: Timestamp,
    ) -> Result<Option<Remembered>, StoreError> {
        let known = idempotency::Entity::find_by_id((actor.0, item.to_owned())).one(self.0).await?;
        if let Some(row) = known {
            return Ok(Some(Remembered { digest: row.digest, result: row.result }));
        }
        let row = idempotency::ActiveModel {
            actor: Set(actor.0),
            item: Set(item.to_owned()),
            digest: Set(digest.to_vec()),
            result: Set(result.to_owned()),
            at: Set(at.0),
        };
        idempotency::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(None)
    }
}
