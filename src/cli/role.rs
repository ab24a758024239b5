//! `leadkeep role`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use leadkeep::{
    app::{Op, roles},
    policy::RoleDefinition,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
A role is written as JSON, the same as `role show` prints. Roles that ship cannot be changed; copy one under another name. \
Permissions and the fields' names are those of the GraphQL schema; scopes are OWN, TEAM, ALL; levels are PUBLIC, INTERNAL, \
CONFIDENTIAL, TRADE_SECRET.

Examples:
  leadkeep role show rep > intern.json      then give it another name and narrower windows
  leadkeep role add intern.json
  leadkeep role change intern.json";

/// List, show, add, change and remove roles
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Role {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List roles
    List,
    /// Print a role as JSON
    Show {
        /// Its name
        name: String,
    },
    /// Add the role that a file describes
    Add {
        /// JSON as `role show` prints it
        file: PathBuf,
    },
    /// Change the role that has the file's name, for everybody who holds it
    Change {
        /// JSON as `role show` prints it
        file: PathBuf,
    },
    /// Remove a role that nobody holds
    Remove {
        /// Its name
        name: String,
    },
}

impl Role {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let written = match &self.command {
            Command::Add { file } | Command::Change { file } => Some(read(file)?),
            _ => None,
        };
        match (self.command, written) {
            (Command::Add { .. }, Some(role)) => {
                operator.act("role add", json!({ "role": role }), async |op| roles::add(op, &role).await).await?;
                output::line(format!("Added the role {}.", role.name));
            }
            (Command::Change { .. }, Some(role)) => {
                let work = async |op: &Op| roles::change(op, find::role(op, &role.name)?, None, |_| role.clone()).await;
                operator.act("role change", json!({ "role": role }), work).await?;
                output::line(format!("Changed the role {}.", role.name));
            }
            (Command::Show { name }, _) => {
                let work = async |op: &Op| {
                    let id = find::role(op, &name)?;
                    Ok(roles::list(op)?.into_iter().find(|role| role.id == id))
                };
                let role = operator.act("role show", json!({ "name": name }), work).await?;
                let role = role.ok_or_else(|| Failure::refused(format!("there is no role `{name}`")))?;
                let definition = RoleDefinition { built_in: false, ..role.definition };
                let text = serde_json::to_string_pretty(&definition).map_err(|error| Failure::failed(error.to_string()))?;
                output::line(text);
            }
            (Command::Remove { name }, _) => {
                let work = async |op: &Op| roles::remove(op, find::role(op, &name)?).await;
                operator.act("role remove", json!({ "name": name }), work).await?;
                output::line(format!("Removed the role {name}."));
            }
            _ => list(operator).await?,
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let roles = operator.act("role list", json!({}), async |op| roles::list(op)).await?;
    let rows = roles.into_iter().map(|role| {
        let kind = if role.definition.built_in { "ships" } else { "own" };
        [role.definition.name, kind.to_owned(), role.definition.description]
    });
    output::table(["NAME", "KIND", "DESCRIPTION"], &rows.collect::<Vec<_>>());
    Ok(())
}

fn read(file: &PathBuf) -> Result<RoleDefinition, Failure> {
    let bad = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| bad(&error))?;
    let mut json = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| bad(&error))
}
