//! Who was shown a lead.

use async_graphql::{Context, ID, Object, Result, SimpleObject, connection::PageInfo};

use super::{
    access_record::{AccessSubject, names},
    error::{Outward, op},
    scalar::{self, DateTime},
};
use crate::{
    app::{
        Op,
        access_log::{self, Sighting, Sightings, WhoSaw},
    },
    domain::{Field, Id, Subject},
    policy::Refusal,
};

/// The query.
#[derive(Debug, Default)]
pub struct WhoSawQuery;

/// Subjects who were shown a lead, those who saw it last first.
#[derive(SimpleObject)]
pub struct LeadSightingConnection {
    /// The page's subjects with their cursors.
    edges: Vec<LeadSightingEdge>,
    /// The page's subjects.
    nodes: Vec<LeadSighting>,
    /// Whether there are more.
    page_info: PageInfo,
    /// How many subjects there are on all pages.
    total_count: u64,
    /// Null if every record that shows the lead was looked at; else those that are older than the one with this index were not: ask for them with `before`.
    searched_back_to: Option<u64>,
}

/// A subject in a page.
#[derive(SimpleObject)]
pub struct LeadSightingEdge {
    /// Goes on after this subject when given as `after`.
    cursor: String,
    /// The subject.
    node: LeadSighting,
}

/// How somebody was shown a lead.
#[derive(Clone, SimpleObject)]
pub struct LeadSighting {
    /// Who.
    subject: AccessSubject,
    /// In how many records.
    times: u64,
    /// In how many of them as part of a file.
    downloads: u64,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked and never as they are.
    masked: Vec<&'static str>,
    /// When first.
    first: DateTime,
    /// Index of the record of that.
    first_index: u64,
    /// When last.
    last: DateTime,
    /// Index of the record of that.
    last_index: u64,
    /// Names of the roles whose windows were used.
    roles: Vec<String>,
    /// Purpose codes that were declared.
    purposes: Vec<String>,
    /// Internet addresses it went to.
    addresses: Vec<String>,
}

#[Object]
impl WhoSawQuery {
    /// Every subject that was shown this lead. Needs `LOG_READ`; asking is recorded.
    #[graphql(complexity = "10 + usize::try_from(first).unwrap_or(0) * child_complexity")]
    async fn who_saw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] lead: ID,
        #[graphql(desc = "Only those who were shown this field of it, in clear or masked.")] field: Option<String>,
        #[graphql(desc = "Only operations begun at this moment or later.")] since: Option<DateTime>,
        #[graphql(desc = "Only operations begun before this moment.")] until: Option<DateTime>,
        #[graphql(desc = "Only records with an index below this, after `searchedBackTo`.")] before: Option<i64>,
        #[graphql(desc = "How many subjects at most, 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<Option<LeadSightingConnection>> {
        let op = op(ctx);
        let field = field.map(|name| Field::from_name(&name).ok_or_else(|| Refusal::bad_input("`field` is no field of leads.")));
        let wanted = WhoSaw {
            lead: scalar::id(&lead).outward(op)?,
            field: field.transpose().outward(op)?,
            since: since.map(|moment| moment.0),
            until: until.map(|moment| moment.0),
            before: before.map(|before| before.max(0) as u64),
        };
        let first = usize::try_from(first).unwrap_or(0);
        let after = after.as_deref().map(place).transpose().outward(op)?;
        let found = access_log::who_saw(op, wanted, first, after).await.outward(op)?;
        Ok(Some(connection(op, found)))
    }
}

fn connection(op: &Op, found: Sightings) -> LeadSightingConnection {
    let Sightings { sightings, total, until, skipped, cut_before } = found;
    let edge = |(sighting, number): (Sighting, u64)| LeadSightingEdge { cursor: cursor(until, number), node: sighted(op, sighting) };
    let edges: Vec<_> = sightings.into_iter().zip(skipped + 1..).map(edge).collect();
    let page_info = PageInfo {
        has_previous_page: skipped > 0,
        has_next_page: skipped + (edges.len() as u64) < total,
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: edges.last().map(|edge| edge.cursor.clone()),
    };
    let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
    LeadSightingConnection { edges, nodes, page_info, total_count: total, searched_back_to: cut_before }
}

fn sighted(op: &Op, sighting: Sighting) -> LeadSighting {
    let Sighting { person, app, operator, times, downloads, clear, masked, first, last, roles, purposes, addresses } = sighting;
    LeadSighting {
        subject: AccessSubject::of(op, Subject { person, app, session: None, operator }),
        times,
        downloads,
        clear: names(clear),
        masked: names(masked),
        first: DateTime(first.0),
        first_index: first.1,
        last: DateTime(last.0),
        last_index: last.1,
        roles: roles.into_iter().collect(),
        purposes: purposes.into_iter().collect(),
        addresses: addresses.into_iter().collect(),
    }
}

/// The end of the log for this list, and how many subjects came before.
fn cursor(until: u64, number: u64) -> String {
    format!("{}{}", Id(until as i64), Id(number as i64))
}

fn place(cursor: &str) -> std::result::Result<(u64, u64), Refusal> {
    let halves = cursor.split_at_checked(13).and_then(|(until, number)| Some((until.parse::<Id>().ok()?, number.parse::<Id>().ok()?)));
    halves.map(|(until, number)| (until.0 as u64, number.0 as u64)).ok_or_else(|| Refusal::bad_input("`after` is no cursor of this list."))
}
