//! `leadkeep contact-account`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        contact_accounts::{self, AcceptedPolicy, AccountEdit, ContactAccount as Account, ContactAccountFilter, NewAccount},
    },
    domain::{AccountKind, CredentialsHolder, Id, Platform},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
The register names accounts on platforms through which leads come to be known: whose they are, who answers for them, who can \
sign in to them. It has no place for a password, and refuses what looks like one. A personal profile is declared by its \
owner, signed in to the API (declareContactAccount); nobody is to be asked for it.

Examples:
  leadkeep contact-account add --platform linkedin --kind company-page \\
      --handle https://www.linkedin.com/company/acme --custodian rita@company.com --credentials company
  leadkeep contact-account list --overdue
  leadkeep contact-account confirm 0sa5ddmazzdqc
  leadkeep import Connections.csv --account 0sa5ddmazzdqc";

/// List, enter, confirm and retire the accounts through which leads come to be known
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ContactAccount {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List accounts
    List {
        /// Only those whose last confirmation is older than a year
        #[arg(long)]
        overdue: bool,
        /// Those out of use too
        #[arg(long)]
        retired: bool,
    },
    /// Enter an account of the company's
    Add {
        /// linkedin, x, facebook, email, other
        #[arg(long, value_parser = platform)]
        platform: Platform,
        /// company-page, company-seat, company-credentials
        #[arg(long, value_parser = kind)]
        kind: AccountKind,
        /// Its name or address on the platform
        #[arg(long)]
        handle: String,
        /// Who answers for it (e-mail address or id)
        #[arg(long, value_name = "WHO")]
        custodian: String,
        /// Who can sign in to it: company, custodian, both, nobody
        #[arg(long, value_parser = credentials)]
        credentials: CredentialsHolder,
        /// Name and version of the policy that the custodian has accepted for it
        #[arg(long)]
        policy: Option<String>,
    },
    /// Say that what the register has of an account is so; due every year
    Confirm {
        /// Its id
        id: Id,
    },
    /// Take an account out of use
    Retire {
        /// Its id
        id: Id,
    },
}

fn platform(name: &str) -> Result<Platform, String> {
    Platform::from_name(name).ok_or_else(|| "one of linkedin, x, facebook, email, other".into())
}

fn kind(name: &str) -> Result<AccountKind, String> {
    AccountKind::from_name(name).ok_or_else(|| "one of company-page, company-seat, company-credentials".into())
}

fn credentials(name: &str) -> Result<CredentialsHolder, String> {
    CredentialsHolder::from_name(name).ok_or_else(|| "one of company, custodian, both, nobody".into())
}

impl ContactAccount {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { overdue, retired } => list(operator, overdue, retired).await?,
            Command::Add { platform, kind, handle, custodian, credentials, policy } => {
                let work = async |op: &Op| {
                    let custodian = find::person(op, &custodian).await?.id;
                    let policy = AcceptedPolicy { at: policy.is_some().then_some(op.at), name: policy.clone() };
                    contact_accounts::add(op, NewAccount { platform, kind, handle: handle.clone(), custodian, credentials, policy }).await
                };
                // The handle is not told: it might have been a secret, and what is taken stands in the change.
                let arguments = json!({ "platform": platform.name(), "kind": kind.name(), "custodian": custodian });
                let added = operator.act("contact-account add", arguments, work).await?;
                output::line(format!("Entered {} ({}).", added.handle, added.facts.id));
            }
            Command::Confirm { id } => {
                let work = async |op: &Op| contact_accounts::confirm(op, id).await;
                let confirmed = operator.act("contact-account confirm", json!({ "id": id.to_string() }), work).await?;
                output::line(format!("Confirmed {}.", confirmed.handle));
            }
            Command::Retire { id } => {
                let edit = AccountEdit { retired: Some(true), ..AccountEdit::default() };
                let work = async |op: &Op| contact_accounts::change(op, id, None, edit.clone()).await;
                let retired = operator.act("contact-account retire", json!({ "id": id.to_string() }), work).await?;
                output::line(format!("{} is out of use.", retired.handle));
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator, overdue: bool, retired: bool) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let filter = ContactAccountFilter { retired, ..ContactAccountFilter::default() };
        let page = async |last: Option<&Account>| contact_accounts::list(op, filter, last.map(|last| last.facts.id), find::PAGE).await;
        let mut rows = Vec::new();
        for account in find::every(page).await?.into_iter().filter(|account| !overdue || account.facts.is_overdue(op.at)) {
            let facts = account.facts;
            let state = match (account.retired_at, facts.is_overdue(op.at)) {
                (Some(_), _) => "out of use",
                (None, true) => "to be confirmed",
                (None, false) => "",
            };
            let custodian = op.snapshot.name(facts.custodian).unwrap_or_default().to_owned();
            let [platform, kind, credentials] = [facts.platform.name(), facts.kind.name(), facts.credentials.name()].map(str::to_owned);
            rows.push([facts.id.to_string(), platform, kind, account.handle, custodian, credentials, state.to_owned()]);
        }
        Ok(rows)
    };
    let rows = operator.act("contact-account list", json!({ "overdue": overdue, "retired": retired }), work).await?;
    output::table(["ID", "PLATFORM", "KIND", "HANDLE", "CUSTODIAN", "SIGN-IN", ""], &rows);
    Ok(())
}
