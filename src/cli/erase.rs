//! `leadkeep erase`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        erasure::{self, Erasure},
        proposals::Asked,
    },
    domain::Id,
    store::Location,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
What is kept of a lead or a person beside the id goes: the lead or account itself, before and after of its changes, variables and texts \
beside the records. Ids, hashes and what the records themselves say stay, and the ledger verifies as before. It cannot be taken back:
as soon as there are two admins, one of them has to approve it over the API. A legal hold stops it.

The reason stays, so it should name nobody.

With SQLite, what is deleted is overwritten. `leadkeep erase compact` also writes the files anew, so that nothing is left of older \
copies within them; everybody waits meanwhile, so run it at a quiet time. Backups are yours to look after.

Examples:
  leadkeep erase lead 0a1b2c3d4e5f6 --reason 'Request 2027-14'
  leadkeep erase person rita@company.com --reason 'Left in 2020'
  leadkeep erase list";

/// Erase what is kept of a lead or a person
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Erase {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Erase a lead
    Lead {
        /// Its id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Erase a person whose account is locked
    Person {
        /// E-mail address or id
        person: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// List what was erased, when and why
    List,
    /// Write SQLite's files anew, without what older versions of rows have left in them
    Compact,
}

impl Erase {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::Lead { id, reason } => {
                let lead: Id = id.parse().map_err(|_| Failure::usage("a lead's id has 13 letters"))?;
                let work = async |op: &Op| erasure::lead(op, lead, &reason).await;
                tell(&operator.act("erase lead", json!({ "id": id, "reason": reason }), work).await?);
            }
            Command::Person { person, reason } => {
                let work = async |op: &Op| erasure::person(op, find::person_id(op, &person).await?, &reason).await;
                // Neither address nor name: they would stand beside the record from then on.
                tell(&operator.act("erase person", json!({ "reason": reason }), work).await?);
            }
            Command::List => list(operator).await?,
            Command::Compact => {
                if matches!(operator.core.store.location(), Location::Postgres(_)) {
                    return Err(Failure::refused(
                        "PostgreSQL does it itself over time; at once, its owner with VACUUM FULL lead, change_detail, ledger_detail",
                    ));
                }
                let settled = operator.act("erase compact", json!({}), async |op| Ok(op.core.store.settle_files(true).await?)).await?;
                if !settled {
                    return Err(Failure::failed("somebody reads the databases, so their logs could not be emptied; try again"));
                }
                output::line("Nothing of older versions is left in the files.");
            }
        }
        Ok(Exit::Done)
    }
}

fn tell(asked: &Asked<Option<Erasure>>) {
    match (&asked.value, &asked.proposal) {
        (_, Some(proposal)) => output::line(format!("Proposal {} waits for an admin, until {}.", proposal.id, proposal.expires_at)),
        (Some(erasure), None) => output::line(format!("Erased {} at {}.", erasure.item, erasure.agreed.at)),
        (None, None) => output::line("There is nothing to erase."),
    }
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let all = async |op: &Op| find::every(async |last: Option<&Erasure>| erasure::list(op, last.map(|one| one.id), find::PAGE).await).await;
    let all = operator.act("erase list", json!({}), all).await?;
    let rows = all.into_iter().map(|erasure| {
        let done = erasure.done_at.map_or_else(|| "not yet".into(), |at| at.to_string());
        let beside = format!("{} / {}", erasure.details, erasure.documents);
        [erasure.kind.name().into(), erasure.item.to_string(), erasure.agreed.at.to_string(), erasure.reason, beside, done]
    });
    output::table(["WHAT", "ID", "AT", "REASON", "BESIDE RECORDS / DOCUMENTS", "DONE"], &rows.collect::<Vec<_>>());
    Ok(())
}
