//! Commands: what is done without a request, by the operator or by an account that the command line speaks for.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Core, Error, Op,
    seal::{self, Outcome},
};
use crate::{
    audit::{
        Unrecorded,
        record::{Decision, OperationKind},
    },
    domain::{Client, Subject},
    policy::Code,
};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It was refused, or failed.
    #[error(transparent)]
    Error(#[from] Error),
    /// It could not be recorded, so its result is not handed out.
    #[error("the access record could not be written: {cause}.{}", if *.changed { CHANGED } else { "" })]
    Unrecorded {
        /// Why.
        cause: Unrecorded,
        /// Whether it has changed something.
        changed: bool,
    },
}

const CHANGED: &str = " What it changed stands, and is recorded when the next command or server starts.";

/// Does something as `subject`: opens the operation, runs the use case, and hands its result out only once the record is durable.
/// `command` and `arguments` go into the record, so neither may hold a secret.
pub async fn run<T>(
    core: &Arc<Core>,
    subject: Subject,
    command: &str,
    arguments: Value,
    work: impl AsyncFnOnce(&Op) -> Result<T, Error>,
) -> Result<T, Failed> {
    let client = Client { ip: None, user_agent: Some(concat!("leadkeep/", env!("CARGO_PKG_VERSION")).into()) };
    let op = Op::open(Arc::clone(core), subject, client, None).await.map_err(Error::from)?;
    let result = work(&op).await;
    if let Err(error) = &result {
        op.trace().code.get_or_insert(error.code());
    }
    let outcome = Outcome {
        kind: OperationKind::Command,
        name: Some(command.to_owned()),
        document: None,
        variables: Some(arguments.to_string()),
        decision: result.as_ref().map_or_else(|error| decision(error.code()), |_| Decision::Allowed),
        response: None,
        notice: false,
        duration: core.now().0.abs_diff(op.at.0),
    };
    if let Err(cause) = seal::seal(&op, outcome).await {
        return Err(Failed::Unrecorded { cause, changed: !op.trace().outbox.is_empty() });
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
