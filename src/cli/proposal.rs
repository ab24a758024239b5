//! `leadkeep proposal`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::{Op, proposals},
    domain::{Id, Timestamp},
    policy::{Proposal as Proposed, ProposalState},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
What widens what somebody can see or do (a field marked lower, a team moved, a client secret, a password reset, an account \
unlocked) waits until a second admin approves it over the API, at most a week. On the command line the same commands take \
hold at once. Erasures and legal holds wait even then, as soon as there are two admins.

Examples:
  leadkeep proposal list
  leadkeep proposal approve ID              while there are not two admins";

/// List, approve and reject what admins have asked for
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Proposal {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits
    List {
        /// Those of the past too
        #[arg(long)]
        all: bool,
    },
    /// Approve a proposal that waits; possible as long as there are not two admins
    Approve {
        /// The proposal's id
        id: String,
    },
    /// End a proposal without effect
    Reject {
        /// The proposal's id
        id: String,
    },
}

impl Proposal {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { all } => list(operator, (!all).then_some(ProposalState::Pending)).await?,
            Command::Approve { id } => {
                let proposal = proposal_id(&id)?;
                operator.act("proposal approve", json!({ "id": id }), async |op| proposals::approve(op, proposal).await).await?;
                output::line(format!("Proposal {id} is in effect."));
            }
            Command::Reject { id } => {
                let proposal = proposal_id(&id)?;
                operator.act("proposal reject", json!({ "id": id }), async |op| proposals::reject(op, proposal).await).await?;
                output::line(format!("Proposal {id} has ended without effect."));
            }
        }
        Ok(Exit::Done)
    }
}

fn proposal_id(text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|_| Failure::usage("a proposal's id has 13 letters; see `proposal list`"))
}

async fn list(operator: &Operator, state: Option<ProposalState>) -> Result<(), Failure> {
    let all = async |op: &Op| {
        let all = find::every(async |last: Option<&Proposed>| proposals::list(op, state, last.map(|one| one.id), find::PAGE).await).await?;
        Ok(all.into_iter().flat_map(|proposal| rows(op, &proposal)).collect::<Vec<_>>())
    };
    let rows = operator.act("proposal list", json!({ "all": state.is_none() }), all).await?;
    output::table(["ID", "STATE", "ASKED BY", "UNTIL", "WHAT", "BEFORE", "AFTER"], &rows);
    Ok(())
}

fn rows(op: &Op, proposal: &Proposed) -> Vec<[String; 7]> {
    let state = format!("{:?}", proposal.state(op.at)).to_uppercase();
    let named = |by: Id| op.snapshot.name(by).map_or_else(|| by.to_string(), str::to_owned);
    let asked_by = proposal.requested_by.map_or_else(|| "operator".to_owned(), named);
    let until: Timestamp = proposal.expires_at;
    let changes = proposals::changes(op, &proposal.act).into_iter().map(|change| {
        let what = format!("{} {}", change.kind, change.item);
        let (before, after) = (change.before.unwrap_or_default(), change.after.unwrap_or_default());
        [proposal.id.to_string(), state.clone(), asked_by.clone(), until.to_string(), what, before, after]
    });
    changes.collect()
}
