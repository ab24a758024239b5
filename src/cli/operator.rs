//! The operator: whoever holds a shell on the server. Acts through the use cases of the API, and every act is recorded
//! before its result is shown.

use std::sync::Arc;

use leadkeep::{
    app::{self, Core, Op},
    config::Settings,
    domain::Subject,
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

/// Does something as `subject` from the command line, and hands its result out only once it is recorded.
pub(crate) async fn act_as<T>(
    core: &Arc<Core>,
    subject: Subject,
    command: &str,
    arguments: Value,
    work: impl AsyncFnOnce(&Op) -> Result<T, app::Error>,
) -> Result<T, Failure> {
    app::command::run(core, subject, command, arguments, work).await.map_err(|failed| match failed {
        app::command::Failed::Error(error) => error.into(),
        unrecorded @ app::command::Failed::Unrecorded { .. } => Failure::failed(unrecorded.to_string()),
    })
}
