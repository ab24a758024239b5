//! `leadkeep agreement`.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt, path::PathBuf};

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        agreements::{self, Draft, Renewal, SignedPaper, Wanted},
        purposes,
    },
    domain::{Id, Timestamp, hex},
    policy::{AgreementKind, AgreementVersion, Party, Point, Requirement},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

/// How many acceptances are read together.
const PAGE: u64 = 1_000;

const AFTER_HELP: &str = "\
Whoever has not accepted what their roles ask for sees no lead. People read and accept over the API (agreementText, \
acceptAgreement); what was signed on paper is recorded here. KIND is one of CONFIDENTIALITY, ASSIGNMENT, SOCIAL_MEDIA, \
ACCEPTABLE_USE, EXIT_CERTIFICATE, THIRD_PARTY_NDA. The texts that `init` publishes are starters; have counsel adapt them.

Examples:
  leadkeep agreement show CONFIDENTIALITY --template > confidentiality.md  then adapt it
  leadkeep agreement show CONFIDENTIALITY --jurisdiction US-CA             as accepted there
  leadkeep agreement publish CONFIDENTIALITY confidentiality.md --grace-days 30
  leadkeep agreement require rep CONFIDENTIALITY SOCIAL_MEDIA
  leadkeep agreement import-paper scan.pdf --person rita@company.com --kind ASSIGNMENT \\
      --signed-at 2026-01-05T09:00:00Z --attest 'Signed in my presence'
  leadkeep agreement acceptances --person rita@company.com
  leadkeep agreement standing --at 2026-06-30T00:00:00Z                   who had accepted what";

/// Publish agreements, record signed papers, see who has accepted what
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Agreement {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is published
    List,
    /// Print the text to accept now
    Show {
        /// Its kind
        #[arg(value_parser = kind)]
        kind: AgreementKind,
        /// As it is composed for somebody there, such as DE or US-CA; unless given, where none is known
        #[arg(long, value_name = "CODE", conflicts_with = "template")]
        jurisdiction: Option<String>,
        /// The template instead, with the clauses of every jurisdiction
        #[arg(long)]
        template: bool,
    },
    /// Publish the next version
    Publish {
        /// Its kind
        #[arg(value_parser = kind)]
        kind: AgreementKind,
        /// The template in Markdown
        file: PathBuf,
        /// For how many days acceptances of the version before still count [default: the setting agreements.grace_days]
        #[arg(long, value_name = "DAYS")]
        grace_days: Option<u32>,
        /// After how many days it has to be accepted again [default: the setting agreements.renew_days]
        #[arg(long, value_name = "DAYS")]
        renew_days: Option<u32>,
        /// It never has to be accepted again
        #[arg(long, conflicts_with = "renew_days")]
        never_renew: bool,
    },
    /// Say which agreements a role asks for
    Require {
        /// The role's name
        role: String,
        /// The kinds; none named means none
        #[arg(value_parser = kind)]
        kinds: Vec<AgreementKind>,
    },
    /// Record a PDF that somebody has signed
    ImportPaper {
        /// The PDF
        file: PathBuf,
        /// The person who signed (e-mail address or id)
        #[arg(long, value_name = "WHO", required_unless_present = "company", conflicts_with = "company")]
        person: Option<String>,
        /// The other company that signed
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
        /// What it stands for
        #[arg(long, value_parser = kind)]
        kind: AgreementKind,
        /// When it was signed (RFC 3339)
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        signed_at: Timestamp,
        /// Until when it holds, if it says so (RFC 3339)
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        until: Option<Timestamp>,
        /// What you attest
        #[arg(long, value_name = "TEXT")]
        attest: String,
    },
    /// Write a recorded paper to a file
    Paper {
        /// Its SHA-256
        sha256: String,
        /// The file to write; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// List who accepted what, and how
    Acceptances {
        /// Only of this person (e-mail address or id)
        #[arg(long, value_name = "WHO", conflicts_with = "company")]
        person: Option<String>,
        /// Only of this other company
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
        /// Only of this kind
        #[arg(long, value_parser = kind)]
        kind: Option<AgreementKind>,
    },
    /// Show who has accepted what their access hangs on
    Standing {
        /// As of this moment (RFC 3339) instead of now
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        at: Option<Timestamp>,
    },
}

fn kind(name: &str) -> Result<AgreementKind, String> {
    AgreementKind::from_name(name).ok_or_else(|| "no kind of agreement".into())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "no moment like 2026-01-05T09:00:00Z".into())
}

impl Agreement {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List => list(operator).await?,
            Command::Show { kind, jurisdiction, template } => {
                let show = async |op: &Op| {
                    let found = agreements::current_template(op, kind).await?;
                    if template { Ok(found.text) } else { Ok(found.composed(jurisdiction.as_deref())?) }
                };
                let text = operator.act("agreement show", json!({ "kind": kind, "jurisdiction": jurisdiction }), show).await?;
                output::line(text.trim_end());
            }
            Command::Publish { kind, file, grace_days, renew_days, never_renew } => {
                let text = std::fs::read_to_string(&file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
                let renewal = if never_renew { Renewal::Never } else { renew_days.map_or(Renewal::AsSet, Renewal::After) };
                let draft = Draft { kind, text, grace_days, renewal };
                let arguments = json!({ "kind": kind, "graceDays": grace_days, "renewDays": renew_days, "neverRenew": never_renew });
                let asked = operator.act("agreement publish", arguments, async |op| agreements::publish(op, &draft).await).await?;
                let version = asked.value.map_or(0, |version| version.version);
                output::line(format!("Published {} version {version}.", kind.name()));
            }
            Command::Require { role, kinds } => {
                let edit = |was: Requirement| Requirement { agreements: kinds.clone(), ..was };
                let require = async |op: &Op| purposes::require(op, find::role(op, &role)?, None, edit).await;
                operator.act("agreement require", json!({ "role": role, "kinds": kinds }), require).await?;
                let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                output::line(format!("{role} asks for {}.", if names.is_empty() { "nothing".into() } else { names.join(", ") }));
            }
            Command::ImportPaper { file, person, company, kind, signed_at, until, attest } => {
                let arguments = json!({ "person": person, "company": company, "kind": kind, "signedAt": signed_at.to_string() });
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let import = async |op: &Op| {
                    let party = match (&person, company) {
                        (Some(who), _) => Party::Person(find::person(op, who).await?.id),
                        (None, company) => Party::Company(company.unwrap_or_default()),
                    };
                    let content = agreements::read_paper(&file).await?;
                    let signed = SignedPaper { party, kind, version: None, signed_at, until, attestation: attest, name, content };
                    agreements::import_paper(op, signed).await
                };
                let accepted = operator.act("agreement import-paper", arguments, import).await?;
                let sha256 = accepted.paper_sha256.as_ref().map(hex).unwrap_or_default();
                output::line(format!("Recorded as acceptance {}; the paper's SHA-256 is {sha256}.", accepted.acceptance.id));
            }
            Command::Paper { sha256, out } => {
                let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", out.display()));
                let paper = operator.act("agreement paper", json!({ "sha256": sha256 }), async |op| agreements::paper(op, &sha256).await);
                let paper = paper.await?;
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&out).map_err(failed)?;
                file.write_all(&paper.content).and_then(|()| file.sync_all()).map_err(failed)?;
                output::line(format!("{}: {} bytes.", out.display(), paper.content.len()));
            }
            Command::Acceptances { person, company, kind } => acceptances(operator, person, company, kind).await?,
            Command::Standing { at } => standing(operator, at).await?,
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let versions = operator.act("agreement list", json!({}), async |op| agreements::current(op, true)).await?;
    let rows = versions.into_iter().map(|one| {
        let version = one.version;
        let renewed = version.renew_days.map_or_else(|| "never".to_owned(), |days| format!("{days} days"));
        let state = if one.current { "current" } else { "" };
        [
            version.kind.name().into(),
            version.version.to_string(),
            state.into(),
            Timestamp(version.dated).to_string(),
            renewed,
            version.title,
        ]
    });
    output::table(["KIND", "VERSION", "", "DATED", "RENEWED", "TITLE"], &rows.collect::<Vec<_>>());
    Ok(())
}

async fn acceptances(
    operator: &Operator,
    person: Option<String>,
    company: Option<String>,
    kind: Option<AgreementKind>,
) -> Result<(), Failure> {
    let arguments = json!({ "person": person, "company": company, "kind": kind });
    let work = async |op: &Op| {
        let party = match (&person, company) {
            (Some(who), _) => Some(Party::Person(find::person(op, who).await?.id)),
            (None, company) => company.map(Party::Company),
        };
        let wanted = Wanted { party, kind };
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = agreements::acceptances(op, &wanted, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.acceptance.id);
            rows.extend(page.into_iter().map(|row| {
                let how = match (&row.paper_sha256, row.attested_by) {
                    (None, _) => format!("typed {}", row.typed_name.unwrap_or_default()),
                    (Some(paper), by) => {
                        format!("paper {}, attested by {}", hex(paper), by.map_or("the operator".into(), |by| name(op, by)))
                    }
                };
                let what = AgreementVersion::item(row.acceptance.kind, row.acceptance.version);
                [row.acceptance.signed_at.to_string(), signer(op, row.party), what, row.acceptance.jurisdiction.unwrap_or_default(), how]
            }));
        }
        Ok(rows)
    };
    let rows = operator.act("agreement acceptances", arguments, work).await?;
    output::table(["SIGNED", "BY", "AGREEMENT", "WHERE", "HOW"], &rows);
    Ok(())
}

fn name(op: &Op, id: Id) -> String {
    op.snapshot.name(id).unwrap_or_default().to_owned()
}

fn signer(op: &Op, party: Party) -> String {
    match party {
        Party::Person(id) => name(op, id),
        Party::Company(company) => company,
    }
}

async fn standing(operator: &Operator, at: Option<Timestamp>) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let stands = agreements::standing(op, None, at).await?;
        let mut rows = Vec::new();
        for stands in stands {
            for Point { party, kind, accepted, until, .. } in stands.points {
                let version = accepted.map_or_else(|| "MISSING".to_owned(), |accepted| format!("version {}", accepted.version));
                let until = until.map(|until| until.to_string()).unwrap_or_default();
                rows.push([name(op, stands.account), signer(op, party), kind.name().to_owned(), version, until]);
            }
        }
        Ok(rows)
    };
    let rows = operator.act("agreement standing", json!({ "at": at.map(|at| at.to_string()) }), work).await?;
    output::table(["ACCOUNT", "SIGNED BY", "AGREEMENT", "ACCEPTED", "UNTIL"], &rows);
    Ok(())
}
