//! The record of a token request.

use std::time::Duration;

use super::{form::Form, reply::Problem};
use crate::{
    app::{
        Op,
        seal::{self, Outcome},
    },
    audit::record::{Decision, OperationKind},
    domain::{Digest, Timestamp},
    http::Gate,
    ledger::Receipt,
};

/// Records a request under `name`; `problem` is what was answered instead of what was asked for. An error is what must be
/// answered instead of either.
pub(super) async fn record(
    gate: &Gate,
    op: &Op,
    began: Timestamp,
    name: &str,
    form: &Form,
    problem: Option<&Problem>,
    response: Digest,
) -> Result<Receipt, Problem> {
    let decision = problem.map_or(Decision::Allowed, |problem| problem.decision);
    if let Some(problem) = problem {
        let mut trace = op.trace();
        trace.code.get_or_insert(problem.code);
        trace.reasons.extend(problem.reason.map(String::from));
    }
    if problem.is_some_and(Problem::is_throttled) {
        gate.metrics.throttled();
    }
    let duration = gate.core.now().0.saturating_sub(began.0).max(0) as u64;
    let outcome = Outcome {
        kind: OperationKind::Token,
        name: Some(name.to_owned()),
        document: None,
        variables: Some(form.recorded()),
        decision,
        response: Some(response),
        notice: false,
        duration,
    };
    let receipt = seal::seal(op, outcome).await.map_err(|cause| {
        tracing::error!(request = %op.request, %cause, "a token was withheld");
        gate.metrics.unrecorded();
        Problem::unrecorded()
    })?;
    gate.metrics.ended(OperationKind::Token, decision, Duration::from_micros(duration));
    Ok(receipt)
}
