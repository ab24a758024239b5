//! `leadkeep ledger`.

mod acknowledge;
mod archive;
mod check_receipt;
mod export;
mod outside;
mod status;
mod verify;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use leadkeep::{
    audit::key,
    config::Settings,
    ledger::{bundle, checkpoint, key as format},
};

use super::{Exit, Failure, Global, Operator, output, reindex};

/// What there is to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    Verify(verify::Verify),
    /// Say how large the log is, what is signed, how far witnesses have signed, what was found, how full the disk is and what waits
    #[command(after_help = status::HELP)]
    Status,
    CheckReceipt(check_receipt::CheckReceipt),
    Export(export::Export),
    Archive(archive::Archive),
    Acknowledge(acknowledge::Acknowledge),
    /// Make the index over the records anew: which of them show a lead or are somebody's
    #[command(after_help = reindex::HELP)]
    Reindex,
    /// Print the ledger's public key, as PEM and as tools for C2SP signed notes take it
    Key,
}

/// The key to trust.
#[derive(Debug, Args)]
pub(crate) struct PublicKey {
    /// Public key to trust (PEM) [default: that of keys/ledger.pem in the data folder; of a bundle, the one in it]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

impl Ledger {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        match self {
            Self::Verify(verify) => verify.run(global).await,
            Self::Status => status::run(global).await,
            Self::CheckReceipt(check) => check.run(global).await,
            Self::Export(export) => Operator::during(global, async |operator| export.run(operator).await).await,
            Self::Archive(archive) => Operator::during(global, async |operator| archive.run(operator).await).await,
            Self::Acknowledge(acknowledge) => acknowledge.run(global).await,
            Self::Reindex => reindex::run(global).await,
            Self::Key => {
                let settings = global.settings(Vec::new())?;
                let key = own_key(&settings)?;
                output::line(format::public_pem(&key).map_err(|error| Failure::failed(error.to_string()))?.trim_end());
                output::line(checkpoint::verifier_key(&origin(&settings, &key), &key));
                Ok(Exit::Done)
            }
        }
    }
}

impl PublicKey {
    /// The key that was named, or the installation's own.
    fn or_own(&self, settings: &Settings) -> Result<format::Public, Failure> {
        self.public_key.as_deref().map_or_else(|| own_key(settings), read_key)
    }

    /// The key that was named, or the one in the bundle, which is told.
    fn or_of_bundle(&self, folder: &Path) -> Result<format::Public, Failure> {
        if let Some(file) = &self.public_key {
            return read_key(file);
        }
        let key = read_key(&folder.join(bundle::PUBLIC_KEY))?;
        let id = format::id(&key);
        output::note(format!(
            "trusting the key that came with the bundle ({id}); compare it with one from elsewhere, or name that with --public-key"
        ));
        Ok(key)
    }
}

fn read_key(file: &Path) -> Result<format::Public, Failure> {
    format::public_from_pem(&read(file)?).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))
}

fn own_key(settings: &Settings) -> Result<format::Public, Failure> {
    let key = key::load(&settings.data)?;
    let missing = || Failure::failed(format!("{} is missing", key::file(&settings.data).display()));
    key.map(|key| key.public()).ok_or_else(missing)
}

fn origin(settings: &Settings, key: &format::Public) -> String {
    settings.ledger.origin.clone().unwrap_or_else(|| checkpoint::default_origin(key))
}

/// A bar that counts records, if somebody is watching.
pub(crate) fn bar(length: u64) -> ProgressBar {
    let bar = if output::is_watched() { ProgressBar::new(length) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} records, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

pub(crate) fn counted((number, what): (u64, &str)) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
