//! `leadkeep ledger acknowledge`.

use clap::Args;
use leadkeep::app::anchor;
use serde_json::json;

use super::{Exit, Failure, Global, Operator, output};

const AFTER_HELP: &str = "\
When a database was put back to an earlier state, or history was rewritten, the server notices: the log is not the one that a witness \
has signed, or that this host remembers. It then records nothing, and so answers nothing, until an operator has looked.

First `leadkeep ledger status` says what was found and by what. Keep a copy of the databases: they are evidence. If somebody restored a \
backup on purpose, say so here. What was found and the reason go into the log itself as a record, and `ledger verify` tells of them for \
good. Running servers go on within a second. Records that the sequencer holds back, because they are not as they were written, are \
acknowledged in the same way.

Example:
  leadkeep ledger acknowledge --reason 'Disk failed; restored the backup of 03:00, ticket 4711'";

/// Go on although the ledger is not the one seen before; recorded, and told of for good
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Acknowledge {
    /// Why it is so, for whoever reads the log in years; at most 500 letters
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Acknowledge {
    pub(super) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        Operator::whatever_was_found(global, async |operator| {
            let arguments = json!({ "reason": self.reason });
            let work = async |op: &leadkeep::app::Op| anchor::acknowledge(op, &self.reason).await;
            let done = operator.act(leadkeep::ledger::breach::ACKNOWLEDGE, arguments, work).await?;
            for breach in done {
                output::line(format!("acknowledged: {}", breach.told()));
            }
            Ok(Exit::Done)
        })
        .await
    }
}
