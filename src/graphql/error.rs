//! From a use case's failure to a GraphQL error: outward short, inward exact.

use std::sync::Arc;

use async_graphql::{ContextBase, ErrorExtensions, Value, value};

use crate::{
    app::{Error, Op, agreements},
    policy::{Code, Party, Point},
};

/// The operation this field is resolved in. The HTTP layer puts one into every request.
///
/// # Panics
/// If it did not, which is a fault of the composition.
#[allow(clippy::expect_used, reason = "a request without an operation is a fault of the composition, not of the caller")]
pub fn op<'c, T>(ctx: &ContextBase<'c, T>) -> &'c Arc<Op> {
    ctx.data_opt::<Arc<Op>>().expect("every request carries its operation")
}

/// Turns a failure into a GraphQL error with its code, notes it in the trace and, if it is a fault of ours, in the log.
pub fn outward(op: &Op, error: &Error) -> async_graphql::Error {
    let code = error.code();
    op.trace().code.get_or_insert(code);
    if error.is_busy() {
        op.trace().reasons.push("busy".into());
    } else if !matches!(error, Error::Refused(_)) {
        tracing::error!(request = %op.request, cause = %error, "operation failed");
    }
    async_graphql::Error::new(error.outward()).extend_with(|_, extensions| {
        extensions.set("code", code.name());
        if let Some(resets_at) = error.resets_at() {
            extensions.set("resetsAt", resets_at.to_string());
        }
        if code == Code::AgreementRequired {
            extensions.set("agreements", missing(op));
        }
    })
}

/// What the caller has to accept, for clients to read: kind and version, and the other company if that has to sign.
fn missing(op: &Op) -> Value {
    let item = |point: Point| {
        let company = match point.party {
            Party::Company(name) => Value::from(name),
            Party::Person(_) => Value::Null,
        };
        value!({ "kind": point.kind.name(), "version": point.version, "company": company })
    };
    Value::List(agreements::missing(op).into_iter().map(item).collect())
}

/// Shortens `use_case.await.map_err(|error| outward(op, &error))`.
pub trait Outward<T> {
    /// The value, or the error as callers see it.
    fn outward(self, op: &Op) -> async_graphql::Result<T>;
}

impl<T, E: Into<Error>> Outward<T> for Result<T, E> {
    fn outward(self, op: &Op) -> async_graphql::Result<T> {
        self.map_err(|error| outward(op, &error.into()))
    }
}
