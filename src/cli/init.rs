//! `leadkeep init`.

use clap::Args;
use leadkeep::{app::setup, server, store::Store, system::SystemRandom};
use serde_json::json;

use super::{Exit, Failure, Global, operator::Operator, output, password};

const AFTER_HELP: &str = "\
The first admin bootstraps alone: add a second one soon, because nobody approves their own grants, and the evidence \
report says for how long there was only one.

Examples:
  leadkeep init --email ada@company.com                      makes a password and shows it once
  leadkeep init --email ada@company.com --password-stdin < file
  leadkeep init --email ada@company.com --database-url postgres://leadkeep@db/leadkeep";

const NEXT: &str = "
Next:
  leadkeep person add --name NAME --email ADDRESS                                           a second admin
  leadkeep grant add --to ADDRESS --role admin --reason 'Second admin' --approve
  leadkeep team add Sales                                                                   then people, grants, leads
  leadkeep agreement list                                                                   starter texts, for counsel
  leadkeep serve
docs/operations.md goes through it, up to the first rep who signs in.";

/// Makes keys and databases, puts in the policy that ships, and the first admin.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Init {
    /// The first admin's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Their name [default: Admin]
    #[arg(long, value_name = "NAME", default_value = "Admin", hide_default_value = true)]
    name: String,
    /// Read their password from the first line of standard input instead of making one
    #[arg(long)]
    password_stdin: bool,
}

impl Init {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let chosen = if self.password_stdin { Some(password::from_stdin()?) } else { None };
        let made = chosen.is_none();
        let password = chosen.unwrap_or_else(|| password::generate(&SystemRandom));
        let settings = global.settings(Vec::new())?;
        Store::migrate(&server::location(&settings)).await?;
        let admin = setup::FirstAdmin { name: self.name, email: self.email, password, own_password: !made };
        let arguments = json!({ "name": admin.name, "email": admin.email });
        let initialise = async |operator: &Operator| {
            operator.act("init", arguments, async |op| setup::initialise(op, &admin).await).await?;
            Ok(Exit::Done)
        };
        Operator::during(global, initialise).await?;
        output::line(format!("Made a new installation in {}.", settings.data.display()));
        output::line(format!("First admin: {}", admin.email));
        if made {
            output::line(format!("Password:    {}   (shown this once; to be changed at the first sign-in)", admin.password));
        }
        output::line(NEXT);
        Ok(Exit::Done)
    }
}
