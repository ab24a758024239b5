//! `leadkeep canary`.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        canaries::{self, MAX_PAGE, TouchView},
    },
    domain::{Timestamp, hex},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
A canary is an invented lead that one person alone sees, or that stands in one exported file: a list that is found outside says \
by it where it comes from (`leadkeep trace`). Set `canaries.domains` to domains of the company's; without them there are none. \
Show this list to nobody who sees leads.

Examples:
  leadkeep canary list
  leadkeep canary list --reader rita@company.com
  leadkeep canary touched          who asked for one of another's, handed one on, looked for them
  leadkeep canary bulletins        the same day by day, as the keeper is told it
  leadkeep canary acknowledge 2026-11-22
  leadkeep canary plant            what is lacking, now instead of within the hour
  leadkeep canary files            what they came in with: shows later which imports were canaries";

/// List the canaries, plant what is lacking, show what they came in with
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Canary {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List canaries, those of the stock too
    List {
        /// Only those of this person (e-mail address or id) or app
        #[arg(long, value_name = "WHO")]
        reader: Option<String>,
    },
    /// Invent what is lacking now
    Plant,
    /// Write the files that canaries came in with, each named by the SHA-256 that the note of its import holds
    Files {
        /// The folder, which is made for you alone (mode 0700) and must not be there yet
        #[arg(long, value_name = "DIR", default_value = "canary-files")]
        out: PathBuf,
    },
    /// List what was done with canaries that nobody does who only works with leads
    Touched,
    /// List the bulletins of the last thirty days: how much of that each told, who has acknowledged it
    Bulletins,
    /// Say that a keeper has seen to a day's bulletin; do so with the empty ones as well, because auditors see it
    Acknowledge {
        /// The day, such as 2026-11-22
        day: String,
    },
}

impl Canary {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { reader } => list(operator, reader.as_deref()).await?,
            Command::Plant => {
                let planted = operator.act("canary plant", json!({}), async |op| canaries::plant_now(op).await).await?;
                output::line(format!("Planted {planted} canaries."));
            }
            Command::Files { out } => files(operator, &out).await?,
            Command::Touched => touched(operator).await?,
            Command::Bulletins => bulletins(operator).await?,
            Command::Acknowledge { day } => {
                let number = day_of(&day).ok_or_else(|| Failure::usage("DAY must be like 2026-11-22"))?;
                let acknowledge = async |op: &Op| canaries::acknowledge_bulletin(op, number).await;
                operator.act("canary acknowledge", json!({ "day": day }), acknowledge).await?;
                output::line(format!("The bulletin of {day} is acknowledged."));
            }
        }
        Ok(Exit::Done)
    }
}

/// The number of a day such as 2026-11-22.
fn day_of(text: &str) -> Option<i64> {
    Timestamp::parse(&format!("{text}T00:00:00Z")).map(Timestamp::day)
}

async fn files(operator: &Operator, out: &Path) -> Result<(), Failure> {
    let files = operator.act("canary files", json!({}), async |op| canaries::files(op).await).await?;
    let failed = |path: &Path, error: io::Error| Failure::failed(format!("{}: {error}", path.display()));
    // For its owner alone: whoever sees leads must not see these.
    DirBuilder::new().mode(0o700).create(out).map_err(|error| failed(out, error))?;
    for (at, file) in files {
        let path = out.join(format!("{}.csv", hex(&Sha256::digest(&file).into())));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.and_then(|mut made| made.write_all(file.as_bytes())).map_err(|error| failed(&path, error))?;
        output::line(format!("{at}  {}", path.display()));
    }
    Ok(())
}

async fn touched(operator: &Operator) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let mut rows = Vec::new();
        loop {
            let page = canaries::touches(op, rows.len() as u64, MAX_PAGE).await?;
            let more = page.len() == MAX_PAGE;
            rows.extend(page.into_iter().map(|TouchView { touch, canary }| {
                let who = op.snapshot.name(touch.by).map_or_else(|| touch.by.to_string(), str::to_owned);
                let name = canary.map(|view| view.name).unwrap_or_default();
                [touch.at.to_string(), touch.kind.name().into(), who, touch.lead.to_string(), name, touch.place.to_string()]
            }));
            if !more {
                return Ok(rows);
            }
        }
    };
    let rows = operator.act("canary touched", json!({}), work).await?;
    output::table(["AT", "WHAT", "WHO", "LEAD", "NAME", "RECORD"], &rows);
    Ok(())
}

async fn bulletins(operator: &Operator) -> Result<(), Failure> {
    const SHOWN: usize = 30;
    let work = async |op: &Op| {
        let mut rows = Vec::new();
        for bulletin in canaries::bulletins(op, 0, SHOWN).await? {
            let touched = canaries::told(op, bulletin.day).await?.len();
            let by = match bulletin.acknowledged {
                Some((_, Some(id))) => op.snapshot.name(id).map_or_else(|| id.to_string(), str::to_owned),
                Some((_, None)) => "(operator)".into(),
                None => String::new(),
            };
            let at = bulletin.acknowledged.map(|(at, _)| at.to_string()).unwrap_or_default();
            rows.push([canaries::date(bulletin.day), bulletin.made_at.to_string(), touched.to_string(), at, by]);
        }
        Ok(rows)
    };
    let rows = operator.act("canary bulletins", json!({}), work).await?;
    output::table(["DAY", "MADE AT", "TOUCHED", "ACKNOWLEDGED AT", "BY"], &rows);
    Ok(())
}

async fn list(operator: &Operator, reader: Option<&str>) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let reader = match reader {
            Some(who) => Some(find::subject(op, who).await?),
            None => None,
        };
        let mut rows = Vec::new();
        loop {
            let page = canaries::list(op, reader, rows.len() as u64, MAX_PAGE).await?;
            let more = page.len() == MAX_PAGE;
            rows.extend(page.into_iter().map(|view| {
                let whose = view
                    .canary
                    .reader
                    .map_or_else(|| "(in stock)".to_owned(), |id| op.snapshot.name(id).map_or_else(|| id.to_string(), str::to_owned));
                let file = view.canary.export.map(|request| request.to_string()).unwrap_or_default();
                let lead = view.canary.lead.to_string();
                [lead, whose, file, view.name, view.company, view.email.unwrap_or_default()]
            }));
            if !more {
                return Ok(rows);
            }
        }
    };
    let rows = operator.act("canary list", json!({ "reader": reader }), work).await?;
    output::table(["LEAD", "READER", "FILE", "NAME", "COMPANY", "E-MAIL"], &rows);
    Ok(())
}
