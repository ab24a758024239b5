//! Which access records are wanted.

use async_graphql::{Enum, ID, InputObject};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    marking::LevelName,
    scalar::{self, DateTime},
};
use crate::{
    app::{Op, access_log::LogFilter},
    audit::record,
    domain::Digest,
    policy::{Permission, Refusal},
};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "record::Decision")]
pub enum AccessDecision {
    /// It was answered.
    Allowed,
    /// The policy refused it, wholly or in part.
    Denied,
    /// It made no sense.
    Invalid,
    /// It failed on our side.
    Failed,
}

/// What kind of operation it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "record::OperationKind")]
pub enum OperationKind {
    /// A query.
    Query,
    /// A mutation.
    Mutation,
    /// Something on the authorization endpoints.
    Token,
    /// A command of the operator.
    Command,
    /// The document could not be read, so nobody knows.
    Unknown,
    /// A subscription: that it was opened, what it delivered (then `reasons` has `delivered`), why it ended.
    Subscription,
}

/// Which access records are wanted; all conditions given must hold.
#[derive(Debug, Default, InputObject)]
pub struct AccessLogFilter {
    /// Began at this moment or later.
    since: Option<DateTime>,
    /// Began before this moment. What was written more than an hour after it began, for what a crash had left behind, is found
    /// without this or with a later one.
    until: Option<DateTime>,
    /// Done by this person, or by an app on their behalf.
    person: Option<ID>,
    /// Done by this app.
    app: Option<ID>,
    /// Ended so.
    decision: Option<AccessDecision>,
    /// Has this error code, for example `FORBIDDEN`.
    code: Option<String>,
    /// Was of this kind.
    kind: Option<OperationKind>,
    /// Had this name: the operation's in the document, the grant type, the command.
    operation_name: Option<String>,
    /// Declared this purpose code.
    purpose: Option<String>,
    /// Disclosed or changed this lead.
    lead: Option<ID>,
    /// Came from this internet address.
    address: Option<String>,
    /// Belongs to this request.
    request: Option<ID>,
    /// Ran the document with this SHA-256, base64.
    document: Option<String>,
    /// Disclosed something at this level or above.
    level: Option<LevelName>,
    /// Disclosed something in each of these compartments.
    compartments: Option<Vec<String>>,
}

impl AccessLogFilter {
    pub(super) fn read(self, op: &Op) -> Result<LogFilter, Refusal> {
        // Which compartments there are is for nobody else.
        op.rights.permit(Permission::LogRead)?;
        let unknown = || Refusal::bad_input("There is no such compartment.");
        let id = |id: Option<ID>| id.as_ref().map(scalar::id).transpose();
        Ok(LogFilter {
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
            person: id(self.person)?,
            app: id(self.app)?,
            decision: self.decision.map(Into::into),
            code: self.code,
            kind: self.kind.map(Into::into),
            name: self.operation_name,
            purpose: self.purpose,
            lead: id(self.lead)?,
            ip: self.address,
            request: id(self.request)?,
            document: self.document.as_deref().map(digest).transpose()?,
            level: self.level.map(Into::into),
            compartments: op.snapshot.document.compartment_bits(&self.compartments.unwrap_or_default()).ok_or_else(unknown)?,
        })
    }
}

fn digest(text: &str) -> Result<Digest, Refusal> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Refusal::bad_input("`document` is no SHA-256 in base64."))
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum AccessLogOrder {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}
