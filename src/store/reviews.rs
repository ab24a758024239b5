//! Access reviews: campaigns and what was said of each grant in them.

use entity::{
    access_review::{self, Column, Entity},
    access_review_item::{self, Column as Item, Entity as Items},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Id, Timestamp},
    policy::{Permit, review::ReviewAnswer},
};

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessReview {
    /// Id.
    pub id: Id,
    /// What it is called.
    pub name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Who began it; `None` is the operator.
    pub started_by: Option<Id>,
    /// Until when grants can be confirmed.
    pub due_at: Timestamp,
    /// When everything had its answer after that.
    pub closed_at: Option<Timestamp>,
}

/// A grant in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewItem {
    /// The campaign.
    pub review: Id,
    /// The grant.
    pub grant: Id,
    /// What became of it, when, and by whom; of the operator and of a date nobody.
    pub answer: Option<(ReviewAnswer, Timestamp, Option<Id>)>,
}

impl Tx<'_> {
    /// Begins a campaign over these grants.
    pub async fn put_review(self, _permit: Permit, review: &AccessReview, grants: &[Id]) -> Result<(), StoreError> {
        let row = access_review::ActiveModel {
            id: Set(review.id.0),
            name: Set(review.name.clone()),
            started_at: Set(review.started_at.0),
            started_by: Set(review.started_by.map(|by| by.0)),
            due_at: Set(review.due_at.0),
            closed_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        for grant in grants {
            let row = access_review_item::ActiveModel {
                review_id: Set(review.id.0),
                grant_id: Set(grant.0),
                answer: Set(None),
                answered_at: Set(None),
                answered_by: Set(None),
            };
            Items::insert(row).exec_without_returning(self.0).await?;
        }
        Ok(())
    }

    /// Notes what became of a grant; `false` if that was noted before.
    pub async fn answer_review(self, item: &ReviewItem) -> Result<bool, StoreError> {
        let Some((answer, at, by)) = item.answer else { return Ok(false) };
        let update = Items::update_many()
            .col_expr(Item::Answer, Expr::value(answer.name()))
            .col_expr(Item::AnsweredAt, Expr::value(at.0))
            .col_expr(Item::AnsweredBy, Expr::value(by.map(|by| by.0)))
            .filter(Item::ReviewId.eq(item.review.0))
            .filter(Item::GrantId.eq(item.grant.0))
            .filter(Item::Answer.is_null());
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }

    /// Ends a campaign; `false` if it had ended.
    pub async fn close_review(self, review: Id, at: Timestamp) -> Result<bool, StoreError> {
        let update = Entity::update_many().col_expr(Column::ClosedAt, Expr::value(at.0));
        let update = update.filter(Column::Id.eq(review.0)).filter(Column::ClosedAt.is_null());
        Ok(update.exec(self.0).await?.rows_affected == 1)
    }
}

impl Store {
    /// At most `first` campaigns by rising id, those behind `after`.
    pub async fn reviews(&self, after: Option<Id>, first: u64) -> Result<Vec<AccessReview>, StoreError> {
        let query = Entity::find().filter(Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        let rows = query.order_by_asc(Column::Id).limit(first).all(&self.0.main).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// How many there are.
    pub async fn count_reviews(&self) -> Result<u64, StoreError> {
        Ok(Entity::find().count(&self.0.main).await?)
    }

    /// The campaign with this id.
    pub async fn review(&self, id: Id) -> Result<Option<AccessReview>, StoreError> {
        Ok(Entity::find_by_id(id.0).one(&self.0.main).await?.map(read))
    }

    /// Campaigns whose date is past and that have not ended.
    pub async fn due_reviews(&self, now: Timestamp) -> Result<Vec<AccessReview>, StoreError> {
        let due = Entity::find().filter(Column::DueAt.lte(now.0)).filter(Column::ClosedAt.is_null());
        Ok(due.order_by_asc(Column::Id).all(&self.0.main).await?.into_iter().map(read).collect())
    }

    /// The grants of a campaign, by id.
    pub async fn review_items(&self, review: Id) -> Result<Vec<ReviewItem>, StoreError> {
        let rows = Items::find().filter(Item::ReviewId.eq(review.0)).order_by_asc(Item::GrantId).all(&self.0.main).await?;
        rows.into_iter().map(item).collect()
    }
}

fn read(row: access_review::Model) -> AccessReview {
    AccessReview {
        id: Id(row.id),
        name: row.name,
        started_at: Timestamp(row.started_at),
        started_by: row.started_by.map(Id),
        due_at: Timestamp(row.due_at),
        closed_at: row.closed_at.map(Timestamp),
    }
}

fn item(row: access_review_item::Model) -> Result<ReviewItem, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("grant {} of review {}", row.grant_id, row.review_id));
    let answer = match (&row.answer, row.answered_at) {
        (Some(name), Some(at)) => Some((ReviewAnswer::from_name(name).ok_or_else(corrupt)?, Timestamp(at), row.answered_by.map(Id))),
        _ => None,
    };
    Ok(ReviewItem { review: Id(row.review_id), grant: Id(row.grant_id), answer })
}
