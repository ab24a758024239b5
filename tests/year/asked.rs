//! What the product says about a year, asked as an auditor who keeps the trap as well.

use std::{collections::BTreeSet, fmt};

use leadkeep::{
    alarm::Rules,
    domain::{Timestamp, clock::DAY},
    year::{
        Figures,
        plot::{DAYS, Job, LAST_DAYS},
    },
};
use serde_json::{Value, json};

use super::Year;

const EXPOSURE: &str =
    "query($subject: ID!, $since: DateTime!, $until: DateTime!) { exposure(subject: $subject, since: $since, until: $until) {
    days { day leads downloadedLeads } baseline { leads downloadedLeads } peers { leads downloadedLeads } } }";
const DEPARTURES: &str = "{ departures { nodes { id person { id } lastDay } } }";
const REPORT: &str = "query($id: ID!, $days: Int!) { departureReport(departureId: $id, days: $days) { distinctLeads exposure {
    days { day leads downloadedLeads } baseline { leads downloadedLeads } peers { leads downloadedLeads } } } }";
const TRACE: &str = "mutation($input: TraceLeakInput!) { traceLeak(input: $input) { identified
    canaries { reader { id } } sources { probability explains origin { exportRequest subject { person { id } } } } } }";

/// Whom the answers name.
pub struct Answers {
    pub thief: String,
    /// About whom there are alarms from the thief's last nine days.
    pub alarmed: BTreeSet<String>,
    /// Whose report stands out, of those who left.
    pub reported: BTreeSet<String>,
    /// Who stands out in the thief's last nine days, of all who sell.
    pub exposed: BTreeSet<String>,
    /// From whom the list comes that was found outside.
    pub traced: BTreeSet<String>,
    /// How often each rule spoke, and how often about anybody else.
    pub figures: Figures,
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |named: &BTreeSet<String>| if named.iter().eq([&self.thief]) { "the one".to_owned() } else { format!("{named:?}") };
        let [alarm, report, exposure, trace] = [&self.alarmed, &self.reported, &self.exposed, &self.traced].map(named);
        let others: Vec<_> = self.figures.rules.iter().filter(|(_, often)| often.wrong > 0).collect();
        write!(f, "alarms {alarm}, reports {report}, exposure {exposure}, trace {trace}; about others {others:?}")
    }
}

impl Answers {
    pub fn about(year: &Year) -> Self {
        let thief = year.truth.thief.as_ref().unwrap();
        let last = Timestamp::parse(&thief.day).unwrap().day();
        let since = last - LAST_DAYS + 1;
        let spoken = year.spoken();
        // It says that somebody leaves who has exported, which honest people do as well.
        let then = spoken.iter().filter(|one| one.rule != "EXPORT_BEFORE_LEAVING" && (since..=last).contains(&one.at.day()));
        let alarmed = then.map(|one| one.subject.clone()).collect();
        Self {
            thief: thief.id.clone(),
            alarmed,
            reported: reported(year),
            exposed: exposed(year, since, last),
            traced: traced(year),
            figures: Figures::of(&year.plot, &year.played, &spoken),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text instead of {value}")).to_owned()
}

fn day(value: &Value) -> i64 {
    Timestamp::parse(&text(value)).unwrap().day()
}

fn nodes(list: &Value) -> &[Value] {
    list.as_array().unwrap()
}

/// Of those who left, whose report shows many different leads in the last nine days, and far more on one of them than is usual.
fn reported(year: &Year) -> BTreeSet<String> {
    let departures = year.ask(Job::Admin, DEPARTURES, json!({}))["departures"].clone();
    let departures = nodes(&departures["nodes"]);
    assert_eq!(departures.len(), 3, "everybody who left");
    let mut named = BTreeSet::new();
    for departure in departures {
        let last = day(&departure["lastDay"]);
        let since = last - LAST_DAYS + 1;
        // A report goes up to now, which is the last moment of the year.
        let days = year.plot.first + DAYS - since;
        let report = year.ask(Job::Admin, REPORT, json!({ "id": departure["id"], "days": days }));
        let report = &report["departureReport"];
        let many = report["distinctLeads"].as_u64().unwrap() > u64::from(Rules::default().least_leads);
        if many && stands_out(&report["exposure"], since, last) {
            named.insert(text(&departure["person"]["id"]));
        }
    }
    named
}

/// Of all who sell, who was shown far more than is usual on one of these days.
fn exposed(year: &Year, since: i64, until: i64) -> BTreeSet<String> {
    let sellers = year.plot.cast.people.iter().zip(&year.ids).filter(|(person, id)| person.job == Job::Rep && !id.is_empty());
    let moment = |day: i64| Timestamp(day * DAY).to_string();
    let of = |id: &String| json!({ "subject": id, "since": moment(since), "until": moment(until) });
    let stands_out = |id: &String| stands_out(&year.ask(Job::Auditor, EXPOSURE, of(id))["exposure"], since, until);
    sellers.map(|(_, id)| id.clone()).filter(stands_out).collect()
}

/// Whether one of these days has so many times the leads of a usual one, their own and their peers', as the alarm about that takes.
fn stands_out(exposure: &Value, since: i64, until: i64) -> bool {
    let Rules { times_usual, least_leads, .. } = Rules::default();
    let leads = |numbers: &Value| numbers["leads"].as_f64().unwrap() + numbers["downloadedLeads"].as_f64().unwrap();
    let days = nodes(&exposure["days"]).iter().filter(|of| (since..=until).contains(&day(&of["day"])));
    let largest = days.map(leads).fold(0.0, f64::max);
    largest > f64::from(least_leads) && largest > f64::from(times_usual) * leads(&exposure["baseline"]).max(leads(&exposure["peers"]))
}

/// The sources of the list that was found, and the readers of canaries in it.
fn traced(year: &Year) -> BTreeSet<String> {
    let trace = year.upload(Job::Auditor, TRACE, &year.found)["traceLeak"].clone();
    let person = |source: &Value| source["origin"]["subject"]["person"]["id"].as_str().unwrap_or("nobody").to_owned();
    let reader = |canary: &Value| canary["reader"]["id"].as_str().map(str::to_owned);
    nodes(&trace["sources"]).iter().map(person).chain(nodes(&trace["canaries"]).iter().filter_map(reader)).collect()
}
