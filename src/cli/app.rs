//! `leadkeep app`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::{
        Op,
        apps::{self, AppFilter, AppView, MadeSecret},
    },
    domain::Timestamp,
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
WHICH is a client id or an id. To rotate a secret: add the new one, put it to use, revoke the old one.

Examples:
  leadkeep app add --name Warehouse --responsible ada@company.com --client-id warehouse
  leadkeep grant add --to warehouse --role app-reader --reason 'Nightly figures'
  leadkeep app add-secret warehouse --expires 2027-01-31";

/// List, add and change apps (service accounts)
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct App {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List apps
    List {
        /// Only those whose name or client id contains this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only locked ones
        #[arg(long)]
        locked: bool,
    },
    /// Add an app and show its secret once
    Add {
        /// Its name
        #[arg(long)]
        name: String,
        /// E-mail address or id of the person who answers for it
        #[arg(long, value_name = "WHO")]
        responsible: String,
        /// What it names itself with; made up if left out
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
    },
    /// Change a name or who answers for it
    Change {
        /// Client id or id
        which: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// E-mail address or id of the person who answers for it
        #[arg(long, value_name = "WHO")]
        responsible: Option<String>,
    },
    /// Lock an app and end its sessions
    Lock {
        /// Client id or id
        which: String,
    },
    /// Unlock an app
    Unlock {
        /// Client id or id
        which: String,
    },
    /// List an app's secrets: their ids and times, never their text
    Secrets {
        /// Client id or id
        which: String,
    },
    /// Add a second secret and show it once
    AddSecret {
        /// Client id or id
        which: String,
        /// Until when it works [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = find::moment)]
        expires: Option<Timestamp>,
    },
    /// Take a secret away and end the app's sessions
    RevokeSecret {
        /// The secret's id, as `app secrets` shows it
        secret: String,
    },
}

impl App {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::List { search, locked } => list(operator, search, locked).await?,
            Command::Add { name, responsible, client_id } => {
                let arguments = json!({ "name": name, "responsible": responsible, "clientId": client_id });
                let add = async |op: &Op| {
                    let responsible = find::person(op, &responsible).await?.id;
                    apps::add(op, &name, responsible, client_id.as_deref()).await
                };
                let (app, made) = operator.act("app add", arguments, add).await?;
                output::line(format!("Added {} ({}).", app.name, app.id));
                output::line(format!("Client id:     {}", app.client_id.unwrap_or_default()));
                show_once(&made);
            }
            Command::Change { which, name, responsible } => {
                let arguments = json!({ "which": which, "name": name, "responsible": responsible });
                let change = async |op: &Op| {
                    let was = find::app(op, &which).await?;
                    let responsible = match &responsible {
                        Some(who) => Some(find::person(op, who).await?.id),
                        None => None,
                    };
                    apps::change(op, was.id, was.version, name.as_deref(), responsible).await
                };
                let changed = operator.act("app change", arguments, change).await?;
                output::line(format!("Changed {}: {}.", changed.id, changed.name));
            }
            Command::Lock { which } => set_locked(operator, &which, true).await?,
            Command::Unlock { which } => set_locked(operator, &which, false).await?,
            Command::Secrets { which } => {
                let work = async |op: &Op| apps::secrets(op, find::app(op, &which).await?.id).await;
                let secrets = operator.act("app secrets", json!({ "which": which }), work).await?;
                let rows = secrets.into_iter().map(|secret| {
                    let expires = secret.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
                    [secret.id.to_string(), secret.created_at.to_string(), expires]
                });
                output::table(["ID", "MADE", "EXPIRES"], &rows.collect::<Vec<_>>());
            }
            Command::AddSecret { which, expires } => {
                let arguments = json!({ "which": which, "expires": expires.map(|at| at.to_string()) });
                let work = async |op: &Op| apps::add_secret(op, find::app(op, &which).await?.id, expires).await;
                show_once(&operator.act("app add-secret", arguments, work).await?.value);
            }
            Command::RevokeSecret { secret } => {
                let id = secret.parse().map_err(|_| Failure::usage("a secret's id has 13 letters; see `app secrets`"))?;
                operator.act("app revoke-secret", json!({ "secret": secret }), async |op| apps::revoke_secret(op, id).await).await?;
                output::line(format!("Revoked {secret}; the app's sessions have ended."));
            }
        }
        Ok(Exit::Done)
    }
}

async fn list(operator: &Operator, search: Option<String>, locked: bool) -> Result<(), Failure> {
    let arguments = json!({ "search": search, "locked": locked });
    let filter = AppFilter { locked: locked.then_some(true), search };
    let all =
        async |op: &Op| find::every(async |last: Option<&AppView>| apps::list(op, &filter, last.map(|app| app.id), find::PAGE).await).await;
    let row = |app: AppView| {
        let locked = app.locked_at.map_or_else(String::new, |at| format!("locked {at}"));
        [app.id.to_string(), app.client_id.unwrap_or_default(), app.name, app.responsible.to_string(), locked]
    };
    let apps = operator.act("app list", arguments, all).await?;
    output::table(["ID", "CLIENT ID", "NAME", "RESPONSIBLE", ""], &apps.into_iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn set_locked(operator: &Operator, which: &str, lock: bool) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let app = find::app(op, which).await?.id;
        if lock { apps::lock(op, app).await } else { apps::unlock(op, app).await.map(|asked| asked.value) }
    };
    operator.act(if lock { "app lock" } else { "app unlock" }, json!({ "which": which }), work).await?;
    output::line(if lock { format!("Locked {which}; its sessions have ended.") } else { format!("Unlocked {which}.") });
    Ok(())
}

fn show_once(made: &MadeSecret) {
    output::line(format!("Client secret: {}   (shown this once; id {})", made.text, made.secret.id));
}
