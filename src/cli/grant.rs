//! `leadkeep grant`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        grants::{self, Grant as Given, GrantFilter},
    },
    domain::{Id, Timestamp},
    policy::GrantWish,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
A grant has no effect until somebody else than who asked for it approves it: with two admins, one of them, in the API. \
As long as there are not two, --approve lets the operator do it; the record says so.

Examples:
  leadkeep grant add --to rita@company.com --role rep --team EMEA --reason 'Sells in EMEA'
  leadkeep grant add --to abel@company.com --role admin --reason 'Second admin' --approve
  leadkeep grant list --of rita@company.com
  leadkeep grant revoke 1f4v2m0qk7x3c";

/// List, ask for, approve and revoke grants (a role given to a person or an app)
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Grant {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List grants, those of the past too
    List {
        /// Only those of this person or app
        #[arg(long, value_name = "WHO")]
        of: Option<String>,
        /// Only those of this role
        #[arg(long)]
        role: Option<String>,
    },
    /// Ask for a grant
    Add {
        /// Who shall hold it: an e-mail address, a client id or an id
        #[arg(long, value_name = "WHO")]
        to: String,
        /// The role's name
        #[arg(long)]
        role: String,
        /// The team its TEAM windows are about
        #[arg(long)]
        team: Option<String>,
        /// A compartment it opens besides the role's; may be repeated
        #[arg(long = "compartment", value_name = "CODE")]
        compartments: Vec<String>,
        /// Why
        #[arg(long)]
        reason: String,
        /// Until when [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = find::moment)]
        expires: Option<Timestamp>,
        /// Approve it too; possible as long as there are not two admins
        #[arg(long)]
        approve: bool,
    },
    /// Approve a grant that waits; possible as long as there are not two admins
    Approve {
        /// The grant's id
        id: String,
    },
    /// End a grant, or withdraw one that waits
    Revoke {
        /// The grant's id
        id: String,
    },
}

impl Grant {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { of, role } => list(operator, of, role).await?,
            Command::Add { to, role, team, compartments, reason, expires, approve } => {
                let arguments = json!({
                    "to": to, "role": role, "team": team, "compartments": compartments, "reason": reason,
                    "expires": expires.map(|at| at.to_string()), "approve": approve,
                });
                let work = async |op: &Op| {
                    let (subject, role) = (find::subject(op, &to).await?, find::role(op, &role)?);
                    let team = team.as_deref().map(|team| find::team(op, team)).transpose()?;
                    let wish = GrantWish { subject, role, team, compartments, reason, expires_at: expires };
                    if approve { grants::give(op, &wish).await } else { grants::request(op, &wish).await }
                };
                let given = operator.act("grant add", arguments, work).await?;
                let waits = if approve { "in effect" } else { "waiting for an admin's approval" };
                output::line(format!("Grant {} of {role} to {to}: {waits}.", given.id));
            }
            Command::Approve { id } => {
                let grant = grant_id(&id)?;
                operator.act("grant approve", json!({ "id": id }), async |op| grants::approve(op, grant).await).await?;
                output::line(format!("Grant {id} is in effect."));
            }
            Command::Revoke { id } => {
                let grant = grant_id(&id)?;
                operator.act("grant revoke", json!({ "id": id }), async |op| grants::revoke(op, grant).await).await?;
                output::line(format!("Grant {id} has ended."));
            }
        }
        Ok(Exit::Done)
    }
}

fn grant_id(text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|_| Failure::usage("a grant's id has 13 letters; see `grant list`"))
}

async fn list(operator: &Operator, of: Option<String>, role: Option<String>) -> Result<(), Failure> {
    let arguments = json!({ "of": of, "role": role });
    let work = async |op: &Op| {
        let subject = match &of {
            Some(who) => Some(find::subject(op, who).await?),
            None => None,
        };
        let role = role.as_deref().map(|role| find::role(op, role)).transpose()?;
        let given = grants::list(op, GrantFilter { subject, role, state: None }, None, usize::MAX)?;
        let name = |id: i64| op.snapshot.name(Id(id)).map_or_else(|| Id(id).to_string(), str::to_owned);
        Ok(given.into_iter().map(|given| row(&name(given.row.subject), given)).collect::<Vec<_>>())
    };
    let rows = operator.act("grant list", arguments, work).await?;
    output::table(["ID", "HOLDER", "ROLE", "TEAM", "STATE", "EXPIRES", "REASON"], &rows);
    Ok(())
}

fn row(holder: &str, given: Given) -> [String; 7] {
    let expires = given.row.expires_at.map_or_else(String::new, |at| Timestamp(at).to_string());
    let (role, team) = (given.role.unwrap_or_default(), given.team.unwrap_or_default());
    [given.id.to_string(), holder.to_owned(), role, team, format!("{:?}", given.state).to_uppercase(), expires, given.row.reason]
}
