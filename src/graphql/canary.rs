//! Canaries, for the trap's keeper.

use async_graphql::{Context, ID, Object, Result, SimpleObject, connection::PageInfo};

use super::{
    account::AccountReference,
    error::{Outward, op},
    scalar::{self, DateTime, opaque},
};
use crate::{
    app::{
        Op,
        canaries::{self, CanaryView, MAX_PAGE},
    },
    domain::{Field, LeadValues},
    policy::Refusal,
};

/// An invented lead that one reader alone sees, or that was put into one exported file.
#[derive(Clone, SimpleObject)]
pub struct Canary {
    /// The id of the lead it passes for.
    lead_id: ID,
    /// Who alone sees it; null as long as it is kept in stock.
    reader: Option<AccountReference>,
    /// The request id of the exported file that it was put into; null if it stands among what its reader sees from the beginning.
    export_request: Option<ID>,
    /// When it was invented.
    made_at: DateTime,
    /// When its reader got it.
    placed_at: Option<DateTime>,
    /// Who it was invented to be.
    name: String,
    /// The company it was invented to work for.
    company: String,
    /// Its e-mail address; null if `canaries.domains` is not set any more.
    email: Option<String>,
    /// What its row holds now; its reader may have changed it. Null of one in stock, or if the row was erased.
    current: Option<CanaryValues>,
}

/// What the row of a canary holds in the fields that tell who it is.
#[derive(Clone, SimpleObject)]
pub struct CanaryValues {
    /// The company.
    company: Option<String>,
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// E-mail addresses.
    emails: Vec<String>,
    /// Telephone numbers.
    phones: Vec<String>,
}

/// A canary in a page.
#[derive(Clone, SimpleObject)]
pub struct CanaryEdge {
    /// Goes on after this one when given as `after`.
    cursor: String,
    /// The canary.
    node: Canary,
}

/// Canaries, the oldest first.
#[derive(SimpleObject)]
pub struct CanaryConnection {
    /// The page's canaries with their cursors.
    edges: Vec<CanaryEdge>,
    /// The page's canaries.
    nodes: Vec<Canary>,
    /// Whether there are more.
    page_info: PageInfo,
    /// How many there are on all pages.
    total_count: u64,
}

/// What was invented.
#[derive(SimpleObject)]
pub struct PlantCanariesPayload {
    /// How many, those for the stock included.
    planted: u64,
}

/// Queries about canaries.
#[derive(Debug, Default)]
pub struct CanaryQuery;

#[Object]
impl CanaryQuery {
    /// Which leads are canaries, and whose. Needs `TRAP_KEEP`; asking is recorded, which ones were answered is not.
    #[graphql(complexity = "10 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn canaries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this reader, in exported files too.")] reader_id: Option<ID>,
        #[graphql(desc = "How many, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<Option<CanaryConnection>> {
        let op = op(ctx);
        let reader = reader_id.as_ref().map(scalar::id).transpose().outward(op)?;
        let no_cursor = |_| Refusal::bad_input("`after` is no cursor of this list.");
        let skip = after.as_deref().map_or(Ok(0), str::parse::<u64>).map_err(no_cursor).outward(op)?;
        let first = usize::try_from(first).ok().filter(|first| (1..=MAX_PAGE).contains(first));
        let first = first.ok_or_else(|| Refusal::bad_input(format!("`first` is from 1 to {MAX_PAGE}."))).outward(op)?;
        let found = canaries::list(op, reader, skip, first).await.outward(op)?;
        let total_count = canaries::count(op, reader).await.outward(op)?;
        let edge = |(view, number): (CanaryView, u64)| CanaryEdge { cursor: number.to_string(), node: canary(op, view) };
        let edges: Vec<CanaryEdge> = found.into_iter().zip(skip + 1..).map(edge).collect();
        let page_info = PageInfo {
            has_previous_page: skip > 0,
            has_next_page: skip + (edges.len() as u64) < total_count,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
        Ok(Some(CanaryConnection { edges, nodes, page_info, total_count }))
    }
}

pub(super) fn canary(op: &Op, view: CanaryView) -> Canary {
    let CanaryView { canary, name, company, email, now } = view;
    Canary {
        lead_id: opaque(canary.lead),
        reader: canary.reader.map(|reader| AccountReference::of(op, reader)),
        export_request: canary.export.map(opaque),
        made_at: DateTime(canary.made_at),
        placed_at: canary.placed_at.map(DateTime),
        name,
        company,
        email,
        current: now.map(|values| current(&values)),
    }
}

fn current(values: &LeadValues) -> CanaryValues {
    let text = |field| values.text(field).map(str::to_owned);
    let list = |field| values.text(field).unwrap_or_default().lines().map(str::to_owned).collect();
    CanaryValues {
        company: text(Field::Company),
        first_name: text(Field::FirstName),
        last_name: text(Field::LastName),
        emails: list(Field::Emails),
        phones: list(Field::Phones),
    }
}

/// Mutations about canaries.
#[derive(Debug, Default)]
pub struct CanaryMutation;

#[Object]
impl CanaryMutation {
    /// Invents the canaries that are lacking, instead of waiting for the server's next round. Needs `TRAP_KEEP`.
    async fn plant_canaries(&self, ctx: &Context<'_>) -> Result<Option<PlantCanariesPayload>> {
        let op = op(ctx);
        Ok(Some(PlantCanariesPayload { planted: canaries::plant_now(op).await.outward(op)? }))
    }
}
