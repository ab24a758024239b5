//! The access log, for auditors.

use async_graphql::{Context, Object, SimpleObject, Subscription, connection::PageInfo};
use futures_util::{Stream, stream};

use super::{
    access_log_filter::{AccessLogFilter, AccessLogOrder},
    access_record::AccessRecord,
    error::{Outward, op},
    live,
};
use crate::{
    app::access_log::{self, LogPage, Wanted},
    domain::Id,
    policy::Refusal,
};

/// Queries about the access log.
#[derive(Debug, Default)]
pub struct AccessLogQuery;

#[Object]
impl AccessLogQuery {
    /// The access log. Needs `LOG_READ`; reading it is recorded in it.
    ///
    /// A page looks at a bounded number of records. If too few of them match it comes back short, perhaps empty, with
    /// `hasNextPage` true: go on after its `endCursor`. Cursors are places in the tree: pages stay what they are while the log grows.
    #[graphql(complexity = "1 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records; all of them without it.")] filter: Option<AccessLogFilter>,
        #[graphql(desc = "How many at most, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "In which order.", default)] order: AccessLogOrder,
    ) -> async_graphql::Result<Option<AccessRecordConnection>> {
        let op = op(ctx);
        let filter = filter.unwrap_or_default().read(op).outward(op)?;
        let first = sized(first).outward(op)?;
        let after = after.as_deref().map(index_of).transpose().outward(op)?;
        let wanted = Wanted { first, after, oldest_first: order == AccessLogOrder::OldestFirst };
        let page = access_log::access_log(op, &filter, wanted).await.outward(op)?;
        Ok(Some(AccessRecordConnection::from((page, after.is_some()))))
    }

    /// One record by its index in the tree. Needs `LOG_READ`; reading it is recorded.
    async fn access_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its place in the tree, from 0.")] index: i64,
    ) -> async_graphql::Result<Option<AccessRecord>> {
        let op = op(ctx);
        let index = u64::try_from(index).map_err(|_| Refusal::not_found()).outward(op)?;
        Ok(Some(AccessRecord(access_log::access_record(op, index).await.outward(op)?)))
    }
}

/// Subscriptions to the access log.
#[derive(Debug, Default)]
pub struct AccessLogSubscription;

#[Subscription]
impl AccessLogSubscription {
    /// What comes into the access log from now on, the oldest first. Needs `LOG_READ`, anew for every event.
    ///
    /// An event is a page of one or more records. Before it leaves, a record of kind `SUBSCRIPTION` says that it did, with
    /// `delivered` among its `reasons`; subscriptions leave those records out. Nothing is lost to whoever reads slowly or comes
    /// back: subscribe again with the last `endCursor` as `after`.
    #[graphql(complexity = "1 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn new_access_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records; all of them without it.")] filter: Option<AccessLogFilter>,
        #[graphql(desc = "How many in one event at most, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Begin behind this cursor of `accessLog` or of an event instead of now.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = Option<AccessRecordConnection>>> {
        let (op, step) = (op(ctx), live::step(ctx)?);
        let filter = filter.unwrap_or_default().read(op).outward(op)?;
        let first = sized(first).outward(op)?;
        let after = after.as_deref().map(index_of).transpose().outward(op)?;
        let Some(from) = step.from else {
            step.reach(access_log::begin_at(op, first, after).await.outward(op)?, after.is_some());
            return Ok(stream::iter(None));
        };
        let (page, next) = access_log::news(op, &filter, first, from).await.outward(op)?;
        step.reach(next, page.next.is_some());
        let event = (!page.records.is_empty()).then(|| Some(AccessRecordConnection::from((page, true))));
        Ok(stream::iter(event))
    }
}

/// A page of the access log.
#[derive(SimpleObject)]
pub struct AccessRecordConnection {
    /// The records with their cursors.
    edges: Vec<AccessRecordEdge>,
    /// Whether there is more, and where to go on.
    page_info: PageInfo,
}

/// A record in a page.
#[derive(SimpleObject)]
pub struct AccessRecordEdge {
    /// Goes on after this record when given as `after`.
    cursor: String,
    /// The record.
    node: AccessRecord,
}

impl From<(LogPage, bool)> for AccessRecordConnection {
    fn from((page, behind): (LogPage, bool)) -> Self {
        let edge = |logged: access_log::Logged| AccessRecordEdge { cursor: cursor(logged.index), node: AccessRecord(logged) };
        let edges: Vec<_> = page.records.into_iter().map(edge).collect();
        let last = page.next.map(cursor).or_else(|| edges.last().map(|edge| edge.cursor.clone()));
        let page_info = PageInfo {
            has_previous_page: behind,
            has_next_page: page.next.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: last,
        };
        Self { edges, page_info }
    }
}

fn sized(first: i32) -> Result<u32, Refusal> {
    u32::try_from(first).map_err(|_| Refusal::bad_input("A page has 1 to 500 records."))
}

fn cursor(index: u64) -> String {
    Id(index as i64).to_string()
}

fn index_of(cursor: &str) -> Result<u64, Refusal> {
    cursor.parse::<Id>().map(|id| id.0 as u64).map_err(|_| Refusal::bad_input("`after` is no cursor of this list."))
}
