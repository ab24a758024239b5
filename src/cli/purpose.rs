//! `leadkeep purpose`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::purposes,
    policy::{Purpose as Registered, Quotas, Requirement},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
A purpose is declared with every request that needs one (X-Access-Purpose: CODE) and stands in every record. It can narrow \
what roles show; it never shows more.

Examples:
  leadkeep purpose list
  leadkeep purpose add CALL_LIST --description 'Numbers to call' --hide notes --leads-per-day 200
  leadkeep purpose retire CALL_LIST
  leadkeep purpose require rep SALES RENEWAL      reps must declare one of these
  leadkeep purpose require rep --none             reps need not declare one";

/// List, register and retire purposes; say which roles need one
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Purpose {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List purposes, those of the past too
    List,
    /// Register a purpose
    Add {
        /// Its code: A-Z, 0-9, - and _
        code: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: String,
        /// Names of fields that it hides, separated by commas
        #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
        hide: Vec<String>,
        /// Names of fields that come masked, separated by commas
        #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
        mask: Vec<String>,
        /// Leads shown in a day at most
        #[arg(long, value_name = "N")]
        leads_per_day: Option<u32>,
        /// Leads in one exported file at most
        #[arg(long, value_name = "N")]
        rows_per_export: Option<u32>,
    },
    /// Let a purpose be declared no more
    Retire {
        /// Its code
        code: String,
    },
    /// Say which purposes a role needs
    Require {
        /// The role's name
        role: String,
        /// Codes of the purposes, one of which must be declared; none named means any
        #[arg(conflicts_with = "none")]
        codes: Vec<String>,
        /// No purpose need be declared, and any may
        #[arg(long)]
        none: bool,
    },
}

impl Purpose {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List => list(operator).await?,
            Command::Add { code, description, hide, mask, leads_per_day, rows_per_export } => {
                let quotas = Quotas { leads_per_day, rows_per_export, ..Quotas::default() };
                let purpose = Registered { description, retired: false, hidden: hide, masked: mask, quotas };
                let arguments = json!({ "code": code, "purpose": purpose });
                operator.act("purpose add", arguments, async |op| purposes::add(op, &code, &purpose).await).await?;
                output::line(format!("Registered the purpose {code}."));
            }
            Command::Retire { code } => {
                let retire = |was: Registered| Registered { retired: true, ..was };
                operator.act("purpose retire", json!({ "code": code }), async |op| purposes::change(op, &code, None, retire).await).await?;
                output::line(format!("The purpose {code} can no longer be declared."));
            }
            Command::Require { role, codes, none } => {
                let arguments = json!({ "role": role, "purposes": codes, "required": !none });
                let edit = |was: Requirement| Requirement { purpose_required: !none, purposes: codes.clone(), ..was };
                operator
                    .act("purpose require", arguments, async |op| purposes::require(op, find::role(op, &role)?, None, edit).await)
                    .await?;
                output::line(format!("Whoever holds {role} {} declare a purpose.", if none { "need not" } else { "must" }));
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let purposes = operator.act("purpose list", json!({}), async |op| purposes::list(op, true)).await?;
    let rows = purposes.into_iter().map(|view| {
        let state = if view.purpose.retired { "retired" } else { "" };
        let narrows = [("hides", &view.purpose.hidden), ("masks", &view.purpose.masked)];
        let narrows =
            narrows.into_iter().filter(|(_, fields)| !fields.is_empty()).map(|(verb, fields)| format!("{verb} {}", fields.join(" ")));
        [view.code, state.to_owned(), view.purpose.description, narrows.collect::<Vec<_>>().join("; ")]
    });
    output::table(["CODE", "STATE", "DESCRIPTION", "NARROWS"], &rows.collect::<Vec<_>>());
    Ok(())
}
