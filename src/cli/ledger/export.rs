//! `leadkeep ledger export`.

use std::path::PathBuf;

use clap::Args;
use leadkeep::app::bundle;
use serde_json::json;

use super::{Exit, Failure, Operator, bar, counted, output};

const AFTER_HELP: &str = "\
The bundle is a folder for somebody who has never heard of Leadkeep, an auditor or a court: the records as the exact bytes that were \
signed and readable beside, the signed tree head, the proof that ties them together, the public key, a README and a small program that \
checks it all. It holds ids, no names and nothing of leads. That it was taken out is itself a record.

An index is a record's place in the log; `accessLog { edges { node { index at } } }` tells it.

Examples:
  leadkeep ledger export --out evidence                      the whole log
  leadkeep ledger export --out may --from 120000 --to 155000
  leadkeep ledger verify may --public-key kept/ledger.pub    checks it, anywhere";

/// Write a part of the ledger as a bundle that anybody can check
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Export {
    /// The folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Index of the first record
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// Index after the last record [default: the end of the log]
    #[arg(long, value_name = "INDEX")]
    to: Option<u64>,
}

impl Export {
    pub(super) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        // First, so that nothing is recorded as taken out that could not be written.
        if self.out.exists() {
            return Err(Failure::refused(format!("{} is there already", self.out.display())));
        }
        let arguments = json!({ "from": self.from, "to": self.to });
        let plan = operator.act("ledger export", arguments, async |op| bundle::plan(op, self.from, self.to).await).await?;
        let bundle::Plan { manifest, .. } = &plan;
        let bar = bar(manifest.to - manifest.from);
        plan.write(&operator.core, &self.out, &mut |written| bar.set_position(written)).await?;
        bar.finish_and_clear();
        let records = counted((manifest.to - manifest.from, "record"));
        output::line(format!("{}: {records}, from index {} of {}", self.out.display(), manifest.from, manifest.tree_size));
        Ok(Exit::Done)
    }
}
