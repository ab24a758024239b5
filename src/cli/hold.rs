//! `leadkeep hold`.

use clap::{ArgGroup, Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        holds::{self, HoldOn, LegalHold},
    },
    domain::{Id, Timestamp},
    policy::Proposal,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
A legal hold keeps a person or app, a lead, or a time, with everything that lies beside the records about it, from being erased, and \
the records from being removed. As soon as there are two admins, one of them has to approve over the API what is asked for here.

Examples:
  leadkeep hold set --subject rita@company.com --reason 'Acme v. Rep, 4:27-cv-1'
  leadkeep hold set --since 2027-01-01 --until 2027-04-01 --reason 'Acme v. Rep, 4:27-cv-1'
  leadkeep hold list
  leadkeep hold lift ID --reason 'Settled'";

/// List, set and lift legal holds
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Hold {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what must not be erased or removed
    List {
        /// Those that were lifted too
        #[arg(long)]
        all: bool,
    },
    /// Keep something from being erased or removed
    Set(Set),
    /// Let go what was held
    Lift {
        /// The hold's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("on").required(true)))]
struct Set {
    /// A person (e-mail address or id) or an app (client id or id)
    #[arg(long, group = "on", value_name = "WHO")]
    subject: Option<String>,
    /// A lead
    #[arg(long, group = "on", value_name = "ID")]
    lead: Option<String>,
    /// The beginning of a time
    #[arg(long, group = "on", value_name = "MOMENT", value_parser = find::moment, requires = "until")]
    since: Option<Timestamp>,
    /// The end of that time
    #[arg(long, value_name = "MOMENT", value_parser = find::moment, requires = "since")]
    until: Option<Timestamp>,
    /// Why, for example the name of the case
    #[arg(long)]
    reason: String,
}

impl Hold {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { all } => list(operator, all).await?,
            Command::Set(set) => set.run(operator).await?,
            Command::Lift { id, reason } => {
                let hold: Id = id.parse().map_err(|_| Failure::usage("a hold's id has 13 letters; see `hold list`"))?;
                let work = async |op: &Op| holds::lift(op, hold, &reason).await;
                let asked = operator.act("hold lift", json!({ "id": id, "reason": reason }), work).await?;
                tell(&format!("The hold {id} is lifted."), asked.proposal.as_ref());
            }
        }
        Ok(Exit::Done)
    }
}

impl Set {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let lead: Option<Id> =
            self.lead.as_deref().map(str::parse).transpose().map_err(|_| Failure::usage("a lead's id has 13 letters"))?;
        let arguments = json!({
            "subject": self.subject, "lead": self.lead, "since": self.since.map(|at| at.to_string()),
            "until": self.until.map(|at| at.to_string()), "reason": self.reason,
        });
        let work = async |op: &Op| {
            let on = match (&self.subject, lead, self.since.zip(self.until)) {
                (Some(who), ..) => HoldOn::Subject { id: find::subject(op, who).await?.0 },
                (None, Some(lead), _) => HoldOn::Lead { id: lead.0 },
                (None, None, time) => {
                    let (from, until) = time.unwrap_or((Timestamp(0), Timestamp(0)));
                    HoldOn::Time { from: from.0, until: until.0 }
                }
            };
            holds::set(op, on, &self.reason).await
        };
        let asked = operator.act("hold set", arguments, work).await?;
        let id = asked.value.map(|hold| hold.id.to_string()).unwrap_or_default();
        tell(&format!("The hold {id} stands."), asked.proposal.as_ref());
        Ok(())
    }
}

fn tell(done: &str, proposal: Option<&Proposal>) {
    match proposal {
        Some(proposal) => output::line(format!("Proposal {} waits for an admin, until {}.", proposal.id, proposal.expires_at)),
        None => output::line(done),
    }
}

async fn list(operator: &Operator, all: bool) -> Result<(), Failure> {
    let standing = (!all).then_some(true);
    let work = async |op: &Op| {
        let page = async |last: Option<&LegalHold>| holds::list(op, standing, last.map(|hold| hold.id), find::PAGE).await;
        let holds = find::every(page).await?;
        Ok(holds.into_iter().map(|hold| row(op, hold)).collect::<Vec<_>>())
    };
    let rows = operator.act("hold list", json!({ "all": all }), work).await?;
    output::table(["ID", "ON", "SINCE", "REASON", "LIFTED"], &rows);
    Ok(())
}

fn row(op: &Op, hold: LegalHold) -> [String; 5] {
    let on = match hold.on {
        HoldOn::Subject { id } => format!("{} ({})", op.snapshot.name(Id(id)).unwrap_or("?"), Id(id)),
        HoldOn::Lead { id } => format!("lead {}", Id(id)),
        HoldOn::Time { from, until } => format!("{} to {}", Timestamp(from), Timestamp(until)),
    };
    let lifted = hold.lifted.map(|(lifted, reason)| format!("{}: {reason}", lifted.at)).unwrap_or_default();
    [hold.id.to_string(), on, hold.set.at.to_string(), hold.reason, lifted]
}
