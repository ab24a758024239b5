//! `leadkeep schema`.

use clap::Args;

const AFTER_HELP: &str = "\
Example:
  leadkeep schema > schema.graphql";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Print {}
