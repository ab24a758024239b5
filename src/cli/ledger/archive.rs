//! `leadkeep ledger archive`.

use clap::Args;
use leadkeep::{
    app::{
        Op,
        archive::{self, Done},
    },
    domain::clock::DAY,
};
use serde_json::json;

use super::{Exit, Failure, Operator, counted, output};

const AFTER_HELP: &str = "\
Writes closed ranges of the log, `ledger.archive.segment` records each, as Parquet files to `ledger.archive.url`, with the tiles of the \
tree over them; reads each back; and then takes its records out of the database, unless a legal hold keeps them there. Everything \
goes on as before: `accessLog`, `whoSaw`, proofs, bundles and `ledger verify` read through the archive. What lies beside records \
(variables, texts) stays in the database, so that it can still be erased.

It may be interrupted and run again, and runs beside a server. With PostgreSQL and a role for serving that may not delete, run it as \
a role that may (docs/operations.md). A timer that runs it every night, and `ledger.archive.after_days`, are the rule by age.

What S3 needs comes from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL.

Examples:
  leadkeep ledger archive --older-than 365
  leadkeep ledger archive --older-than 30 --keep     copies only";

/// Write old parts of the log to the archive and take them out of the database
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Archive {
    /// Only records that have been in the tree for so many days [default: the setting ledger.archive.after_days]
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    /// Leave the records in the database too
    #[arg(long)]
    keep: bool,
}

impl Archive {
    pub(super) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let settings = &operator.settings.ledger.archive;
        let rule = (settings.after_days > 0).then_some(settings.after_days);
        let days = self.older_than.or(rule);
        let days = days.ok_or_else(|| Failure::usage("say --older-than DAYS, or set ledger.archive.after_days"))?;
        let mut idle = true;
        let mut tell = |done: Done| {
            idle = false;
            output::line(match done {
                Done::Archived(segment) => format!("archived {} to {}", segment.first, segment.until - 1),
                Done::Removed(segment, records) => {
                    format!("{} to {} have left the database: {}", segment.first, segment.until - 1, counted((records, "record")))
                }
                Done::Held(segment, hold) => format!("{} to {} stay: legal hold {hold}", segment.first, segment.until - 1),
                Done::Unindexed(segment) => {
                    format!("{} to {} stay for now: a server is at work on their index; run this again", segment.first, segment.until - 1)
                }
            });
        };
        let work = async |op: &Op| {
            let moment = leadkeep::domain::Timestamp(op.at.0.saturating_sub(i64::from(days) * DAY));
            archive::archive(op, settings, moment, !self.keep, &mut tell).await
        };
        operator.act("ledger archive", json!({ "olderThan": days, "keep": self.keep }), work).await?;
        if idle {
            output::line("Nothing is old enough, or everything has been done.");
        }
        Ok(Exit::Done)
    }
}
