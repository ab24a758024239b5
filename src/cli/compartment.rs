//! `leadkeep compartment`.

use clap::{Args, Subcommand};
use leadkeep::app::markings;
use serde_json::json;

use super::{Exit, Failure, operator::Operator, output};

const AFTER_HELP: &str = "\
A compartment narrows who may see what is marked with it to holders of grants that open it. It is added for good: records \
of years ago name it.

Examples:
  leadkeep compartment add MERGER
  leadkeep import targets.csv --marking TRADE_SECRET//MERGER
  leadkeep grant add --to rita@company.com --role rep --compartment MERGER --reason 'Merger'";

/// List and add compartments
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Compartment {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List compartments
    List,
    /// Add a compartment, for good
    Add {
        /// Its code, as it stands in banners
        code: String,
    },
}

impl Compartment {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List => {
                let codes = operator.act("compartment list", json!({}), async |op| markings::compartments(op)).await?;
                output::table(["CODE"], &codes.into_iter().map(|code| [code]).collect::<Vec<_>>());
            }
            Command::Add { code } => {
                let add = async |op: &_| markings::add_compartment(op, &code).await;
                operator.act("compartment add", json!({ "code": code }), add).await?;
                output::line(format!("Added the compartment {code}."));
            }
        }
        Ok(Exit::Done)
    }
}
