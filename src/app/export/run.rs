//! The export, from the question to the sealed file.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    sync::Arc,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::SpooledTempFile;

use super::file;
use crate::{
    app::{
        Error, Op, canaries,
        leads::{LeadView, admit, note_grants, page_through},
        quota,
        seal::{self, Outcome},
    },
    audit::record::{Decision, EXPORT_FILE, EXPORTED, OperationKind},
    domain::{Field, FieldSet, LeadQuery, Order},
    policy::{Code, Declared, LeadScope, Permission, Refusal, purpose},
    store::StoreError,
};

/// Rows read together.
const PAGE: usize = 1_000;
/// Bytes kept in memory; what is longer waits in a file that has no name.
const IN_MEMORY: usize = 8 * 1024 * 1024;

/// What to take out and what for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Which leads; order, page and selection are not asked.
    pub query: LeadQuery,
    /// Which fields; all that the caller's windows show unless said otherwise.
    pub fields: Option<FieldSet>,
    /// Purpose: `CODE` or `CODE; text`; the operation's own unless given.
    pub purpose: Option<String>,
}

/// A file ready to leave: its record is durable.
#[derive(Debug)]
pub struct Exported {
    /// A name for it.
    pub file_name: String,
    /// How many leads it has.
    pub rows: u64,
    /// The join of the markings of what it discloses.
    pub banner: String,
    /// The first line, which names the receipt; `content` follows it.
    pub receipt: String,
    /// The rest, from its start. The record commits to its SHA-256.
    pub content: SpooledTempFile,
}

impl Exported {
    /// The whole file as text.
    pub fn text(&mut self) -> Result<String, Error> {
        let mut text = self.receipt.clone();
        self.content.read_to_string(&mut text).map_err(failed)?;
        Ok(text)
    }

    /// Writes the whole file.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.receipt.as_bytes())?;
        io::copy(&mut self.content, out)?;
        out.flush()
    }
}

/// Exports the leads that the caller's windows with `LEAD_EXPORT` open, as these show them. The file has a record of
/// its own, so that it can name its receipt; the operation that asked for it names the same leads.
pub async fn export(op: &Op, request: Request) -> Result<Exported, Error> {
    let purpose = declared(op, &request)?;
    let own = Op::open(Arc::clone(&op.core), op.subject, op.client.clone(), Some(purpose)).await?;
    let scope = own.rights.leads(Permission::LeadExport)?.with(Permission::LeadRead);
    if scope.windows().is_empty() {
        return Err(Refusal::forbidden("None of your roles opens a window onto leads to export.").into());
    }
    if own.snapshot.document.declared(own.purpose_code()) == Declared::Unknown {
        return Err(Refusal::new(Code::PurposeRequired, "There is no such purpose; `purposes` lists those that are registered.").into());
    }
    let shown: FieldSet = Field::ALL.iter().copied().filter(|field| scope.shown_in(*field) != 0).collect();
    let select = request.fields.unwrap_or(shown);
    if let Some(field) = select.minus(shown).iter().next() {
        return Err(Refusal::forbidden(format!("None of your windows shows the field {}.", field.name())).into());
    }
    note_grants(&own, &scope);
    let query =
        LeadQuery { order: Order { field: None, descending: false }, limit: PAGE, select, from: None, backward: false, ..request.query };
    let query = admit(&own, &scope, query)?;
    canaries::into_file(op, &own, &scope, &query).await?;
    let body = fill(op, &own, &scope, query).await?;
    quota::charge(&own, true).await?;
    let banner = own.trace().marking.banner(&own.snapshot.document.compartments);
    let rows = own.trace().rows;
    let head = head(&own, &banner, rows);
    let (content, digest) =
        tokio::task::spawn_blocking(move || join(&head, body)).await.map_err(|_| StoreError::Closed)?.map_err(failed)?;
    still_allowed(&own).await?;
    let outcome = Outcome {
        kind: if op.subject.operator { OperationKind::Command } else { OperationKind::Mutation },
        name: Some(EXPORT_FILE.into()),
        document: None,
        variables: Some(json!({ "request": op.request.to_string() }).to_string()),
        decision: Decision::Allowed,
        response: Some(digest),
        notice: true,
        duration: op.core.now().0.abs_diff(own.at.0),
    };
    let receipt = seal::seal(&own, outcome).await.map_err(|_| {
        Refusal::new(Code::AuditUnavailable, "The server cannot record what it would export, so it does not export; try again.")
    })?;
    repeat(op, &own);
    Ok(Exported { file_name: format!("leads-{}.csv", own.request), rows, banner, receipt: format!("# Receipt: {receipt}\r\n"), content })
}

/// Refuses what was allowed when the file was begun and no longer is: one that is still being made does not leave.
async fn still_allowed(own: &Op) -> Result<(), Error> {
    let core = &own.core;
    let snapshot = core.current.latest(&core.store, &*core.clock).await?;
    let rights = snapshot.rights(&own.subject, own.purpose_code(), core.now());
    let open = match own.subject.session {
        Some(session) => core.store.session(session).await?.is_some_and(|session| session.is_open(core.now())),
        None => true,
    };
    if !open {
        quota::refund(own);
        return Err(Refusal::new(Code::Unauthenticated, "The session has ended while the file was made.").into());
    }
    rights.leads(Permission::LeadExport).map(drop).map_err(|refusal| {
        quota::refund(own);
        refusal.into()
    })
}

fn declared(op: &Op, request: &Request) -> Result<(String, Option<String>), Refusal> {
    let given = request.purpose.as_deref().map(purpose::parse).transpose()?.or_else(|| op.purpose.clone());
    given.ok_or_else(|| Refusal::new(Code::PurposeRequired, "Say for what purpose you export; `purposes` lists those that are registered."))
}

/// The rows as CSV; refused before any is read if there are more than the quota.
async fn fill(op: &Op, own: &Op, scope: &LeadScope, mut query: LeadQuery) -> Result<SpooledTempFile, Error> {
    let (found, _) = op.core.store.lead_count(scope, &query, 0).await?;
    let quota = if own.subject.operator { None } else { quota::export_limit(own).await? };
    if let Some((quota, until)) = quota.filter(|(quota, _)| found > u64::from(*quota)) {
        let message = format!("That would be {found} leads; one export of yours may have {quota}. Narrow the filter.");
        return Err(Refusal::over_quota(message, until).into());
    }
    let mut body = SpooledTempFile::new(IN_MEMORY);
    body.write_all(file::header(query.select).as_bytes()).map_err(failed)?;
    let mut left = quota.map_or(u64::MAX, |(quota, _)| u64::from(quota));
    loop {
        query.limit = PAGE.min(usize::try_from(left).unwrap_or(PAGE));
        let (fields, names) = (query.select, Arc::clone(&own.snapshot));
        let render = move |text: &mut String, view: &LeadView<'_>| file::row(text, view, fields, &names);
        let (text, page) = page_through(own, scope, query.clone(), String::new(), render).await?;
        body.write_all(text.as_bytes()).map_err(failed)?;
        left = left.saturating_sub(page.ids.len() as u64);
        query.from = page.ids.last().copied();
        // Leads that were added meanwhile do not lift the quota.
        if !page.more || left == 0 {
            return Ok(body);
        }
    }
}

fn head(own: &Op, banner: &str, rows: u64) -> String {
    let who = match own.subject.actor() {
        Some(actor) => own.snapshot.name(actor).unwrap_or("unknown").to_owned(),
        None => "operator of the server".to_owned(),
    };
    let on_behalf = own.subject.app.and(own.subject.person).and_then(|person| own.snapshot.name(person));
    let who = on_behalf.map_or(who.clone(), |person| format!("{who} on behalf of {person}"));
    let purpose = own.purpose.as_ref().map(|(code, text)| text.as_ref().map_or(code.clone(), |text| format!("{code}; {text}")));
    let mut head = String::new();
    for (name, value) in [
        ("Confidentiality", banner),
        ("Notice", &own.snapshot.document.notice),
        ("Exported by", &who),
        ("Exported at", &own.at.to_string()),
        ("Purpose", &purpose.unwrap_or_default()),
        ("Request", &own.request.to_string()),
        ("Leads", &rows.to_string()),
    ] {
        head.extend(["# ", name, ": ", &file::one_line(value), "\r\n"]);
    }
    head
}

/// Head and body as one, with their SHA-256, at its start.
fn join(head: &str, mut body: SpooledTempFile) -> io::Result<(SpooledTempFile, crate::domain::Digest)> {
    let mut whole = SpooledTempFile::new(IN_MEMORY);
    let mut hash = Sha256::new_with_prefix(head);
    whole.write_all(head.as_bytes())?;
    body.seek(SeekFrom::Start(0))?;
    let mut block = vec![0; 64 * 1024];
    loop {
        let got = body.read(&mut block)?;
        if got == 0 {
            break;
        }
        hash.update(&block[..got]);
        whole.write_all(&block[..got])?;
    }
    whole.seek(SeekFrom::Start(0))?;
    Ok((whole, hash.finalize().into()))
}

/// Notes in the operation that asked what the file's own record says.
fn repeat(op: &Op, own: &Op) {
    let (own, mut trace) = (own.trace(), op.trace());
    for group in own.disclosures() {
        for lead in group.leads {
            trace.show(group.clear, group.masked, lead);
        }
    }
    trace.used.filter = trace.used.filter.union(own.used.filter);
    trace.used.search = trace.used.search.union(own.used.search);
    trace.grants.extend(&own.grants);
    trace.rows += own.rows;
    trace.charged.absorb(own.charged.clone());
    trace.marking = trace.marking.join(own.marking);
    trace.reasons.push(EXPORTED.into());
}

fn failed(error: io::Error) -> StoreError {
    StoreError::File("the export".into(), error)
}
