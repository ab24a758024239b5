//! `leadkeep team`.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use leadkeep::app::{
    Op,
    teams::{self, TeamEdit},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
TEAM is a team's name or id. A window of the scope TEAM opens the leads of the grant's team and of every team below it.

Examples:
  leadkeep team add Sales
  leadkeep team add EMEA --parent Sales
  leadkeep team rename EMEA 'Europe, Middle East and Africa'
  leadkeep team remove EMEA                 refused while leads, grants or teams are in it";

/// List, add, rename and remove teams
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Team {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List teams
    List,
    /// Add a team
    Add {
        /// Its name
        name: String,
        /// The team above [default: none]
        #[arg(long, value_name = "TEAM")]
        parent: Option<String>,
    },
    /// Give a team another name
    Rename {
        /// Its name or id
        team: String,
        /// The new name
        name: String,
    },
    /// Remove a team that nothing is in
    Remove {
        /// Its name or id
        team: String,
    },
}

impl Team {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List => list(operator).await?,
            Command::Add { name, parent } => {
                let work = async |op: &Op| {
                    let above = parent.as_deref().map(|parent| find::team(op, parent)).transpose()?;
                    teams::add(op, &name, above).await
                };
                let added = operator.act("team add", json!({ "name": name, "parent": parent }), work).await?;
                output::line(format!("Added the team {} ({}).", added.name, added.id));
            }
            Command::Rename { team, name } => {
                let edit = TeamEdit { name: Some(name.clone()), parent: None };
                let work = async |op: &Op| teams::change(op, find::team(op, &team)?, None, &edit).await;
                let changed = operator.act("team rename", json!({ "team": team, "name": name }), work).await?;
                output::line(format!("The team {team} is now {}.", changed.value.name));
            }
            Command::Remove { team } => {
                let work = async |op: &Op| teams::remove(op, find::team(op, &team)?).await;
                operator.act("team remove", json!({ "team": team }), work).await?;
                output::line(format!("Removed the team {team}."));
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let teams = operator.act("team list", json!({}), async |op| teams::list(op)).await?;
    let names: HashMap<_, _> = teams.iter().map(|team| (team.id, team.name.clone())).collect();
    let rows = teams.into_iter().map(|team| {
        let above = team.parent.and_then(|above| names.get(&above).cloned()).unwrap_or_default();
        [team.id.to_string(), team.name, above]
    });
    output::table(["ID", "NAME", "ABOVE"], &rows.collect::<Vec<_>>());
    Ok(())
}
