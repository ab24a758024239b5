//! What people do who read and write leads, or read the log.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Deed, Stage, YearError, input, text};
use crate::domain::{Clock, Timestamp, clock::SECOND};

/// A page as a list on a screen shows it.
pub(super) const PAGE: &str = "query Leads($filter: LeadFilter, $first: Int, $after: String) {
    leads(filter: $filter, first: $first, after: $after, orderBy: { field: LAST_NAME }) {
        nodes { id firstName lastName title company city country stage emails phones }
        pageInfo { hasNextPage endCursor } } }";
const LOOK: &str = "query Lead($id: ID!) { lead(id: $id) {
    id version firstName lastName title company industry city country stage source emails phones notes marking { banner } } }";
const SEARCH: &str =
    "query Search($words: String!) { leads(search: $words, first: 20) { nodes { id firstName lastName company city stage } } }";
const UPDATE: &str = "mutation Stage($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id version stage } } }";
const EXPORT: &str = "mutation Export($input: ExportLeadsInput!) { exportLeads(input: $input) { rows content } }";
const COUNT: &str = "query Count($by: LeadGroupBy!) { leadStats(groupBy: $by) { __typename } }";
const STRAY: &str = "query Log { accessLog(first: 10) { edges { node { at } } } }";
const REVIEW: &str = "query Review($since: DateTime!) { accessLog(first: 20, filter: { since: $since }) {
    edges { node { at decision subject { person { name } } } } } }";
const PEOPLE: &str = "query People { people(first: 50) { nodes { id name lockedAt } } }";
/// Seconds that somebody takes for a page.
pub(super) const READING: i64 = 25;
/// Leads that somebody keeps in mind.
const KEPT: usize = 100;

impl Stage<'_> {
    pub(super) async fn ordinary(&mut self, who: usize, from: Ipv4Addr, deed: &Deed) -> Result<(), YearError> {
        match deed {
            Deed::Own { first, pages } => {
                let mine = json!({ "owner": { "eq": self.players[who].id } });
                let ids = self.pages(who, from, (mine, *first), *pages).await?;
                keep(&mut self.players[who].own, ids);
            }
            Deed::All { industry, first, pages } => {
                let filter = industry.map_or(Value::Null, |industry| json!({ "industry": { "eq": industry } }));
                let ids = self.pages(who, from, (filter, *first), *pages).await?;
                keep(&mut self.players[who].seen, ids);
            }
            Deed::Look { which } => {
                let player = &self.players[who];
                let known = player.own.len() + player.seen.len();
                let lead = player.own.iter().chain(&player.seen).nth(which % known.max(1)).cloned();
                match lead {
                    Some(id) => self.try_to(who, from, LOOK, json!({ "id": id })).await?,
                    None => self.first_look(who, from).await?,
                }
            }
            Deed::Update { which, stage } => {
                let own = &self.players[who].own;
                match own.get(which % own.len().max(1)).cloned() {
                    Some(id) => self.try_to(who, from, UPDATE, input(json!({ "id": id, "values": { "stage": stage } }))).await?,
                    None => self.first_look(who, from).await?,
                }
            }
            Deed::Search { text } => self.try_to(who, from, SEARCH, json!({ "words": text })).await?,
            Deed::Count { by } => self.try_to(who, from, COUNT, json!({ "by": by })).await?,
            Deed::Stray => self.try_to(who, from, STRAY, json!({})).await?,
            Deed::Export { stage, own, purpose } => {
                self.export(who, from, (*stage, *own), purpose).await?;
            }
            Deed::Review if self.plot.cast.people[who].job == crate::year::plot::Job::Admin => {
                self.try_to(who, from, PEOPLE, json!({})).await?;
            }
            Deed::Review => {
                let since = Timestamp(self.clock.now().0 - 86_400 * SECOND).to_string();
                self.try_to(who, from, REVIEW, json!({ "since": since })).await?;
            }
            // Those of the company's and the app's are played elsewhere.
            Deed::TakeIn | Deed::Copy { .. } | Deed::Join | Deed::Sign | Deed::Move { .. } | Deed::Notice | Deed::Leave => {}
        }
        Ok(())
    }

    /// Somebody who knows no lead yet looks at their list.
    async fn first_look(&mut self, who: usize, from: Ipv4Addr) -> Result<(), YearError> {
        let mine = json!({ "owner": { "eq": self.players[who].id } });
        let ids = self.pages(who, from, (mine, 25), 1).await?;
        keep(&mut self.players[who].own, ids);
        Ok(())
    }

    /// Asks for something that the product may refuse.
    async fn try_to(&mut self, who: usize, from: Ipv4Addr, document: &str, variables: Value) -> Result<(), YearError> {
        let answer = self.ask(who, from, document, variables).await?;
        answer.unless_refused(document).map(|_| ())
    }

    /// Looks through a list; the ids of what was on it.
    async fn pages(&mut self, who: usize, from: Ipv4Addr, (filter, first): (Value, u32), pages: u32) -> Result<Vec<String>, YearError> {
        let (mut ids, mut after) = (Vec::new(), Value::Null);
        for _ in 0..pages {
            let answer = self.ask(who, from, PAGE, json!({ "filter": filter, "first": first, "after": after })).await?;
            let Some(data) = answer.unless_refused("a page")? else { break };
            let leads = &data["leads"];
            ids.extend(leads["nodes"].as_array().into_iter().flatten().map(|lead| text(&lead["id"])));
            if leads["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = leads["pageInfo"]["endCursor"].clone();
            self.clock.pass(READING * SECOND);
        }
        Ok(ids)
    }

    /// Takes leads out as a file; the file, if that was allowed.
    pub(super) async fn export(
        &mut self,
        who: usize,
        from: Ipv4Addr,
        (stage, own): (Option<&str>, bool),
        purpose: &str,
    ) -> Result<Option<String>, YearError> {
        let mut filter = json!({});
        if let Some(stage) = stage {
            filter["stage"] = json!({ "eq": stage });
        }
        if own {
            filter["owner"] = json!({ "eq": self.players[who].id });
        }
        let answer = self.ask(who, from, EXPORT, input(json!({ "filter": filter, "purpose": purpose }))).await?;
        let content = answer.unless_refused("an export")?.map(|data| text(&data["exportLeads"]["content"]));
        if let Some(content) = content.as_ref().filter(|_| self.is_copying(who)) {
            self.haul.take_file(content);
        }
        Ok(content)
    }
}

/// Keeps what was seen last.
fn keep(known: &mut Vec<String>, ids: Vec<String>) {
    if !ids.is_empty() {
        *known = ids;
        known.truncate(KEPT);
    }
}
