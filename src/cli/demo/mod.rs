//! `leadkeep demo`: a company with invented data, ready to try.

mod card;
mod company;
mod found;
mod guide;

use std::{path::Path, sync::Arc};

use clap::Args;
use leadkeep::{
    config::Settings,
    server,
    store::Store,
    system::{SystemClock, SystemRandom},
};

use super::{Exit, Failure, Global, logging, output, serve};
use card::Card;

/// The folder unless another is named.
const FOLDER: &str = "leadkeep-demo";

const AFTER_HELP: &str = "\
Makes the data folder, keys, the database, teams, roles, people, an app and 1,000 invented leads, prints how to sign in
and what to try, and serves. The next run finds everything as you left it; remove the folder to start anew.
DIR/demo.json holds the address and the sign-ins, for scripts. A DATABASE_URL in the environment is left alone; PostgreSQL
is used only with --database-url or LEADKEEP_DATABASE_URL.

Examples:
  leadkeep demo
  leadkeep demo --data /tmp/demo --port 0       a folder of your choice, any free port
  leadkeep demo --database-url postgres://leadkeep@localhost/leadkeep";

/// Serve a company with invented people and leads, ready to try
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// Port to listen on; 0 takes a free one [default: 8080]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let mut settings = global.own_settings(vec![("port", self.port)])?;
        if settings.data == Settings::default().data {
            settings.data = FOLDER.into();
        }
        logging::only_warnings(&mut settings.log);
        logging::start(&settings.log)?;
        server::settle_port(&mut settings).map_err(|error| Failure::failed(format!("{error}; another --port, or --port 0, would do")))?;
        let known = Card::read(&settings.data)?;
        if known.is_none() {
            found::refuse_half_made(&settings.data)?;
        }
        Store::migrate(&server::location(&settings)).await?;
        let core = server::build_core(&settings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
        let is_new = known.is_none();
        let mut card = match known {
            Some(card) => card,
            None => found::found(&core, &settings.data).await?,
        };
        let running = server::start(Arc::clone(&core), &settings).await?;
        card.url = format!("http://{}", running.address);
        card.write(&settings.data)?;
        found::finished(&settings.data)?;
        welcome(&card, &settings.data, is_new);
        serve::told_to_stop().await?;
        running.shutdown().await;
        Ok(Exit::Done)
    }
}

fn welcome(card: &Card, folder: &Path, is_new: bool) {
    let state = if is_new { "new, with 1,000 invented leads" } else { "as you left it" };
    output::line(format!("Leadkeep demo at {}/graphql\nData in {} ({state}). Ctrl-C stops it.\n", card.url, folder.display()));
    guide::sign_ins(card);
    guide::commands(card);
}
