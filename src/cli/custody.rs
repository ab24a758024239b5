//! `leadkeep custody`.

use clap::Args;
use leadkeep::{
    app::{
        Op,
        custody::{self, Report, Request, Tally},
    },
    domain::{Strength, Timestamp},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
COMPANY   came in through a channel or an account of the company's own
SHARED    through a paid seat on a personal profile, or a page that only one person can sign in to
PERSONAL  through personal profiles alone
UNKNOWN   nothing noted says whose the contact is

What was noted after the date in question does not count. docs/custody.md tells the rules.

Examples:
  leadkeep custody
  leadkeep custody --as-of 2026-06-30 --months 24 --value";

/// Report how much of its own hold on its leads the company can show
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Custody {
    /// The date in question [default: now]
    #[arg(long, value_name = "DATE", value_parser = find::moment)]
    as_of: Option<Timestamp>,
    /// How many months the trend goes back
    #[arg(long, default_value_t = 12)]
    months: u32,
    /// Add up deal values
    #[arg(long)]
    value: bool,
}

impl Custody {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let arguments = json!({ "asOf": self.as_of.map(|at| at.to_string()), "months": self.months, "value": self.value });
        let request = Request { as_of: self.as_of, months: self.months, with_value: self.value, ..Request::default() };
        let work = async |op: &Op| {
            let report = custody::report(op, request.clone()).await?;
            let people = report.people.iter().map(|(id, on)| {
                let name = op.snapshot.name(*id).map_or_else(|| id.to_string(), str::to_owned);
                [name, told(&report, on.only_through), told(&report, on.only_known_to)]
            });
            let people: Vec<_> = people.collect();
            Ok((report, people))
        };
        let (report, people) = operator.act("custody", arguments, work).await?;
        show(&report, &people);
        Ok(Exit::Done)
    }
}

fn show(report: &Report, people: &[[String; 3]]) {
    output::line(format!("As of {}: {} leads.", report.as_of, told(report, report.all)));
    if report.with_value && report.all.value == 0 {
        output::line("No lead has a deal value: there are no shares to tell.");
    }
    let name = |strength: Option<Strength>| strength.map_or("(not shown)", Strength::name).to_owned();
    let groups = report.by_strength.iter().rev().map(|(strength, tally)| [name(*strength), told(report, *tally)]);
    output::table(["CUSTODY", "LEADS"], &groups.collect::<Vec<_>>());
    if let Some(single) = report.single {
        output::line(format!("With a single relationship: {}.", told(report, single)));
    }
    if !people.is_empty() {
        output::table(["PERSON", "ONLY THROUGH THEM", "ONLY KNOWN TO THEM"], people);
    }
    let months = report.trend.iter().map(|month| {
        let of = |strength| month.leads.get(&strength).copied().unwrap_or_default().to_string();
        [month.month.clone(), of(Strength::Company), of(Strength::Shared), of(Strength::Personal), of(Strength::Unknown)]
    });
    output::table(["MONTH", "COMPANY", "SHARED", "PERSONAL", "UNKNOWN"], &months.collect::<Vec<_>>());
}

/// `12`, or with values `12 (34 % of the value)`.
fn told(report: &Report, tally: Tally) -> String {
    if !report.with_value || report.all.value == 0 {
        return tally.leads.to_string();
    }
    let share = i128::from(tally.value) * 100 / i128::from(report.all.value);
    format!("{} ({share} % of the value)", tally.leads)
}
