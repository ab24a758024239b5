//! The command line: one file per command. Everything an operator changes goes through the use cases of the API and
//! into the ledger ([`operator`]).

mod agreement;
mod alarm;
mod app;
mod canary;
mod compartment;
mod config;
mod contact_account;
mod custody;
mod demo;
mod departure;
mod erase;
mod evidence;
mod exit;
mod export;
mod find;
mod grant;
mod hold;
mod import;
mod init;
mod keys;
mod ledger;
mod logging;
mod migrate;
mod operator;
mod output;
mod password;
mod person;
mod proposal;
mod purpose;
mod quota;
mod reindex;
mod review;
mod role;
mod schema;
mod serve;
mod settings;
mod team;
mod trace;
mod who_could_see;
mod witness;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};
use operator::Operator;
use settings::Global;

const AFTER_HELP: &str = "\
Start here:
  leadkeep demo                          a server with invented data, ready to try
  leadkeep init --email you@company.com  a new installation with its first admin
  leadkeep serve                         serves it on http://127.0.0.1:8080

Exit codes:
  0  done
  1  failed; the message says why
  2  wrong usage, or a setting that makes no sense
  3  `ledger verify` found a record that is wrong; `ledger check-receipt` one that was left out
  4  refused: unknown, already there, or against the policy; nothing was changed
  5  `import` took the sound rows and rejected others

Settings come from --config FILE (TOML), then LEADKEEP_* in the environment, then flags; `leadkeep config check` shows them.";

/// Keeps a company's lead list as a trade secret: one gate, marked answers, a durable record of every read.
#[derive(Debug, Parser)]
#[command(name = "leadkeep", version, after_help = AFTER_HELP, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    /// Serve the GraphQL API until told to stop (SIGTERM, Ctrl-C)
    Serve(serve::Serve),
    /// Bring the databases to the schema of this version; make them if they are missing
    Migrate(migrate::Migrate),
    Import(import::Import),
    Export(export::Export),
    Person(person::Person),
    App(app::App),
    Team(team::Team),
    Compartment(compartment::Compartment),
    Role(role::Role),
    Grant(grant::Grant),
    Proposal(proposal::Proposal),
    ContactAccount(contact_account::ContactAccount),
    Custody(custody::Custody),
    Canary(canary::Canary),
    Trace(trace::Trace),
    Purpose(purpose::Purpose),
    Quota(quota::Quota),
    Alarm(alarm::Alarm),
    Departure(departure::Departure),
    Review(review::Review),
    WhoCouldSee(who_could_see::WhoCouldSee),
    Evidence(evidence::Evidence),
    Hold(hold::Hold),
    Erase(erase::Erase),
    Agreement(agreement::Agreement),
    Keys(keys::Keys),
    /// Print the GraphQL schema (SDL)
    Schema(schema::Print),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Check the access log, or print the key it is signed with
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    Witness(witness::Witness),
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version go to standard output and are no failure; if even that cannot be written, nobody reads.
            let _ = usage.print();
            return if usage.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    match execute(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::error(&failure.message);
            failure.exit.into()
        }
    }
}

fn execute(cli: Cli) -> Result<Exit, Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Schema(schema::Print {}) => {
            output::line(leadkeep::graphql::sdl().trim_end());
            Ok(Exit::Done)
        }
        Command::Config(config) => config.run(&global),
        Command::Ledger(ledger) => in_runtime(ledger.run(&global)),
        Command::Demo(demo) => in_runtime(demo.run(&global)),
        Command::Init(init) => in_runtime(init.run(&global)),
        Command::Import(import) => in_runtime(Operator::during(&global, async |operator| import.run(operator).await)),
        Command::Export(export) => in_runtime(Operator::during(&global, async |operator| export.run(operator).await)),
        Command::Person(person) => in_runtime(Operator::during(&global, async |operator| person.run(operator).await)),
        Command::App(app) => in_runtime(Operator::during(&global, async |operator| app.run(operator).await)),
        Command::Team(team) => in_runtime(Operator::during(&global, async |operator| team.run(operator).await)),
        Command::Compartment(compartment) => in_runtime(Operator::during(&global, async |operator| compartment.run(operator).await)),
        Command::Role(role) => in_runtime(Operator::during(&global, async |operator| role.run(operator).await)),
        Command::Grant(grant) => in_runtime(Operator::during(&global, async |operator| grant.run(operator).await)),
        Command::Proposal(proposal) => in_runtime(Operator::during(&global, async |operator| proposal.run(operator).await)),
        Command::ContactAccount(account) => in_runtime(Operator::during(&global, async |operator| account.run(operator).await)),
        Command::Custody(custody) => in_runtime(Operator::during(&global, async |operator| custody.run(operator).await)),
        Command::Departure(departure) => in_runtime(Operator::during(&global, async |operator| departure.run(operator).await)),
        Command::Canary(canary) => in_runtime(Operator::during(&global, async |operator| canary.run(operator).await)),
        Command::Trace(trace) => in_runtime(Operator::during(&global, async |operator| trace.run(operator).await)),
        Command::Purpose(purpose) => in_runtime(Operator::during(&global, async |operator| purpose.run(operator).await)),
        Command::Quota(quota) => in_runtime(Operator::during(&global, async |operator| quota.run(operator).await)),
        Command::Alarm(alarm) => in_runtime(Operator::during(&global, async |operator| alarm.run(operator).await)),
        Command::WhoCouldSee(asked) => in_runtime(Operator::during(&global, async |operator| asked.run(operator).await)),
        Command::Review(review) => in_runtime(Operator::during(&global, async |operator| review.run(operator).await)),
        Command::Evidence(evidence) => in_runtime(Operator::during(&global, async |operator| evidence.run(operator).await)),
        Command::Hold(hold) => in_runtime(Operator::during(&global, async |operator| hold.run(operator).await)),
        Command::Erase(erase) => in_runtime(Operator::during(&global, async |operator| erase.run(operator).await)),
        Command::Agreement(agreement) => in_runtime(Operator::during(&global, async |operator| agreement.run(operator).await)),
        Command::Keys(keys) => in_runtime(Operator::during(&global, async |operator| keys.run(operator).await)),
        Command::Serve(serve) => in_runtime(serve.run(&global)),
        Command::Migrate(migrate) => in_runtime(migrate.run(&global)),
        Command::Witness(witness) => in_runtime(witness.run(&global)),
    }
}

fn in_runtime(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("no threads: {error}")))?;
    runtime.block_on(work)
}
