//! `leadkeep config`.

use clap::{Args, Subcommand};

use super::{Exit, Failure, Global, output};

const AFTER_HELP: &str = "\
Later places win: the file, then the environment, then flags. `limits.page_size` in the file is \
LEADKEEP_LIMITS_PAGE_SIZE in the environment and `--set limits.page_size=100` as a flag.

Examples:
  leadkeep config check
  leadkeep config check --config /etc/leadkeep.toml
  LEADKEEP_PORT=9000 leadkeep config check";

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the settings in force as TOML, secrets redacted; exit 2 and name the key if one is unknown or wrong
    Check(Check),
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Check {}

impl Config {
    pub(crate) fn run(self, global: &Global) -> Result<Exit, Failure> {
        let Self::Check(Check {}) = self;
        output::line(global.settings(Vec::new())?.effective().trim_end());
        Ok(Exit::Done)
    }
}
