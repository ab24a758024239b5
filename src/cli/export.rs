//! `leadkeep export`.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::PathBuf};

use clap::Args;
use leadkeep::{
    app::export::{self, Request},
    domain::{Field, Filter, LeadQuery, LeadValue, Test, words},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
The file begins with lines that name its receipt, its marking, who took it out, when and what for; then comes CSV. Its \
record, with every lead in it, is in the access log before the file is there. Only its owner can read it (mode 0600).

A cell that a spreadsheet would run as a formula has an apostrophe before it; telephone numbers like +1 425 489-1736x676 \
stay as they are. Importing takes the apostrophe off again.

Examples:
  leadkeep export --out leads.csv --purpose MIGRATION
  leadkeep export --out emea.csv --purpose REVIEW --team EMEA --fields company,lastName,stage";

/// Export leads to a CSV file
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Export {
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What the leads are taken out for: the code of a purpose, free text may follow after `;`
    #[arg(long, value_name = "CODE")]
    purpose: String,
    /// Only leads of this team
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Only leads of this person (e-mail address or id)
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// Only leads in which these words begin a word
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Names of the fields, separated by commas [default: all]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = field)]
    fields: Vec<Field>,
}

fn field(name: &str) -> Result<Field, String> {
    Field::from_name(name).ok_or_else(|| "no field of a lead".into())
}

impl Export {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", self.out.display()));
        // First, so that nothing is recorded as taken out that could not be written.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.out).map_err(failed)?;
        let arguments = json!({
            "purpose": self.purpose, "team": self.team, "owner": self.owner, "search": self.search,
            "fields": self.fields.iter().map(|field| field.name()).collect::<Vec<_>>(),
        });
        let exported = operator
            .act("export", arguments, async |op| {
                let mut tests = Vec::new();
                if let Some(team) = &self.team {
                    tests.push(Filter::Field(Field::Team, Test::In(vec![LeadValue::Integer(find::team(op, team)?.0)])));
                }
                if let Some(who) = &self.owner {
                    tests.push(Filter::Field(Field::Owner, Test::In(vec![LeadValue::Integer(find::person(op, who).await?.id.0)])));
                }
                let query = LeadQuery {
                    filter: Some(Filter::All(tests)),
                    words: self.search.as_deref().map(|text| words::words(text).collect()).unwrap_or_default(),
                    ..LeadQuery::default()
                };
                let fields = (!self.fields.is_empty()).then(|| self.fields.iter().copied().collect());
                export::export(op, Request { query, fields, purpose: Some(self.purpose.clone()) }).await
            })
            .await;
        let written = match exported {
            Ok(mut exported) => exported.write(&mut file).and_then(|()| file.sync_all()).map(|()| exported).map_err(failed),
            Err(failure) => Err(failure),
        };
        let exported = match written {
            Ok(exported) => exported,
            Err(failure) => {
                // What was begun is no export; that it is gone matters more than that removing it failed.
                let _ = std::fs::remove_file(&self.out);
                return Err(failure);
            }
        };
        output::line(format!("{}: {} leads, {}.", self.out.display(), exported.rows, exported.banner));
        output::line(exported.receipt.trim_start_matches("# ").trim_end());
        Ok(Exit::Done)
    }
}
