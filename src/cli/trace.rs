//! `leadkeep trace`.

use std::path::PathBuf;

use clap::Args;
use leadkeep::app::{
    Op, import,
    leak::{self, Origin, Trace as Traced},
};
use serde_json::json;

use super::{Exit, Failure, operator::Operator, output};

const AFTER_HELP: &str = "\
Any text will do: CSV with any delimiter, vCards, what was copied from a spreadsheet; in any order, in part, merged with others. \
A workbook has to be saved as CSV. The file is not kept; its SHA-256 goes into the access log.

PROBABILITY is how probable each is as the main source; with that of an unknown source they add up to 1. docs/canaries.md tells the model.

Examples:
  leadkeep trace found.csv
  leadkeep trace --receipts found.txt";

/// Say which export or reader a list that was found outside comes from
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Trace {
    /// What was found
    file: PathBuf,
    /// Print the records that showed those who stand in it
    #[arg(long)]
    receipts: bool,
}

/// Candidates that are printed.
const PRINTED: usize = 10;

impl Trace {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let file = import::open(&self.file)?;
        let work = async |op: &Op| {
            let trace = leak::trace(op, file).await?;
            let names: Vec<(Origin, String)> = trace.suspects.iter().map(|suspect| (suspect.origin, name(op, suspect.origin))).collect();
            Ok((trace, names))
        };
        let (trace, names) = operator.act("trace", json!({}), work).await?;
        self.show(&trace, &names);
        Ok(Exit::Done)
    }

    fn show(&self, trace: &Traced, names: &[(Origin, String)]) {
        output::line(format!(
            "{} rows, {} people of the list, {} canaries; SHA-256 {}",
            trace.rows,
            trace.identified,
            trace.canaries.len(),
            trace.sha256
        ));
        let called = |origin: Origin| names.iter().find(|(known, _)| *known == origin).map_or("?", |(_, name)| name.as_str()).to_owned();
        let rows = trace.suspects.iter().take(PRINTED).map(|suspect| {
            let (shown, canaries) = (suspect.shown.to_string(), suspect.canaries.to_string());
            [called(suspect.origin), percent(suspect.probability), shown, canaries, suspect.size.to_string(), suspect.records.to_string()]
        });
        let unknown = ["(unknown)", &percent(trace.unknown), "", "", "", ""].map(str::to_owned);
        let rows: Vec<_> = rows.chain([unknown]).collect();
        output::table(["SOURCE", "PROBABILITY", "SHOWN", "CANARIES", "OF", "RECORDS"], &rows);
        for source in &trace.sources {
            output::line(format!(
                "Explained by {}: {} people, {} canaries, {}.",
                called(source.origin),
                source.explains,
                source.canaries,
                percent(source.probability)
            ));
        }
        if trace.sources.is_empty() {
            output::line("No reader and no export explains it.");
        }
        if !trace.complete {
            output::line("Not every record was looked at: see canaries.trace_records.");
        }
        if self.receipts {
            for suspect in trace.suspects.iter().filter(|suspect| trace.sources.iter().any(|source| source.origin == suspect.origin)) {
                output::line(called(suspect.origin));
                let rows = suspect.showings.iter().map(|showing| {
                    let (index, at) = (showing.index.to_string(), showing.at.to_string());
                    [index, at, showing.people.to_string(), showing.epoch.to_string(), showing.rseq.to_string()]
                });
                output::table(["RECORD", "AT", "PEOPLE", "EPOCH", "RSEQ"], &rows.collect::<Vec<_>>());
            }
        }
    }
}

fn name(op: &Op, origin: Origin) -> String {
    let known = |id| op.snapshot.name(id).map_or_else(|| id.to_string(), str::to_owned);
    let who = match (origin.app, origin.person) {
        (Some(app), Some(person)) => format!("{} for {}", known(app), known(person)),
        (Some(one), None) | (None, Some(one)) => known(one),
        (None, None) if origin.operator => "operator".to_owned(),
        (None, None) => "nobody".to_owned(),
    };
    origin.export.map_or_else(|| format!("{who}, on screen"), |request| format!("{who}, file {request}"))
}

fn percent(probability: f64) -> String {
    format!("{:.1} %", probability * 100.0)
}
