//! What the thief carries off: nothing but what the product showed.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde_json::{Value, json};

use super::{
    Stage, YearError,
    deeds::{PAGE, READING},
    text,
};
use crate::{
    domain::{Clock, clock::SECOND},
    year::{
        leak::Row,
        plot::{LAST_DAYS, Leaving},
    },
};

/// Leads on a page of somebody in a hurry.
const PAGE_OF: u32 = 50;
/// What stands where a cell was masked.
const MASK: char = '•';

/// Everything copied so far, by the id of the lead.
#[derive(Debug, Default)]
pub(super) struct Haul {
    rows: BTreeMap<String, Row>,
    /// Where the last sitting ended.
    after: Value,
    /// Whether there is no more.
    done: bool,
}

impl Haul {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.rows.values().cloned().collect()
    }

    fn take(&mut self, id: String, row: Row) {
        let known = self.rows.entry(id).or_insert_with(|| row.clone());
        // What one answer masked, another may have shown.
        for (mine, new) in [(&mut known.email, row.email), (&mut known.phone, row.phone)] {
            if mine.is_empty() {
                *mine = new;
            }
        }
    }

    fn take_page(&mut self, leads: &Value) {
        for lead in leads["nodes"].as_array().into_iter().flatten() {
            let row = Row {
                first_name: text(&lead["firstName"]),
                last_name: text(&lead["lastName"]),
                company: text(&lead["company"]),
                email: clear(&text(&lead["emails"][0])),
                phone: clear(&text(&lead["phones"][0])),
            };
            self.take(text(&lead["id"]), row);
        }
        self.after = leads["pageInfo"]["endCursor"].clone();
        self.done = leads["pageInfo"]["hasNextPage"] != true;
    }

    /// Takes the rows of an exported file.
    pub(super) fn take_file(&mut self, content: &str) {
        let mut file = csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(content.as_bytes());
        let columns = file.headers().cloned().unwrap_or_default();
        let at = |name: &str| columns.iter().position(|column| column == name);
        let (id, first, last, company) = (at("leadId"), at("firstName"), at("lastName"), at("company"));
        let (email, phone) = (at("emails"), at("phones"));
        for record in file.records().flatten() {
            // A quote before a cell keeps spreadsheets from taking it for a formula.
            let cell = |column: Option<usize>| {
                column.and_then(|column| record.get(column)).unwrap_or_default().trim_start_matches('\'').to_owned()
            };
            let one = |column| clear(cell(column).split(';').next().unwrap_or_default());
            let row = Row { first_name: cell(first), last_name: cell(last), company: cell(company), email: one(email), phone: one(phone) };
            self.take(cell(id), row);
        }
    }
}

fn clear(cell: &str) -> String {
    if cell.contains(MASK) { String::new() } else { cell.trim().to_owned() }
}

impl Stage<'_> {
    /// Whether somebody is the thief, in the last days.
    pub(super) fn is_copying(&self, who: usize) -> bool {
        let today = self.clock.now().day();
        self.plot.cast.people[who].leaves.is_some_and(|(last, leaving)| leaving == Leaving::Thief && last - today < LAST_DAYS)
    }

    /// One sitting: page after page of everything in sight.
    pub(super) async fn copy(&mut self, who: usize, from: Ipv4Addr, pages: u32) -> Result<(), YearError> {
        for _ in 0..pages {
            if self.haul.done {
                break;
            }
            let wanted = json!({ "first": PAGE_OF, "after": self.haul.after });
            let answer = self.ask(who, from, PAGE, wanted).await?;
            let Some(data) = answer.unless_refused("copying")? else { break };
            self.haul.take_page(&data["leads"]);
            self.clock.pass(READING * SECOND);
        }
        Ok(())
    }
}
