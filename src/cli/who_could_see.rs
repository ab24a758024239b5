//! `leadkeep who-could-see`.

use clap::Args;
use leadkeep::{
    app::who_could_see::{self, Question},
    domain::{Field, Id, Timestamp},
    policy::document::MarkingText,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
Examples:
  leadkeep who-could-see --lead 0sa5ddmazzdqc --at 2026-06-30
  leadkeep who-could-see --level TRADE_SECRET --compartment EMEA
  leadkeep who-could-see --field notes --at 2026-06-30T18:00:00Z";

/// Say who could see a lead, a marking or a field at a past moment
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct WhoCouldSee {
    /// Id of a lead
    #[arg(long, value_name = "ID")]
    lead: Option<Id>,
    /// Level of a marking
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
    /// Code of a compartment of the marking; may be repeated
    #[arg(long, value_name = "CODE", requires = "level")]
    compartment: Vec<String>,
    /// Name of a field
    #[arg(long, value_name = "NAME", value_parser = |name: &str| Field::from_name(name).ok_or("there is no such field"))]
    field: Option<Field>,
    /// When, like 2026-06-30 or 2026-06-30T18:00:00Z; now unless said otherwise
    #[arg(long, value_name = "MOMENT", value_parser = find::moment)]
    at: Option<Timestamp>,
}

impl WhoCouldSee {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let Self { lead, level, compartment, field, at } = self;
        let marking = level.map(|level| MarkingText { level, compartments: compartment });
        let at = at.unwrap_or_else(|| operator.core.now());
        let arguments =
            json!({ "lead": lead.map(|lead| lead.to_string()), "marking": marking, "field": field.map(Field::name), "at": at.to_string() });
        let question = Question { lead, marking, field, at };
        let ask = async |op: &leadkeep::app::Op| {
            let reach = who_could_see::who_could_see(op, &question).await?;
            let name = |id: Id| op.snapshot.name(id).map_or_else(|| id.to_string(), str::to_owned);
            let rows: Vec<_> = reach
                .subjects
                .iter()
                .map(|could| {
                    let flag = if could.unrestricted { "unrestricted" } else { "" };
                    let fields = |fields: leadkeep::domain::FieldSet| fields.iter().map(Field::name).collect::<Vec<_>>().join(" ");
                    [name(could.subject), could.subject.to_string(), flag.into(), fields(could.clear), fields(could.masked)]
                })
                .collect();
            let unrestricted: Vec<_> = reach.unrestricted.iter().map(|id| name(*id)).collect();
            Ok((reach.revision, reach.exact, rows, unrestricted))
        };
        let (revision, exact, rows, unrestricted) = operator.act("who-could-see", arguments, ask).await?;
        output::table(["WHO", "ID", "FLAG", "CLEAR", "MASKED"], &rows);
        output::line(format!("Policy revision {revision}, in force at {at}."));
        if !exact {
            output::line("What lies beside a change of the lead since then was erased; where it stood is not certain.");
        }
        if !unrestricted.is_empty() {
            output::line(format!("Unrestricted access then: {}.", unrestricted.join(", ")));
        }
        Ok(Exit::Done)
    }
}
