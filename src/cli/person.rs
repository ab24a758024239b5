//! `leadkeep person`.

use clap::{Args, Subcommand};
use leadkeep::app::{
    Op,
    agreements::{self, Placed},
    people::{self, FirstPassword, PeopleFilter, PersonView},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output, password};

const AFTER_HELP: &str = "\
WHO is an e-mail address or an id. A new person may do nothing until a role is granted to them.

Examples:
  leadkeep person add --name 'Rita Rep' --email rita@company.com
  leadkeep grant add --to rita@company.com --role rep --team EMEA --reason 'Sells in EMEA'
  leadkeep person lock rita@company.com        ends their sessions at once";

/// List, add and change people
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Person {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List people
    List {
        /// Only those whose name or e-mail address contains this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only locked ones
        #[arg(long)]
        locked: bool,
    },
    /// Add a person
    Add {
        /// Their name
        #[arg(long)]
        name: String,
        /// Their e-mail address, with which they sign in
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// The jurisdiction whose agreements they accept, such as US-CA or DE
        #[arg(long, value_name = "CODE")]
        jurisdiction: Option<String>,
        /// The other company they come from, if they do
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
        /// Read their password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change a name or an e-mail address
    Change {
        /// E-mail address or id
        who: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Say which law somebody is under and which other company they come from
    Place {
        /// E-mail address or id
        who: String,
        /// The jurisdiction whose agreements they accept, such as DE or US-CA; empty takes it away
        #[arg(long, value_name = "CODE")]
        jurisdiction: Option<String>,
        /// The other company; empty takes it away
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
    },
    /// Lock an account and end its sessions
    Lock {
        /// E-mail address or id
        who: String,
    },
    /// Unlock an account
    Unlock {
        /// E-mail address or id
        who: String,
    },
    /// Make a new password, show it once, and end the person's sessions
    ResetPassword {
        /// E-mail address or id
        who: String,
    },
}

impl Person {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let password = match &self.command {
            Command::Add { password_stdin: true, .. } => FirstPassword::Given(password::from_stdin()?),
            _ => FirstPassword::Made,
        };
        match self.command {
            Command::List { search, locked } => list(operator, search, locked).await?,
            Command::Add { name, email, jurisdiction, company, .. } => {
                let arguments = json!({ "name": name, "email": email, "jurisdiction": jurisdiction, "company": company });
                let placed = Placed { jurisdiction, company };
                let add = async |op: &Op| people::add(op, &name, &email, &placed, password).await;
                let added = operator.act("person add", arguments, add).await?;
                output::line(format!("Added {email} ({}).", added.person.id));
                show_once(added.password);
            }
            Command::Change { who, name, email } => {
                let arguments = json!({ "who": who, "name": name, "email": email });
                let change = async |op: &Op| {
                    let was = find::person(op, &who).await?;
                    people::change(op, was.id, was.version, name.as_deref(), email.as_deref()).await
                };
                let changed = operator.act("person change", arguments, change).await?;
                output::line(format!("Changed {}: {} <{}>.", changed.id, changed.name, changed.email.unwrap_or_default()));
            }
            Command::Place { who, jurisdiction, company } => {
                let arguments = json!({ "who": who, "jurisdiction": jurisdiction, "company": company });
                let placed = Placed { jurisdiction, company };
                let place = async |op: &Op| {
                    let was = find::person(op, &who).await?;
                    agreements::place(op, was.id, was.version, &placed).await
                };
                operator.act("person place", arguments, place).await?;
                output::line(format!("Placed {who}; `leadkeep agreement standing` shows what they have to accept."));
            }
            Command::Lock { who } => {
                set_locked(operator, &who, true).await?;
                output::line(format!("Locked {who}; their sessions have ended."));
            }
            Command::Unlock { who } => {
                set_locked(operator, &who, false).await?;
                output::line(format!("Unlocked {who}."));
            }
            Command::ResetPassword { who } => {
                let reset = async |op: &Op| people::set_password(op, find::person(op, &who).await?.id).await;
                let made = operator.act("person reset-password", json!({ "who": who }), reset).await?;
                output::line(format!("{who} has a new password; their sessions have ended."));
                show_once(made.value.password);
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator, search: Option<String>, locked: bool) -> Result<(), Failure> {
    let arguments = json!({ "search": search, "locked": locked });
    let filter = PeopleFilter { locked: locked.then_some(true), search };
    let all = async |op: &Op| {
        find::every(async |last: Option<&PersonView>| people::list(op, &filter, last.map(|person| person.id), find::PAGE).await).await
    };
    let people = operator.act("person list", arguments, all).await?;
    let row = |person: PersonView| {
        let locked = person.locked_at.map_or_else(String::new, |at| format!("locked {at}"));
        [person.id.to_string(), person.email.unwrap_or_default(), person.name, locked]
    };
    output::table(["ID", "E-MAIL", "NAME", ""], &people.into_iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn set_locked(operator: &Operator, who: &str, lock: bool) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let person = find::person(op, who).await?.id;
        if lock { people::lock(op, person).await } else { people::unlock(op, person).await.map(|asked| asked.value) }
    };
    operator.act(if lock { "person lock" } else { "person unlock" }, json!({ "who": who }), work).await?;
    Ok(())
}

fn show_once(password: Option<String>) {
    if let Some(password) = password {
        output::line(format!("Password: {password}   (shown this once; to be changed at the first sign-in)"));
    }
}
