//! `leadkeep keys`.

use clap::{Args, Subcommand};
use leadkeep::{app::Op, auth::keys};
use serde_json::json;

use super::{Exit, Failure, operator::Operator, output};

const AFTER_HELP: &str = "\
Running servers notice within a second. Tokens that the old key signed stay good until they expire (10 minutes); then \
the next rotation removes it. With several hosts, copy DIR/keys to the others.

Example:
  leadkeep keys rotate";

/// Rotate the keys that sign access tokens
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new key that signs from now on; remove those whose last token has expired
    Rotate,
}

impl Keys {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let Command::Rotate = self.command;
        let (folder, life) = (operator.settings.data.join("keys"), operator.settings.auth.access_token_seconds);
        let rotate = async |op: &Op| Ok(keys::rotate(&folder, life, &*op.core.clock, &*op.core.random)?);
        let rotated = operator.act("keys rotate", json!({}), rotate).await?;
        output::line(format!("signs     {}", rotated.signs));
        rotated.verify.iter().for_each(|kid| output::line(format!("verifies  {kid}")));
        rotated.removed.iter().for_each(|kid| output::line(format!("removed   {kid}")));
        Ok(Exit::Done)
    }
}
