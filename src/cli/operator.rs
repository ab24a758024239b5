//! The operator: whoever holds a shell on the server. Acts through the use cases of the API, and every act is recorded
//! before its result is shown.

use std::sync::Arc;

use leadkeep::{
    app::{self, Core, Op, seal},
    audit::record::{Decision, OperationKind},
    config::Settings,
    domain::{Client, Subject},
    policy::Code,
    server,
    system::{SystemClock, SystemRandom},
};
use serde_json::Value;

use super::{Exit, Failure, Global, logging};

/// The inside of this run, open on the same databases as any server.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) core: Arc<Core>,
    pub(crate) settings: Settings,
}

impl Operator {
    /// Runs a command with the databases that the settings name; not while nothing can be recorded.
    pub(crate) async fn during(global: &Global, work: impl AsyncFnOnce(&Self) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
        let checked = async |operator: &Self| match operator.core.recorder.halted() {
            Some(breach) => Err(Failure::failed(format!(
                "nothing can be recorded, so nothing was done: {}. `leadkeep ledger status` tells more, `leadkeep ledger acknowledge` goes on",
                breach.told()
            ))),
            None => work(operator).await,
        };
        Self::whatever_was_found(global, checked).await
    }

    /// The same while the ledger is not the one that was seen before, too.
    pub(crate) async fn whatever_was_found(
        global: &Global,
        work: impl AsyncFnOnce(&Self) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let mut settings = global.settings(Vec::new())?;
        logging::only_warnings(&mut settings.log);
        logging::start(&settings.log)?;
        let core = server::build_core(&settings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
        let operator = Self { core, settings };
        let result = work(&operator).await;
        operator.core.recorder.stop().await;
        result
    }

    /// Does something as the operator. `command` and `arguments` go into the record, so neither may hold a secret.
    pub(crate) async fn act<T>(
        &self,
        command: &str,
        arguments: Value,
        work: impl AsyncFnOnce(&Op) -> Result<T, app::Error>,
    ) -> Result<T, Failure> {
        act_as(&self.core, Subject::OPERATOR, command, arguments, work).await
    }
}

/// Does something as `subject` from the command line: opens the operation, runs the use case, and hands its result out
/// only once the record is durable.
pub(crate) async fn act_as<T>(
    core: &Arc<Core>,
    subject: Subject,
    command: &str,
    arguments: Value,
    work: impl AsyncFnOnce(&Op) -> Result<T, app::Error>,
) -> Result<T, Failure> {
    let client = Client { ip: None, user_agent: Some(concat!("leadkeep/", env!("CARGO_PKG_VERSION")).into()) };
    let op = Op::open(Arc::clone(core), subject, client, None).await?;
    let result = work(&op).await;
    if let Err(error) = &result {
        op.trace().code.get_or_insert(error.code());
    }
    let outcome = seal::Outcome {
        kind: OperationKind::Command,
        name: Some(command.to_owned()),
        document: None,
        variables: Some(arguments.to_string()),
        decision: result.as_ref().map_or_else(|error| decision(error.code()), |_| Decision::Allowed),
        response: None,
        notice: false,
        duration: core.now().0.abs_diff(op.at.0),
    };
    if let Err(unrecorded) = seal::seal(&op, outcome).await {
        let outbox = !op.trace().outbox.is_empty();
        let changed = if outbox { " What it changed stands, and is recorded when the next command or server starts." } else { "" };
        return Err(Failure::failed(format!("the access record could not be written: {unrecorded}.{changed}")));
    }
    Ok(result?)
}

const fn decision(code: Code) -> Decision {
    match code {
        Code::Internal | Code::AuditUnavailable | Code::DiskFull => Decision::Failed,
        Code::Unauthenticated
        | Code::Forbidden
        | Code::AgreementRequired
        | Code::PurposeRequired
        | Code::QuotaExceeded
        | Code::NotFound => Decision::Denied,
        Code::BadUserInput | Code::Conflict | Code::TooComplex => Decision::Invalid,
    }
}
