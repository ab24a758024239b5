//! Quotas that somebody has lifted.

use entity::quota_lift::{self, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::{Permit, QuotaKind},
};

/// A quota lifted for one of its periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaLift {
    /// Whose.
    pub subject: Id,
    /// Which quota.
    pub kind: QuotaKind,
    /// The beginning of the period.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Who lifted it; `None` is the operator.
    pub by: Option<Id>,
    /// When.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// Puts a lift down; a unique violation if there is one for the period.
    pub async fn put_quota_lift(self, _permit: Permit, lift: &QuotaLift) -> Result<(), StoreError> {
        let row = quota_lift::ActiveModel {
            subject_id: Set(lift.subject.0),
            kind: Set(lift.kind.name().into()),
            since: Set(lift.from.0),
            until: Set(lift.until.0),
            by_id: Set(lift.by.map(|by| by.0)),
            at: Set(lift.at.0),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }
}

impl Store {
    /// The quotas of these subjects that are lifted at this moment.
    pub async fn quota_lifts(&self, subjects: &[Id], at: Timestamp) -> Result<Vec<(Id, QuotaKind)>, StoreError> {
        let subjects = subjects.iter().map(|id| id.0);
        let query = Entity::find().filter(Column::SubjectId.is_in(subjects)).filter(Column::Since.lte(at.0)).filter(Column::Until.gt(at.0));
        let corrupt = |row: &quota_lift::Model| StoreError::Corrupt(format!("lift of the quota {}", row.kind));
        let read = |row: quota_lift::Model| {
            let kind = QuotaKind::from_name(&row.kind).ok_or_else(|| corrupt(&row))?;
            Ok((Id(row.subject_id), kind))
        };
        query.all(&self.0.main).await?.into_iter().map(read).collect()
    }
}
