//! How often each alarm of a year was about the one who copied the list, and how often about somebody else.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde_json::{Value, json};

use super::{
    Caller, Door, Plot, YearError,
    player::Played,
    plot::{DAYS, Job},
};
use crate::{alarm::Rule, domain::Timestamp};

const SIGN_IN: &str = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { accessToken } }";
const SIGN_OUT: &str = "mutation SignOut { signOut { ended } }";
const ALARMS: &str = "query Alarms($after: String) { alarms(first: 100, after: $after) {
    nodes { rule at subject { id } } pageInfo { hasNextPage endCursor } } }";
const TOUCHES: &str = "query Touches($skip: Int!) { canaryTouches(first: 100, skip: $skip) { totalCount nodes { at by { id } } } }";
/// What is told of canaries, beside the rules.
pub const CANARY_TOUCHED: &str = "CANARY_TOUCHED";

/// One alarm, or one touch of a canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Which rule.
    pub rule: String,
    /// When what it is about began.
    pub at: Timestamp,
    /// The id of the account that it is about.
    pub subject: String,
}

/// How often a rule spoke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Often {
    /// About the one who copied the list.
    pub right: usize,
    /// About anybody else.
    pub wrong: usize,
}

/// What the alarms of a year come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How often each rule spoke; every rule is there.
    pub rules: BTreeMap<String, Often>,
    /// Months that people worked there, together.
    pub person_months: f64,
    /// Departures that were begun.
    pub departures: usize,
}

impl Figures {
    /// Of what was spoken in this year.
    #[allow(clippy::cast_precision_loss, reason = "days of a few hundred people")]
    pub fn of(plot: &Plot, played: &Played, spoken: &[Spoken]) -> Self {
        let mut rules: BTreeMap<String, Often> = Rule::ALL.iter().map(|rule| (rule.name().to_owned(), Often::default())).collect();
        rules.insert(CANARY_TOUCHED.into(), Often::default());
        let thief = played.truth.thief.as_ref().map(|thief| &thief.id);
        for Spoken { rule, subject, .. } in spoken {
            let often = rules.entry(rule.clone()).or_default();
            *if Some(subject) == thief { &mut often.right } else { &mut often.wrong } += 1;
        }
        let days = plot.cast.people.iter().map(|person| {
            let end = person.leaves.map_or(plot.first + DAYS, |(last, _)| last);
            end - person.joins
        });
        let departures = plot.cast.people.iter().filter(|person| person.leaves.is_some()).count();
        Self { rules, person_months: days.sum::<i64>() as f64 / DAYS as f64 * 12.0, departures }
    }

    /// Adds another year's.
    pub fn add(&mut self, other: &Self) {
        for (rule, theirs) in &other.rules {
            let often = self.rules.entry(rule.clone()).or_default();
            (often.right, often.wrong) = (often.right + theirs.right, often.wrong + theirs.wrong);
        }
        self.person_months += other.person_months;
        self.departures += other.departures;
    }

    /// How often a rule spoke about somebody else in a month of one person.
    #[allow(clippy::cast_precision_loss, reason = "alarms are few")]
    pub fn rate(&self, rule: &str) -> f64 {
        self.rules.get(rule).map_or(0.0, |often| often.wrong as f64 / self.person_months.max(1.0))
    }

    /// A row for each rule: its name, how often about the one who copied, how often about others, that in a month of one person.
    pub fn rows(&self) -> Vec<[String; 4]> {
        let row = |(rule, often): (&String, &Often)| {
            [rule.clone(), often.right.to_string(), often.wrong.to_string(), format!("{:.4}", self.rate(rule))]
        };
        self.rules.iter().map(row).collect()
    }
}

/// Asks the product for every alarm of a year and for what was done with canaries, as the auditor, who keeps the trap as well.
pub async fn spoken(door: &Door, plot: &Plot, played: &Played) -> Result<Vec<Spoken>, YearError> {
    let unexpected = || YearError::Unexpected { doing: "asking for alarms".into(), answer: "something is missing".into() };
    let auditor = plot.cast.people.iter().position(|person| person.job == Job::Auditor).ok_or_else(unexpected)?;
    let at_home = |token| Caller { from: Ipv4Addr::LOCALHOST, token };
    let credentials = json!({ "input": { "email": plot.cast.people[auditor].email, "password": played.passwords[auditor] } });
    let signed_in = door.graphql(at_home(None), SIGN_IN, &credentials).await?;
    let token = signed_in.data()?["signIn"]["accessToken"].as_str().ok_or_else(unexpected)?.to_owned();
    let ask = async |document: &str, variables: Value| {
        let answer = door.graphql(at_home(Some(&token)), document, &variables).await?;
        answer.data().cloned()
    };
    let read = |rule: Option<&str>, at: &Value, subject: &Value| {
        let at = at.as_str().and_then(Timestamp::parse);
        Some(Spoken { rule: rule?.to_owned(), at: at?, subject: subject["id"].as_str()?.to_owned() })
    };
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = ask(ALARMS, json!({ "after": after })).await?["alarms"].take();
        for alarm in page["nodes"].as_array().into_iter().flatten() {
            all.push(read(alarm["rule"].as_str(), &alarm["at"], &alarm["subject"]).ok_or_else(unexpected)?);
        }
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let mut known: u64 = 0;
    loop {
        let page = ask(TOUCHES, json!({ "skip": known })).await?["canaryTouches"].take();
        let nodes = page["nodes"].as_array().ok_or_else(unexpected)?;
        for touch in nodes {
            all.push(read(Some(CANARY_TOUCHED), &touch["at"], &touch["by"]).ok_or_else(unexpected)?);
        }
        known += nodes.len() as u64;
        if nodes.is_empty() || page["totalCount"].as_u64() == Some(known) {
            break;
        }
    }
    ask(SIGN_OUT, json!({})).await?;
    Ok(all)
}
