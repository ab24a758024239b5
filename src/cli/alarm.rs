//! `leadkeep alarm`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::alarms::{self, AlarmFilter},
    domain::Id,
};
use serde_json::json;

use super::{
    Exit, Failure,
    find::{self, PAGE},
    operator::Operator,
    output,
};

const AFTER_HELP: &str = "\
Servers evaluate the rules as records come in. docs/alarms.md has the rules and what they are set to.

Examples:
  leadkeep alarm list
  leadkeep alarm list --all
  leadkeep alarm acknowledge 0000000000001 --note 'It was the trade fair'";

/// List alarms and acknowledge them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Alarm {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List alarms that nobody has acknowledged
    List {
        /// Also those that somebody has
        #[arg(long)]
        all: bool,
    },
    /// Send an alarm again that could not be delivered
    Resend {
        /// Its id
        id: Id,
    },
    /// Say that somebody has seen to an alarm
    Acknowledge {
        /// Its id
        id: Id,
        /// What came of it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

impl Alarm {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { all } => list(operator, all).await?,
            Command::Resend { id } => {
                operator.act("alarm resend", json!({ "id": id.to_string() }), async |op| alarms::resend(op, id).await).await?;
                output::line(format!("A server will send the alarm {id} again."));
            }
            Command::Acknowledge { id, note } => {
                let arguments = json!({ "id": id.to_string(), "note": note });
                operator.act("alarm acknowledge", arguments, async |op| alarms::acknowledge(op, id, note.as_deref()).await).await?;
                output::line(format!("The alarm {id} is acknowledged."));
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator, all: bool) -> Result<(), Failure> {
    let filter = AlarmFilter { acknowledged: (!all).then_some(false), ..AlarmFilter::default() };
    let read = async |op: &leadkeep::app::Op| {
        let alarms =
            find::every(async |last: Option<&alarms::Alarm>| alarms::list(op, filter, last.map(|alarm| alarm.id), PAGE).await).await?;
        let row = |alarm: alarms::Alarm| {
            let finding = alarm.finding;
            let who = op.snapshot.name(finding.subject).map_or_else(|| finding.subject.to_string(), str::to_owned);
            let state = if alarm.acknowledged.is_some() { "acknowledged" } else { "open" };
            [
                alarm.id.to_string(),
                state.into(),
                finding.at.to_string(),
                finding.rule.name().into(),
                who,
                finding.place.to_string(),
                finding.rule.summary(finding.found, finding.against),
            ]
        };
        Ok(alarms.into_iter().map(row).collect::<Vec<_>>())
    };
    let rows = operator.act("alarm list", json!({ "all": all }), read).await?;
    output::table(["ID", "STATE", "AT", "RULE", "WHO", "RECORD", "WHAT"], &rows);
    Ok(())
}
