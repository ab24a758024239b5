//! Asking for leads.

use async_graphql::{Context, ID, Object, Result};

use super::{
    connection::LeadConnection,
    input::{LeadFilter, LeadOrder},
    single::Lead,
    stats::{LeadGroup, LeadGroupBy},
};
use crate::{
    app::{Op, leads},
    domain::{Filter, LeadQuery as Asked, words},
    graphql::{
        error::{Outward, op},
        scalar,
    },
    policy::Refusal,
};

/// Rows of a page when nobody says how many.
const PAGE: i32 = 50;
/// Words of a search.
const WORDS: usize = 8;

/// Queries about leads.
#[derive(Debug, Default)]
pub struct LeadQuery;

#[Object]
impl LeadQuery {
    /// One lead; null if there is none or the caller may not see it.
    async fn lead(&self, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Lead>> {
        Ok(scalar::id(&id).ok().map(Lead::ById))
    }

    /// The leads the caller may see, newest first unless ordered otherwise.
    #[graphql(complexity = "1 + usize::try_from(first.or(last).unwrap_or(PAGE)).unwrap_or(0) * child_complexity")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads.")] filter: Option<LeadFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<LeadOrder>,
        #[graphql(desc = "Words that must all begin a word of the lead: company, industry, names, title, place, tags, reference, e-mail.")]
        search: Option<String>,
        #[graphql(desc = "How many from the front; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Option<LeadConnection>> {
        let op = op(ctx);
        let mut query = narrowed(filter, search).outward(op)?;
        query.order = order_by.map(Into::into).unwrap_or_default();
        page(op, &mut query, first, after, last, before).outward(op)?;
        Ok(Some(LeadConnection { query }))
    }

    /// Counts of leads by a field, largest group first.
    async fn lead_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By what to count.")] group_by: LeadGroupBy,
        #[graphql(desc = "Which leads.")] filter: Option<LeadFilter>,
    ) -> Result<Option<Vec<LeadGroup>>> {
        let op = op(ctx);
        let query = narrowed(filter, None).outward(op)?;
        let groups = leads::stats(op, query, group_by.into()).await.outward(op)?;
        Ok(Some(groups.into_iter().map(|group| LeadGroup::new(op, group_by, group)).collect()))
    }
}

fn narrowed(filter: Option<LeadFilter>, search: Option<String>) -> std::result::Result<Asked, Refusal> {
    let filter: Option<Filter> = filter.map(LeadFilter::read).transpose()?;
    let words: Vec<String> = search.as_deref().map(|text| words::words(text).collect()).unwrap_or_default();
    if words.len() > WORDS {
        return Err(Refusal::bad_input(format!("A search has at most {WORDS} words.")));
    }
    Ok(Asked { filter, words, ..Asked::default() })
}

fn page(
    op: &Op,
    query: &mut Asked,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> std::result::Result<(), Refusal> {
    let (rows, from, backward) = match (first, after, last, before) {
        (Some(_), _, Some(_), _) => return Err(Refusal::bad_input("Ask for `first` or for `last`, not for both.")),
        (_, Some(_), _, Some(_)) => return Err(Refusal::bad_input("Give `after` or `before`, not both.")),
        (None, None, Some(rows), before) => (rows, before, true),
        (None, None, None, Some(before)) => (PAGE, Some(before), true),
        (first, after, None, None) => (first.unwrap_or(PAGE), after, false),
        _ => return Err(Refusal::bad_input("`first` goes with `after`, `last` with `before`.")),
    };
    let most = op.core.limits.page_size;
    query.limit = usize::try_from(rows)
        .ok()
        .filter(|rows| *rows <= most as usize)
        .ok_or_else(|| Refusal::bad_input(format!("A page has between 0 and {most} rows.")))?;
    query.backward = backward;
    query.from = from.map(|cursor| cursor.parse().map_err(|_| Refusal::bad_input("This is no cursor of ours."))).transpose()?;
    Ok(())
}
