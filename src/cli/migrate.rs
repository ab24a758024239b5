//! `leadkeep migrate`.

use clap::Args;
use leadkeep::{server, store::Store};

use super::{Exit, Failure, Global, output};

const AFTER_HELP: &str = "\
Stop servers of an older version first. Running it again does nothing.

Examples:
  leadkeep migrate --data /var/lib/leadkeep
  leadkeep migrate --database-url postgres://leadkeep@db/leadkeep";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let settings = global.settings(Vec::new())?;
        let steps = Store::migrate(&server::location(&settings)).await?;
        output::line(match steps {
            0 => "The schema is current; nothing to do.".to_owned(),
            1 => "Ran 1 step; the schema is current.".to_owned(),
            steps => format!("Ran {steps} steps; the schema is current."),
        });
        Ok(Exit::Done)
    }
}
