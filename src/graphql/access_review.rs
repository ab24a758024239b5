//! Access reviews.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    grant::Grant,
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        Error, Op,
        reviews::{self, ReviewAnswer, Reviewed, Scope},
    },
    domain::Id,
};

/// What became of a grant in a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ReviewAnswer", name = "ReviewAnswer")]
pub enum AnswerName {
    /// Somebody said that it is still needed.
    Confirmed,
    /// Somebody ended it.
    Withdrawn,
    /// Nobody said anything in time, so it ended.
    Lapsed,
    /// Nobody said anything in time, but nobody could manage the policy without it.
    Kept,
    /// It had ended before anybody said anything.
    Ended,
}

/// What can be said of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ReviewDecision {
    /// It is still needed.
    Confirm,
    /// It ends now.
    Withdraw,
}

/// A campaign in which whoever answers for a grant says whether it is still needed. What nobody answers for by the date ends then.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct AccessReview {
    /// Opaque id.
    id: ID,
    /// What it is called.
    name: String,
    /// When it began.
    started_at: DateTime,
    /// Until when grants can be confirmed.
    due_at: DateTime,
    /// When everything had its answer after that; null before.
    closed_at: Option<DateTime>,
    #[graphql(skip)]
    key: Id,
    #[graphql(skip)]
    by: Option<Id>,
}

/// A grant in a campaign.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ReviewedGrant {
    /// Id of the grant.
    grant_id: ID,
    /// The grant as it is now.
    grant: Option<Grant>,
    /// What became of it; null as long as nobody has answered.
    answer: Option<AnswerName>,
    /// When.
    answered_at: Option<DateTime>,
    #[graphql(skip)]
    by: Option<Id>,
}

#[ComplexObject]
impl AccessReview {
    /// Who began it; null is the operator, on the command line.
    async fn started_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Its grants: with `POLICY_READ` all, else those that the caller answers for.
    #[graphql(complexity = "50 + 50 * child_complexity")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that nobody has answered for.", default)] open: bool,
    ) -> Result<Vec<ReviewedGrant>> {
        let op = op(ctx);
        let items = reviews::items(op, self.key).await.outward(op)?;
        Ok(items.into_iter().filter(|(item, _)| !open || item.answer.is_none()).map(ReviewedGrant::from).collect())
    }
}

#[ComplexObject]
impl ReviewedGrant {
    /// Who answered; with `answer`, null is the operator, or the date.
    async fn answered_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.by.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl AccessReview {
    const fn cursor(&self) -> Id {
        self.key
    }
}

impl From<reviews::AccessReview> for AccessReview {
    fn from(review: reviews::AccessReview) -> Self {
        let reviews::AccessReview { id, name, started_at, started_by, due_at, closed_at } = review;
        let (started_at, due_at) = (DateTime(started_at), DateTime(due_at));
        Self { id: opaque(id), name, started_at, due_at, closed_at: closed_at.map(DateTime), key: id, by: started_by }
    }
}

impl From<Reviewed> for ReviewedGrant {
    fn from((item, grant): Reviewed) -> Self {
        Self {
            grant_id: opaque(item.grant),
            grant: grant.map(Grant::from),
            answer: item.answer.map(|(answer, ..)| answer.into()),
            answered_at: item.answer.map(|(_, at, _)| DateTime(at)),
            by: item.answer.and_then(|(.., by)| by),
        }
    }
}

connection!(
    AccessReviewConnection "Access reviews, by the time they began.",
    AccessReviewEdge "An access review and its place in the list.",
    AccessReview,
    (),
    count
);

async fn count(op: &Op, (): &()) -> std::result::Result<u64, Error> {
    reviews::count(op).await
}

/// A campaign to be begun over the grants that are active now.
#[derive(Debug, InputObject)]
pub struct StartAccessReviewInput {
    /// What it is called: 1 to 100 characters.
    name: String,
    /// Until when grants can be confirmed.
    due_at: DateTime,
    /// Only grants for this team and the teams below it.
    team: Option<ID>,
    /// Only grants of this role.
    role: Option<ID>,
}

/// What is said of a grant.
#[derive(Debug, InputObject)]
pub struct AnswerAccessReviewInput {
    /// The campaign.
    review: ID,
    /// The grant.
    grant: ID,
    /// Whether it is still needed.
    decision: ReviewDecision,
}

/// A campaign as it is now.
#[derive(Debug, SimpleObject)]
pub struct AccessReviewPayload {
    /// The campaign.
    review: AccessReview,
}

/// A grant as it is now.
#[derive(Debug, SimpleObject)]
pub struct ReviewedGrantPayload {
    /// The grant in the campaign.
    reviewed: ReviewedGrant,
}

/// Queries about access reviews.
#[derive(Debug, Default)]
pub struct AccessReviewQuery;

#[Object]
impl AccessReviewQuery {
    /// The campaigns, those of the past too. Needs `POLICY_READ` or `GRANT_REVIEW`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn access_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows at most, 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<Option<AccessReviewConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let found = reviews::list(op, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(AccessReviewConnection::new(asked, (), found.into_iter().map(AccessReview::from))))
    }
}

/// Changes of access reviews.
#[derive(Debug, Default)]
pub struct AccessReviewMutation;

#[Object]
impl AccessReviewMutation {
    /// Begins a campaign over the grants that are active now. Needs `POLICY_MANAGE`.
    async fn start_access_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name, its date, and which grants.")] input: StartAccessReviewInput,
    ) -> Result<Option<AccessReviewPayload>> {
        let op = op(ctx);
        let scope = Scope {
            team: input.team.as_ref().map(id).transpose().outward(op)?,
            role: input.role.as_ref().map(id).transpose().outward(op)?,
        };
        let review = reviews::start(op, &input.name, input.due_at.0, scope).await.outward(op)?;
        Ok(Some(AccessReviewPayload { review: review.into() }))
    }

    /// Says of a grant that it is still needed, or ends it. Needs `GRANT_REVIEW` by a grant for its team, for a team above, or for no
    /// team; nobody answers for their own.
    async fn answer_access_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grant, and what.")] input: AnswerAccessReviewInput,
    ) -> Result<Option<ReviewedGrantPayload>> {
        let op = op(ctx);
        let (review, grant) = (id(&input.review).outward(op)?, id(&input.grant).outward(op)?);
        let answer = match input.decision {
            ReviewDecision::Confirm => ReviewAnswer::Confirmed,
            ReviewDecision::Withdraw => ReviewAnswer::Withdrawn,
        };
        let reviewed = reviews::answer(op, review, grant, answer).await.outward(op)?;
        Ok(Some(ReviewedGrantPayload { reviewed: reviewed.into() }))
    }
}
