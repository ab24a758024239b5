//! `leadkeep ledger`.

use std::{path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use leadkeep::{
    app::ledger_verify::{self, Report, Trust},
    audit::key,
    config::Settings,
    domain::Clock as _,
    ledger::{checkpoint, key as format},
    server,
    store::Store,
    system::SystemClock,
};

use super::{Exit, Failure, Global, output, reindex};

const VERIFY_HELP: &str = "\
Recomputes every hash, every link of every chain, the place of every entry in the tree and every signed tree head from what the
database holds, and names the first record that is wrong. It writes nothing and may run beside a server, or on a copy.

Whoever holds both the database and the key can rewrite history so that it fits. Keep the public key (`leadkeep ledger key`) and
what this prints, checkpoints or receipts elsewhere, and give that key here with --public-key.

Exit code 0: as it was written. 3: something is wrong. 1: could not be read.";

/// What there is to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Recompute the ledger and name the first record that is wrong
    #[command(after_help = VERIFY_HELP)]
    Verify(Verify),
    /// Make the index over the records anew: which of them show a lead or are somebody's
    #[command(after_help = reindex::HELP)]
    Reindex,
    /// Print the ledger's public key, as PEM and as tools for C2SP signed notes take it
    Key,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Public key to trust (PEM) [default: that of keys/ledger.pem in the data folder]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

impl Ledger {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let settings = global.settings(Vec::new())?;
        match self {
            Self::Verify(verify) => verify.run(&settings).await,
            Self::Reindex => reindex::run(global).await,
            Self::Key => {
                let key = own_key(&settings)?;
                output::line(format::public_pem(&key).map_err(|error| Failure::failed(error.to_string()))?.trim_end());
                output::line(checkpoint::verifier_key(&origin(&settings, &key), &key));
                Ok(Exit::Done)
            }
        }
    }
}

fn own_key(settings: &Settings) -> Result<format::Public, Failure> {
    let key = key::load(&settings.data)?;
    let missing = || Failure::failed(format!("{} is missing", key::file(&settings.data).display()));
    key.map(|key| key.public()).ok_or_else(missing)
}

fn origin(settings: &Settings, key: &format::Public) -> String {
    settings.ledger.origin.clone().unwrap_or_else(|| checkpoint::default_origin(key))
}

impl Verify {
    async fn run(self, settings: &Settings) -> Result<Exit, Failure> {
        let key = match &self.public_key {
            None => own_key(settings)?,
            Some(file) => {
                let named = |cause: String| Failure::failed(format!("{}: {cause}", file.display()));
                let pem = std::fs::read_to_string(file).map_err(|error| named(error.to_string()))?;
                format::public_from_pem(&pem).map_err(|error| named(error.to_string()))?
            }
        };
        let store = Store::open(&server::location(settings), 2).await?;
        let bar = if output::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} records, {per_sec}, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut progress = |progress: ledger_verify::Progress| {
            bar.set_length(progress.of.max(progress.entries));
            bar.set_position(progress.entries);
        };
        let origin = origin(settings, &key);
        let report =
            ledger_verify::verify(&store, Trust { key: &key, origin: Some(&origin), kept: None }, SystemClock.now(), &mut progress).await?;
        bar.finish_and_clear();
        Ok(tell(&report))
    }
}

fn tell(report: &Report) -> Exit {
    let Report { entries, folded, epochs, checkpoints, outstanding, .. } = report;
    let [records, epochs, heads] = [(*entries, "record"), (*epochs, "epoch"), (*checkpoints, "signed head")].map(counted);
    output::line(format!("{records} in {epochs}; {folded} in the tree, under {heads}"));
    if *outstanding > 0 {
        let changes = counted((*outstanding, "change"));
        output::line(format!("waiting in the outbox for their records: {changes}; the next start of the server writes them"));
    }
    match &report.fault {
        None => {
            output::line(format!("size {folded}"));
            output::line(format!("root {}", STANDARD.encode(report.root)));
            if let Some(origin) = &report.origin {
                output::line(format!("signed as {origin}"));
            }
            output::line("verified: everything is as it was written");
            Exit::Done
        }
        Some(fault) => {
            output::line(format!("NOT VERIFIED: {fault}"));
            Exit::NotVerified
        }
    }
}

fn counted((number, what): (u64, &str)) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
