//! Commands: what is done without a request, by the operator, by an account that the command line speaks for, or by the server
//! itself.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Core, Error, Op,
    seal::{self, Outcome},
};
use crate::{
    audit::{Unrecorded, record::Decision},
    domain::{Client, Subject},
    policy::{Code, Permission, Permit},
    store::StoreError,
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
    let op = Op::open(Arc::clone(core), subject, Client::own(), None).await.map_err(Error::from)?;
    let result = work(&op).await;
    if let Err(error) = &result {
        op.trace().code.get_or_insert(error.code());
    }
    let decision = result.as_ref().map_or_else(|error| decision(error.code()), |_| Decision::Allowed);
    if let Err(cause) = record(&op, command, Some(&arguments), decision).await {
        return Err(Failed::Unrecorded { cause, changed: !op.trace().outbox.is_empty() });
    }
    Ok(result?)
}

/// An operation of the server's own, which nobody asked for.
pub(super) async fn own(core: &Arc<Core>) -> Result<Op, Error> {
    Ok(Op::open(Arc::clone(core), Subject::OPERATOR, Client::own(), None).await?)
}

/// What the server may do on its own account.
pub(super) async fn own_permit(core: &Core, permission: Permission) -> Result<Permit, StoreError> {
    let snapshot = core.current.fresh(&core.store, &*core.clock).await?;
    let permit = snapshot.rights(&Subject::OPERATOR, None, core.now()).permit(permission);
    permit.map_err(|refusal| StoreError::Corrupt(refusal.message.into_owned()))
}

/// Seals the record of a command. What it has committed is recorded from the outbox if not now.
pub(super) async fn record(op: &Op, command: &str, arguments: Option<&Value>, decision: Decision) -> Result<(), Unrecorded> {
    let outcome = Outcome { variables: arguments.map(Value::to_string), decision, ..Outcome::of_command(op, command) };
    seal::seal(op, outcome).await.map(drop)
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
