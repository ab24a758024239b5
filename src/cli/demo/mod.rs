//! `leadkeep demo`: a company with invented data, ready to try.

mod card;
mod company;
mod found;
mod guide;
mod year;

use std::{path::Path, sync::Arc};

use clap::Args;
use leadkeep::{
    config::Settings,
    server,
    store::Store,
    system::{SystemClock, SystemRandom},
    year::Figures,
};

use super::{Exit, Failure, Global, logging, output, serve};
use card::Card;

/// The folder unless another is named.
const FOLDER: &str = "leadkeep-demo";

const AFTER_HELP: &str = "\
Makes the data folder, keys, the database, teams, roles, people, an app and 1,000 invented leads, prints how to sign in \
and what to try, and serves. The next run finds everything as you left it; remove the folder to start anew. \
DIR/demo.json holds the address and the sign-ins, for scripts. A DATABASE_URL in the environment is left alone; PostgreSQL \
is used only with --database-url or LEADKEEP_DATABASE_URL.

With --year the company has 120 people and a year behind it, which is played first: they join, sign late, change teams, export and \
leave; one of them copies the list in the last nine days. DIR/found-list.csv is what was found of it outside, DIR/year.json the truth. \
The same seed, size and last day make the same year.

Examples:
  leadkeep demo
  leadkeep demo --year --seed 7                 another year than the usual
  leadkeep demo --data /tmp/demo --port 0       a folder of your choice, any free port
  leadkeep demo --database-url postgres://leadkeep@localhost/leadkeep";

/// Serve a company with invented people and leads, ready to try
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// Port to listen on; 0 takes a free one [default: 8080]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Play a year in a company of 120 people first
    #[arg(long)]
    year: bool,
    /// Of so many people instead, which takes less time, or more
    #[arg(long, value_name = "N", requires = "year", value_parser = clap::value_parser!(u16).range(15..=500))]
    people: Option<u16>,
    /// What the year follows from
    #[arg(long, value_name = "N", default_value_t = 1, requires = "year")]
    seed: u64,
    /// The year's last day, such as 2026-11-21 [default: yesterday]
    #[arg(long, value_name = "DAY", requires = "year")]
    last_day: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let mut settings = global.own_settings(vec![("port", self.port)])?;
        if settings.data == Settings::default().data {
            settings.data = FOLDER.into();
        }
        logging::only_warnings(&mut settings.log);
        if self.year && settings.log.filter == "warn" {
            // The alarms of the year are for the auditor to find, not for the terminal.
            settings.log.filter = "error".into();
        }
        logging::start(&settings.log)?;
        server::settle_port(&mut settings).map_err(|error| Failure::failed(format!("{error}; another --port, or --port 0, would do")))?;
        let wanted = if self.year { Some(year::Wanted::new(self.seed, self.people, self.last_day.as_deref())?) } else { None };
        let known = Card::read(&settings.data)?;
        if known.is_none() {
            found::refuse_half_made(&settings.data)?;
        }
        Store::migrate(&server::location(&settings)).await?;
        let is_new = known.is_none();
        let (played, figures) = match wanted.filter(|_| is_new) {
            Some(wanted) => year::play(&settings, wanted).await.map(|(card, figures)| (Some(card), Some(figures)))?,
            None => (None, None),
        };
        if settings.data.join(year::TRUTH).exists() {
            leadkeep::year::set_trap(&mut settings);
        }
        let core = server::build_core(&settings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
        let mut card = match known.or(played) {
            Some(card) => card,
            None => found::found(&core, &settings.data).await?,
        };
        let running = server::start(Arc::clone(&core), &settings).await?;
        card.url = format!("http://{}", running.address);
        card.write(&settings.data)?;
        found::finished(&settings.data)?;
        welcome(&card, &settings.data, is_new, figures.as_ref());
        serve::told_to_stop().await?;
        running.shutdown().await;
        Ok(Exit::Done)
    }
}

fn welcome(card: &Card, folder: &Path, is_new: bool, figures: Option<&Figures>) {
    let is_year = folder.join(year::TRUTH).exists();
    let state = match (is_new, is_year) {
        (true, false) => "new, with 1,000 invented leads",
        (true, true) => "new, after a year",
        (false, _) => "as you left it",
    };
    output::line(format!("Leadkeep demo at {}/graphql\nData in {} ({state}). Ctrl-C stops it.\n", card.url, folder.display()));
    guide::sign_ins(card);
    figures.into_iter().for_each(year::tell);
    if is_year {
        guide::tour(card, &folder.join(year::FOUND));
    } else {
        guide::commands(card);
    }
}
