//! An access record as an auditor reads it.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    access_log_filter::{AccessDecision, OperationKind},
    access_record_context::AccessRecordContext,
    agreement::AccessAgreement,
    error::{Outward, op},
    scalar::{DateTime, opaque},
};
use crate::{
    app::{
        Op,
        access_log::{self, Logged},
    },
    audit::record,
    domain::{Digest, Field, FieldSet, Id, Subject, SubjectKind},
};

/// One operation as the ledger keeps it: who did what, for what purpose, how it was decided and what was disclosed.
pub struct AccessRecord(pub(super) Logged);

/// Who acted.
#[derive(Clone, SimpleObject)]
pub struct AccessSubject {
    /// `PERSON`, `APP`, `OPERATOR` (the command line on the server) or `ANONYMOUS`.
    kind: &'static str,
    /// The person, or the person the app acted for.
    person: Option<AccessAccount>,
    /// The app.
    app: Option<AccessAccount>,
    /// The session.
    session: Option<ID>,
}

/// A person or an app.
#[derive(Clone, SimpleObject)]
pub struct AccessAccount {
    /// Its id.
    id: ID,
    /// The name it has now; null once it is gone.
    name: Option<String>,
}

impl AccessSubject {
    /// With the names of now.
    pub(super) fn of(op: &Op, subject: Subject) -> Self {
        let account = |id: Id| AccessAccount { id: opaque(id), name: op.snapshot.name(id).map(str::to_owned) };
        Self {
            kind: kind(subject.kind()),
            person: subject.person.map(account),
            app: subject.app.map(account),
            session: subject.session.map(opaque),
        }
    }
}

/// Leads that were shown with the same fields.
#[derive(SimpleObject)]
pub struct Disclosure {
    /// The leads, by their ids.
    leads: Vec<ID>,
    /// Names of the fields shown as they are.
    clear: Vec<&'static str>,
    /// Names of the fields shown masked.
    masked: Vec<&'static str>,
}

/// Names of the lead fields that decided which rows came, in which order or group.
#[derive(SimpleObject)]
pub struct FieldsUsed {
    /// In filters.
    filter: Vec<&'static str>,
    /// In sorts.
    sort: Vec<&'static str>,
    /// In the full-text search.
    search: Vec<&'static str>,
    /// In groupings.
    group: Vec<&'static str>,
}

/// Something an operation changed.
#[derive(SimpleObject)]
pub struct ChangedItem {
    /// What kind of thing: `lead`, `grant`, `session`, …
    kind: String,
    /// Its id or name.
    item: String,
}

/// Before and after of something an operation changed.
#[derive(SimpleObject)]
pub struct ChangeDetail {
    /// What kind of thing.
    kind: String,
    /// Its id or name.
    item: String,
    /// Names of the fields that differ.
    fields: Vec<String>,
    /// What it was, as JSON. Null for leads: an auditor has no window onto them.
    before: Option<String>,
    /// What it is since, as JSON. Null for leads.
    after: Option<String>,
}

/// Where a record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RecordSource {
    /// In the database.
    Database,
    /// In the archive: it has left the database.
    Archive,
}

#[Object]
impl AccessRecord {
    /// Where it was read. What comes from the archive is compared with the tree first.
    async fn source(&self) -> RecordSource {
        if self.0.archived { RecordSource::Archive } else { RecordSource::Database }
    }

    /// Its place in the tree, from 0.
    async fn index(&self) -> u64 {
        self.0.index
    }

    /// The hash chain it stands in: one of a server process.
    async fn epoch(&self) -> ID {
        opaque(self.0.entry.epoch)
    }

    /// Its place in the epoch, from 0.
    async fn rseq(&self) -> u64 {
        self.0.entry.rseq
    }

    /// Hash of its leaf (RFC 6962), base64: the one that the receipt of the answer names.
    async fn leaf_hash(&self) -> String {
        base64(&self.0.leaf)
    }

    /// Hash of the leaf before it in the epoch, base64.
    async fn previous_leaf_hash(&self) -> String {
        base64(&self.0.entry.previous)
    }

    /// What belongs to it: the policy it was decided by, its receipt, the records around it.
    async fn context(&self) -> AccessRecordContext {
        AccessRecordContext(self.0.clone())
    }

    /// Which part of a record this is, from 1; a record too large for one entry has several.
    async fn part(&self) -> u64 {
        self.0.entry.part
    }

    /// How many parts the record has.
    async fn parts(&self) -> u64 {
        self.0.entry.parts
    }

    /// The request; also in the server's logs.
    async fn request(&self) -> ID {
        opaque(self.record().request)
    }

    /// When it began.
    async fn at(&self) -> DateTime {
        DateTime(self.record().at)
    }

    /// Who acted.
    async fn subject(&self, ctx: &Context<'_>) -> AccessSubject {
        AccessSubject::of(op(ctx), self.record().subject)
    }

    /// The internet address it came from; null for the command line.
    async fn address(&self) -> Option<&str> {
        self.record().client.ip.as_deref()
    }

    /// The program it came from, as that told.
    async fn user_agent(&self) -> Option<&str> {
        self.record().client.user_agent.as_deref()
    }

    /// The agreements in force by which leads were looked at.
    async fn agreements(&self) -> Vec<AccessAgreement> {
        self.record().agreements.iter().map(AccessAgreement::from).collect()
    }

    /// Whether the reminder of confidentiality went out with the answer.
    async fn reminder(&self) -> bool {
        self.record().reminder
    }

    /// The purpose code that was declared.
    async fn purpose(&self) -> Option<&str> {
        self.record().purpose.as_deref()
    }

    /// Number of the policy revision that decided.
    async fn policy_revision(&self) -> i64 {
        self.record().policy_revision
    }

    /// SHA-256 of that revision, base64.
    async fn policy_sha256(&self) -> String {
        base64(&self.record().policy_sha256)
    }

    /// What kind of operation it was.
    async fn kind(&self) -> OperationKind {
        self.record().operation.kind.into()
    }

    /// Its name in the document, the grant type, or the command.
    async fn operation_name(&self) -> Option<&str> {
        self.record().operation.name.as_deref()
    }

    /// SHA-256 of the document, base64.
    async fn document_sha256(&self) -> Option<String> {
        self.record().operation.document.as_ref().map(base64)
    }

    /// The document, with its literals hidden (ids stay); null if there was none, it could not be read or was erased.
    async fn document(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let op = op(ctx);
        access_log::document(op, self.record()).await.outward(op)
    }

    /// The commitment to what can be erased: the variables and the hash of the answer; base64.
    async fn detail_commitment(&self) -> Option<String> {
        self.record().detail.as_ref().map(base64)
    }

    /// The variables as JSON, with their values hidden (ids stay); null if there were none or they were erased.
    async fn variables(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let op = op(ctx);
        Ok(access_log::beside(op, &self.0).await.outward(op)?.variables)
    }

    /// What the caller said of the purpose besides its code; null if nothing or it was erased.
    async fn purpose_text(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let op = op(ctx);
        Ok(access_log::beside(op, &self.0).await.outward(op)?.purpose_text)
    }

    /// How it ended.
    async fn decision(&self) -> AccessDecision {
        self.record().decision.into()
    }

    /// The code of the first error.
    async fn code(&self) -> Option<&str> {
        self.record().code.map(crate::policy::Code::name)
    }

    /// Short reasons and notable events.
    async fn reasons(&self) -> &[String] {
        &self.record().reasons
    }

    /// The grants whose windows were used.
    async fn grants(&self) -> Vec<ID> {
        self.record().grants.iter().copied().map(opaque).collect()
    }

    /// Which leads were shown with which fields.
    async fn disclosures(&self) -> Vec<Disclosure> {
        let group = |shown: &record::Disclosure| Disclosure {
            leads: shown.leads.iter().copied().map(opaque).collect(),
            clear: names(shown.clear),
            masked: names(shown.masked),
        };
        self.record().disclosures.iter().map(group).collect()
    }

    /// Fields that decided without being shown.
    async fn used(&self) -> FieldsUsed {
        let used = self.record().used;
        FieldsUsed { filter: names(used.filter), sort: names(used.sort), search: names(used.search), group: names(used.group) }
    }

    /// What was changed.
    async fn changed(&self) -> Vec<ChangedItem> {
        let item = |changed: &record::Changed| ChangedItem { kind: changed.kind.clone(), item: changed.item.clone() };
        self.record().changed.iter().map(item).collect()
    }

    /// Before and after of the changes of the whole request, at most 500; empty once they were erased.
    async fn changes(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<ChangeDetail>>> {
        let op = op(ctx);
        let detail = |change: access_log::ChangeShown| ChangeDetail {
            kind: change.kind,
            item: change.item,
            fields: change.fields,
            before: change.before,
            after: change.after,
        };
        Ok(Some(access_log::changes(op, self.record()).await.outward(op)?.into_iter().map(detail).collect()))
    }

    /// Rows answered: leads, groups, records of the log.
    async fn rows(&self) -> u64 {
        self.record().rows
    }

    /// Banner of the highest marking disclosed, for example `TRADE SECRET//EMEA`.
    async fn banner(&self, ctx: &Context<'_>) -> String {
        self.record().marking.banner(&op(ctx).snapshot.document.compartments)
    }

    /// Whether the notice went out with the answer.
    async fn notice(&self) -> bool {
        self.record().notice
    }

    /// From the first byte read to the record being handed over, in microseconds.
    async fn duration_micros(&self) -> u64 {
        self.record().duration
    }
}

impl AccessRecord {
    fn record(&self) -> &record::AccessRecord {
        &self.0.entry.record
    }
}

const fn kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Person => "PERSON",
        SubjectKind::App => "APP",
        SubjectKind::Operator => "OPERATOR",
        SubjectKind::Anonymous => "ANONYMOUS",
    }
}

pub(super) fn names(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(Field::name).collect()
}

pub(super) fn base64(digest: &Digest) -> String {
    STANDARD.encode(digest)
}
