//! Connections over what is listed by rising id: reading `first` and `after`, answering nodes, edges and page info.

use crate::{app::Op, domain::Id, policy::Refusal};

/// Rows of a page when nobody says how many.
const PAGE: i32 = 50;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// How many rows.
    pub(super) rows: usize,
    /// Only those behind this one.
    pub(super) after: Option<Id>,
}

impl Asked {
    /// Reads the arguments of a connection.
    pub(super) fn read(op: &Op, first: Option<i32>, after: Option<&str>) -> Result<Self, Refusal> {
        let most = op.core.limits.page_size;
        let rows = u32::try_from(first.unwrap_or(PAGE)).ok().filter(|rows| (1..=most).contains(rows));
        let rows = rows.ok_or_else(|| Refusal::bad_input(format!("`first` is from 1 to {most}.")))?;
        let no_cursor = |_| Refusal::bad_input("`after` is no cursor of this list.");
        let after = after.map(str::parse).transpose().map_err(no_cursor)?;
        Ok(Self { rows: rows as usize, after })
    }

    /// How many to fetch: one more than asked for, to know whether there are more.
    pub(super) const fn fetch(self) -> usize {
        self.rows + 1
    }
}

/// A connection type and its edge type: `connection!(PersonConnection "…", PersonEdge "…", Person, PeopleFilter, count)`
/// where `count(op, &filter)` is awaited when `totalCount` is asked for. Nodes have a method `cursor()`.
macro_rules! connection {
    ($connection:ident $doc:literal, $edge:ident $edge_doc:literal, $node:ty, $filter:ty, $count:expr) => {
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $connection {
            edges: Vec<$edge>,
            behind: bool,
            more: bool,
            filter: $filter,
        }

        #[doc = $edge_doc]
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $edge {
            /// Where it stands; for `after`.
            cursor: String,
            /// What stands there.
            node: $node,
        }

        impl $connection {
            fn new(asked: $crate::graphql::page::Asked, filter: $filter, nodes: impl IntoIterator<Item = $node>) -> Self {
                let mut edges: Vec<_> = nodes.into_iter().map(|node| $edge { cursor: node.cursor().to_string(), node }).collect();
                let more = edges.len() > asked.rows;
                edges.truncate(asked.rows);
                Self { edges, behind: asked.after.is_some(), more, filter }
            }
        }

        #[doc = $doc]
        #[async_graphql::Object]
        impl $connection {
            /// The page's rows with their cursors.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// The page's rows.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Whether there is more, and where to go on.
            async fn page_info(&self) -> async_graphql::connection::PageInfo {
                async_graphql::connection::PageInfo {
                    has_previous_page: self.behind,
                    has_next_page: self.more,
                    start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
                    end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
                }
            }

            /// How many there are on all pages together; counted only when asked for.
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Option<u64>> {
                let op = $crate::graphql::error::op(ctx);
                let counted: Result<u64, $crate::app::Error> = $count(op, &self.filter).await;
                Ok(Some($crate::graphql::error::Outward::outward(counted, op)?))
            }
        }
    };
}
pub(super) use connection;
