//! `leadkeep departure`.

mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        departures::{self, Choices, DepartureFilter, Wish},
    },
    domain::{CertificateOutcome, DepartureAccess, DepartureState, Id, TaskState, Timestamp, clock::DAY},
    policy::Proposal,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
Somebody leaves: `begin` narrows their access at once, places a legal hold on their records and makes the list of what is to be \
done. Their access ends with their last day at the latest. docs/departures.md is the whole way through.

  keep    as before, until the last day ends
  limit   only to read their own leads: no file, no change
  lock    sessions, tokens and what apps do for them end at once

Examples:
  leadkeep departure begin rita@company.com --last-day 2027-01-31 --access lock \\
      --reason 'Gave notice' --known-at 2027-01-15T16:40:00Z
  leadkeep departure report 0sa5ddmazzdqc
  leadkeep departure hand-over 0sa5ddmazzdqc --preview
  leadkeep departure certificate 0sa5ddmazzdqc refused --note 'Left the room'
  leadkeep departure close 0sa5ddmazzdqc";

/// Begin, run and close departures of people who leave
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Departure {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin somebody's departure
    Begin(Begin),
    /// List departures
    List {
        /// Those that are over too
        #[arg(long)]
        all: bool,
    },
    /// Show a departure: access, what hangs on the person, what is still to be done
    Show {
        /// Its id
        id: Id,
    },
    /// Narrow access further: limit, lock
    Restrict {
        /// Its id
        id: Id,
        /// limit (only to read own leads), or lock (none at all)
        #[arg(value_parser = access)]
        access: DepartureAccess,
    },
    /// Report what they were shown and took, before the exit interview
    Report {
        /// Its id
        id: Id,
        /// How many days, today included
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Hand their leads over
    HandOver {
        /// The departure's id
        id: Id,
        /// Who takes all over (e-mail address or id) [default: whoever is proposed, lead by lead]
        #[arg(long, value_name = "WHO")]
        successor: Option<String>,
        /// The company's account in the register with which the leads are connected from now on
        #[arg(long, value_name = "ID")]
        brand: Option<Id>,
        /// Only show what would be handed over to whom
        #[arg(long)]
        preview: bool,
    },
    /// Take a handover back
    Undo {
        /// The handover's id
        id: Id,
    },
    /// Add a task, or say that one is done or is waived
    #[command(subcommand)]
    Task(Task),
    /// Record that the exit certificate was accepted or refused
    Certificate {
        /// The departure's id
        id: Id,
        /// accepted, refused
        #[arg(value_parser = outcome)]
        outcome: CertificateOutcome,
        /// Who was there, what was said, where the paper is
        #[arg(long)]
        note: String,
    },
    /// Close a departure of which nothing is left to do
    Close {
        /// Its id
        id: Id,
    },
    /// End a departure that was a mistake; what it narrowed comes back
    Cancel {
        /// Its id
        id: Id,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take somebody on again who had left, with a new password and no grants
    Rehire {
        /// The departure's id
        id: Id,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Show what departures go by, or set the checklist
    Rules {
        /// A file with the whole checklist, one task a line
        #[arg(long, value_name = "FILE")]
        checklist: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Begin {
    /// Who leaves (e-mail address or id)
    person: String,
    /// Their last day, as 2027-01-31 (its end in UTC), or the moment at which it ends
    #[arg(long, value_name = "DATE", value_parser = last_day)]
    last_day: Timestamp,
    /// How far their access goes from now on: keep, limit, lock
    #[arg(long, value_parser = access)]
    access: DepartureAccess,
    /// Why they leave
    #[arg(long)]
    reason: String,
    /// Since when the company knows [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = find::moment)]
    known_at: Option<Timestamp>,
    /// Lock the apps that they answer for, too; what depends on these stops
    #[arg(long)]
    lock_apps: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Add a task to a departure
    Add {
        /// The departure's id
        id: Id,
        /// What is to be done
        text: String,
    },
    /// Say that a task is done
    Done {
        /// The task's id
        id: Id,
        /// What there is to say of it
        #[arg(long)]
        note: Option<String>,
    },
    /// Say why a task is not to be done
    Waive {
        /// The task's id
        id: Id,
        /// Why
        #[arg(long)]
        note: String,
    },
}

fn access(name: &str) -> Result<DepartureAccess, String> {
    DepartureAccess::from_name(name).ok_or_else(|| "one of keep, limit, lock".into())
}

fn outcome(name: &str) -> Result<CertificateOutcome, String> {
    CertificateOutcome::from_name(name).ok_or_else(|| "one of accepted, refused".into())
}

/// A day ends with its last moment in UTC.
fn last_day(text: &str) -> Result<Timestamp, String> {
    let moment = find::moment(text)?;
    Ok(if text.contains('T') { moment } else { Timestamp(moment.0 + DAY) })
}

impl Departure {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::Begin(begin) => begin.run(operator).await?,
            Command::List { all } => list(operator, all).await?,
            Command::Show { id } => show::departure(operator, id).await?,
            Command::Restrict { id, access } => {
                let arguments = json!({ "id": id.to_string(), "access": access.name() });
                let narrowed = operator.act("departure restrict", arguments, async |op| departures::restrict(op, id, access).await).await?;
                output::line(format!("Access is at {}.", narrowed.access.name()));
            }
            Command::Report { id, days } => show::report(operator, id, days).await?,
            Command::HandOver { id, successor, brand, preview } => hand_over(operator, id, successor, brand, preview).await?,
            Command::Undo { id } => {
                let arguments = json!({ "id": id.to_string() });
                let undone = operator.act("departure undo", arguments, async |op| departures::undo(op, id).await).await?;
                output::line(format!("{} taken back, {} left as they are now.", undone.handover.relationships - undone.left, undone.left));
            }
            Command::Task(task) => task.run(operator).await?,
            Command::Certificate { id, outcome, note } => {
                let arguments = json!({ "id": id.to_string(), "outcome": outcome.name(), "note": note });
                let work = async |op: &Op| departures::certify(op, id, outcome, &note).await;
                operator.act("departure certificate", arguments, work).await?;
                output::line(format!("Recorded: {}.", outcome.name()));
            }
            Command::Close { id } => {
                let arguments = json!({ "id": id.to_string() });
                operator.act("departure close", arguments, async |op| departures::close(op, id).await).await?;
                output::line("Closed. Their grants have ended.");
            }
            Command::Cancel { id, reason } => {
                let arguments = json!({ "id": id.to_string(), "reason": reason });
                let asked = operator.act("departure cancel", arguments, async |op| departures::cancel(op, id, &reason).await).await?;
                tell("Cancelled. The legal hold stays until it is lifted.", asked.proposal.as_ref());
            }
            Command::Rehire { id, reason } => {
                let arguments = json!({ "id": id.to_string(), "reason": reason });
                let asked = operator.act("departure rehire", arguments, async |op| departures::rehire(op, id, &reason).await).await?;
                output::line(format!("Password, shown this once and to be changed: {}", asked.value.1));
                tell("They can sign in, and hold no grant.", asked.proposal.as_ref());
            }
            Command::Rules { checklist } => show::rules(operator, checklist).await?,
        }
        Ok(Exit::Done)
    }
}

impl Begin {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let arguments = json!({
            "person": self.person, "lastDay": self.last_day.to_string(), "access": self.access.name(), "reason": self.reason,
            "knownAt": self.known_at.map(|at| at.to_string()), "lockApps": self.lock_apps,
        });
        let work = async |op: &Op| {
            let wish = Wish {
                person: find::person_id(op, &self.person).await?,
                last_day: self.last_day,
                reason: self.reason.clone(),
                access: self.access,
                known_at: self.known_at,
                lock_apps: self.lock_apps,
            };
            departures::begin(op, wish).await
        };
        let begun = operator.act("departure begin", arguments, work).await?;
        if let Some(departure) = begun.departure {
            output::line(format!("Departure {} has begun.", departure.id));
            return show::departure(operator, departure.id).await;
        }
        tell("", begun.proposal.as_ref());
        Ok(())
    }
}

impl Task {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let (id, state, note) = match self {
            Self::Add { id, text } => {
                let arguments = json!({ "id": id.to_string(), "text": text });
                operator.act("departure task add", arguments, async |op| departures::add_task(op, id, &text).await).await?;
                output::line("Added.");
                return Ok(());
            }
            Self::Done { id, note } => (id, TaskState::Done, note),
            Self::Waive { id, note } => (id, TaskState::Waived, Some(note)),
        };
        let arguments = json!({ "id": id.to_string(), "state": state.name(), "note": note });
        let work = async |op: &Op| departures::settle_task(op, id, state, note.as_deref()).await;
        operator.act("departure task", arguments, work).await?;
        output::line(format!("Recorded: {}.", state.name()));
        Ok(())
    }
}

async fn list(operator: &Operator, all: bool) -> Result<(), Failure> {
    let filter = DepartureFilter { state: (!all).then_some(DepartureState::Open), person: None };
    let work = async |op: &Op| {
        let page = async |last: Option<&departures::Departure>| departures::list(op, filter, last.map(|one| one.id), find::PAGE).await;
        let found = find::every(page).await?;
        let row = |one: departures::Departure| {
            let name = op.snapshot.name(one.person).unwrap_or("?").to_owned();
            [one.id.to_string(), name, one.state.name().to_owned(), one.access.name().to_owned(), one.last_day.to_string()]
        };
        Ok(found.into_iter().map(row).collect::<Vec<_>>())
    };
    let rows = operator.act("departure list", json!({ "all": all }), work).await?;
    output::table(["ID", "PERSON", "STATE", "ACCESS", "LAST DAY ENDS"], &rows);
    Ok(())
}

async fn hand_over(operator: &Operator, id: Id, successor: Option<String>, brand: Option<Id>, preview: bool) -> Result<(), Failure> {
    let arguments = json!({
        "id": id.to_string(), "successor": successor, "brand": brand.map(|brand| brand.to_string()), "preview": preview,
    });
    let choices = async |op: &Op| {
        let successor = match &successor {
            Some(who) => Some(find::person_id(op, who).await?),
            None => None,
        };
        Ok::<_, leadkeep::app::Error>(Choices { successor, ..Choices::default() })
    };
    if preview {
        let work = async |op: &Op| {
            let plan = departures::plan(op, id, &choices(op).await?).await?;
            departures::shown(op, &plan.planned);
            Ok(plan.planned.iter().map(|one| show::planned(op, one)).collect::<Vec<_>>())
        };
        let rows = operator.act("departure hand-over", arguments, work).await?;
        output::table(["LEAD", "AS", "SUCCESSOR", "WHY"], &rows);
        return Ok(());
    }
    let work = async |op: &Op| departures::hand_over(op, id, &choices(op).await?, brand).await;
    let handed = operator.act("departure hand-over", arguments, work).await?;
    let (id, count) = (handed.handover.id, handed.handover.relationships);
    output::line(format!("Handover {id}: {count} handed over, {} left as they are.", handed.left));
    Ok(())
}

fn tell(done: &str, proposal: Option<&Proposal>) {
    match proposal {
        Some(proposal) => output::line(format!("Proposal {} waits for an admin, until {}.", proposal.id, proposal.expires_at)),
        None => output::line(done),
    }
}
