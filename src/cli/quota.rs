//! `leadkeep quota`.

use clap::{Args, Subcommand, ValueEnum};
use leadkeep::{
    app::quota,
    policy::{QuotaKind, Quotas},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
Limits of a person or app hold beside those of their roles; they never allow more. What a role allows is set with the role.

Examples:
  leadkeep quota show rita@example.com
  leadkeep quota set rita@example.com --new-leads-per-day 100 --leads-per-day 500
  leadkeep quota set rita@example.com                         no limits of her own any more
  leadkeep quota lift rita@example.com leads-per-day --reason 'The trade fair'
                                                              twice as much until midnight (UTC)";

/// Limit how much one person or app may take, and lift a quota once
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Quota {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the limits of a person or app
    Show {
        /// E-mail address, client id or id
        who: String,
    },
    /// Set the limits of a person or app; what is not named is limited by their roles alone
    Set {
        /// E-mail address, client id or id
        who: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Allow twice as much until the hour or day is over
    Lift {
        /// E-mail address, client id or id
        who: String,
        /// Which quota
        quota: Kind,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, Args)]
struct Limits {
    /// Leads shown in an hour
    #[arg(long, value_name = "N")]
    leads_per_hour: Option<u32>,
    /// Leads shown in a day
    #[arg(long, value_name = "N")]
    leads_per_day: Option<u32>,
    /// Leads shown in a day that were never shown to them before
    #[arg(long, value_name = "N")]
    new_leads_per_day: Option<u32>,
    /// Leads in one exported file
    #[arg(long, value_name = "N")]
    rows_per_export: Option<u32>,
    /// Leads in all files exported in a day
    #[arg(long, value_name = "N")]
    export_rows_per_day: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    LeadsPerHour,
    LeadsPerDay,
    NewLeadsPerDay,
    RowsPerExport,
    ExportRowsPerDay,
}

impl From<Kind> for QuotaKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::LeadsPerHour => Self::LeadsPerHour,
            Kind::LeadsPerDay => Self::LeadsPerDay,
            Kind::NewLeadsPerDay => Self::NewLeadsPerDay,
            Kind::RowsPerExport => Self::RowsPerExport,
            Kind::ExportRowsPerDay => Self::ExportRowsPerDay,
        }
    }
}

impl From<Limits> for Quotas {
    fn from(limits: Limits) -> Self {
        let Limits { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day } = limits;
        Self { leads_per_hour, leads_per_day, new_leads_per_day, rows_per_export, export_rows_per_day }
    }
}

impl Quota {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::Show { who } => {
                let arguments = json!({ "who": who });
                let limits = operator.act("quota show", arguments, async |op| quota::own(op, find::subject(op, &who).await?)).await?;
                let limit = |kind: QuotaKind| limits.get(kind).map_or_else(|| "as their roles say".into(), |limit| limit.to_string());
                let rows = QuotaKind::ALL.map(|kind| [kind.name().replace('_', "-").to_lowercase(), limit(kind)]);
                output::table(["QUOTA", "LIMIT"], &rows);
            }
            Command::Set { who, limits } => {
                let limits = Quotas::from(limits);
                let arguments = json!({ "who": who, "quotas": limits });
                let set = async |op: &leadkeep::app::Op| quota::set_own(op, find::subject(op, &who).await?, None, |_| limits).await;
                operator.act("quota set", arguments, set).await?;
                output::line(format!("The limits of {who} hold from now on."));
            }
            Command::Lift { who, quota: kind, reason } => {
                let arguments = json!({ "who": who, "quota": QuotaKind::from(kind).name(), "reason": reason });
                let lift = async |op: &leadkeep::app::Op| quota::lift(op, find::subject(op, &who).await?, kind.into(), &reason).await;
                let lift = operator.act("quota lift", arguments, lift).await?;
                output::line(format!("Until {} it is {}.", lift.until, lift.limit));
            }
        }
        Ok(Exit::Done)
    }
}
