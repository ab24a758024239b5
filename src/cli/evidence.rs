//! `leadkeep evidence`.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::PathBuf};

use clap::{Args, ValueEnum};
use leadkeep::{
    app::evidence::{self, Maker, Order},
    audit::record::OperationKind,
    domain::{Client, Subject, Timestamp},
    evidence::Profile,
};
use serde_json::json;

use super::{
    Exit, Failure, find,
    ledger::{bar, counted},
    operator::Operator,
    output,
};

const AFTER_HELP: &str = "\
One ZIP for counsel and a court: a report (PDF, HTML) whose first page answers who could see the leads, how they were marked, who had \
signed and what was done when somebody left; the measures as data, each with its gaps; the policy's revisions; the access log of the \
range with its proofs and the public key; how to check all of it without Leadkeep. It states facts and is not legal advice.

The same range, matter, profile and names give the same file, byte for byte, whenever it is made. Nobody is named but those that --name \
says; accounts appear by role and id. Nothing of what leads say is in it. That it was made is itself a record.

Examples:
  leadkeep evidence --from 2026-01-01 --to 2026-07-01 --matter \"Acme v. Doe, 1:26-cv-00042\"
  leadkeep evidence --from 2026-01-01 --to 2026-07-01 --name rita@company.com --out acme.zip
  leadkeep evidence --from 2026-01-01 --to 2026-07-01 --profile opposing-counsel";

/// Write the evidence of a range of time: how the lead list was kept secret, with all that proves it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Evidence {
    /// The first day or moment (UTC)
    #[arg(long, value_name = "DATE", value_parser = find::moment)]
    from: Timestamp,
    /// The first day or moment that does not belong to the range any more
    #[arg(long, value_name = "DATE", value_parser = find::moment)]
    to: Timestamp,
    /// What it is for, told on the first page
    #[arg(long, value_name = "TEXT")]
    matter: Option<String>,
    /// For whom
    #[arg(long, value_enum, default_value_t = For::Court)]
    profile: For,
    /// Call this person or app by name (e-mail address, client id or id); can be given again
    #[arg(long, value_name = "WHO")]
    name: Vec<String>,
    /// The file to write; it must not be there yet [default: evidence-FROM-TO.zip]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// For whom a file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum For {
    /// The company's own counsel and a court
    Court,
    /// The other side: nobody is named, free text of the policy is withheld
    OpposingCounsel,
}

impl Evidence {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let profile = match self.profile {
            For::Court => Profile::Court,
            For::OpposingCounsel => Profile::OpposingCounsel,
        };
        let arguments = json!({
            "from": self.from.to_string(), "to": self.to.to_string(), "matter": self.matter, "profile": profile.name(),
            "names": self.name.len(),
        });
        let ordered = operator.act("evidence", arguments, async |op| {
            let mut named = Vec::new();
            for who in &self.name {
                named.push(find::subject(op, who).await?);
            }
            let order = Order { from: self.from, to: self.to, matter: self.matter.clone(), profile, named };
            Ok((evidence::order(op, order)?, op.request))
        });
        let (order, asked) = ordered.await?;
        let out = self.out.unwrap_or_else(|| PathBuf::from(order.file_name()));
        let failed = |error: io::Error| Failure::failed(format!("{}: {error}", out.display()));
        // First, so that nothing is recorded as taken out that could not be written.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&out).map_err(failed)?;
        let maker = Maker { subject: Subject::OPERATOR, client: Client::own(), asked, kind: OperationKind::Command };
        let bar = bar(0);
        let mut progress = |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let written = match evidence::make(&operator.core, maker, order, None, &mut progress).await {
            Ok(mut made) => io::copy(&mut made.content, &mut file).and_then(|_| file.sync_all()).map(|()| made).map_err(failed),
            Err(error) => Err(error.into()),
        };
        bar.finish_and_clear();
        let made = match written {
            Ok(made) => made,
            Err(failure) => {
                // What was begun is no file; that it is gone matters more than that removing it failed.
                let _ = std::fs::remove_file(&out);
                return Err(failure);
            }
        };
        output::line(format!("{}: {} of the range, {} bytes", out.display(), counted((made.records, "record")), made.bytes));
        output::line(format!("SHA-256 {}", made.sha256));
        output::line(format!("Receipt: {}", made.receipt));
        Ok(Exit::Done)
    }
}
