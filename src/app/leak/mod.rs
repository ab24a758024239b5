//! Tracing a list that was found outside: who stands in it, who was shown these people, and which source explains it best.
//!
//! What was found is a secret: it is read and forgotten. The record keeps its SHA-256, and that of the result.

mod people;
mod showings;

use std::{
    fs::File,
    io::{self, Read},
};

use encoding_rs::{UTF_16BE, UTF_16LE};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Core, Error, Op,
    canaries::{self, CanaryView},
};
use crate::{
    domain::{Digest, Id, Subject, Timestamp, normal::DEFAULT_REGION},
    import::{Encoding, encoding},
    policy::{Permission, Refusal},
    store::{Change, StoreError},
    trap::{self, Observed, Row},
};

/// Candidates that are answered at most, the most probable first.
const CANDIDATES: usize = 50;

/// Where a list may come from: what somebody was shown on screen, or one exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The person.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The operator, on the command line.
    pub operator: bool,
    /// The request of the exported file; `None` is everything that was answered otherwise.
    pub export: Option<Id>,
}

/// A record that showed some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Showing {
    /// Its place in the tree.
    pub index: u64,
    /// Its epoch.
    pub epoch: Id,
    /// Its number there.
    pub rseq: u64,
    /// Hash of its leaf.
    pub leaf: Digest,
    /// When the operation began.
    pub at: Timestamp,
    /// How many of the people of the list it showed.
    pub people: u64,
}

/// A possible source with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Which.
    pub origin: Origin,
    /// How probable it is that it is the main source, 0 to 1.
    pub probability: f64,
    /// How many of the people of the list it was shown, with what the list says of them in clear.
    pub shown: u64,
    /// How many of them are canaries.
    pub canaries: u64,
    /// How many leads it was shown in all.
    pub size: u64,
    /// How many records showed some of them.
    pub records: u64,
    /// Those that showed most.
    pub showings: Vec<Showing>,
}

/// A source that, with others perhaps, explains the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Blamed {
    /// The source.
    pub origin: Origin,
    /// How probable it is that what it alone explains comes from it, 0 to 1.
    pub probability: f64,
    /// How many of the people it explains.
    pub explains: u64,
    /// How many of them are canaries.
    pub canaries: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// Lines or cards that say something of people.
    pub rows: u64,
    /// How many different people of the list stand in it.
    pub identified: u64,
    /// How many of them were looked up in the access log.
    pub looked_up: u64,
    /// Whether every record that showed them was looked at.
    pub complete: bool,
    /// The canaries that stand in it.
    pub canaries: Vec<CanaryView>,
    /// Possible sources, the most probable first.
    pub suspects: Vec<Suspect>,
    /// How probable it is that none is the source; with the probabilities of all possible sources this adds up to 1.
    pub unknown: f64,
    /// The sources that together explain the list, the first first.
    pub sources: Vec<Blamed>,
}

/// Whether this subject may trace anything now: to be asked before their files are taken in.
pub async fn may_trace(core: &Core, subject: &Subject) -> bool {
    // Where the policy cannot be read, the operation itself says so.
    let snapshot = core.current.fresh(&core.store, &*core.clock).await;
    snapshot.is_ok_and(|snapshot| snapshot.rights(subject, None, core.now()).permit(Permission::TrapKeep).is_ok())
}

/// Traces a file. Needs `TRAP_KEEP`.
pub async fn trace(op: &Op, file: File) -> Result<Trace, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    let limit = op.core.trap.settings.trace_bytes;
    let read = tokio::task::spawn_blocking(move || read(file, limit)).await.map_err(|_| StoreError::Closed)?;
    let (sha256, rows) = read?;
    let people = people::identify(op, permit, &rows).await?;
    let looked_up: Vec<_> = people::spread(&people, op.core.trap.settings.trace_leads);
    let found = showings::find(op, permit, &looked_up).await?;
    let all = op.core.store.every_lead(permit).await?;
    let observed: Vec<Observed> = looked_up.iter().map(|person| Observed { canary: person.canary.is_some() }).collect();
    let candidates: Vec<trap::Candidate> = found.sources.iter().map(|source| source.candidate.clone()).collect();
    let verdict = trap::judge(&observed, &candidates, all);
    let canaries = people.iter().filter_map(|person| person.canary).collect();
    let sources = verdict.sources.iter().map(|source| Blamed {
        origin: found.sources[source.candidate].origin,
        probability: source.probability,
        explains: source.explains as u64,
        canaries: source.canaries as u64,
    });
    let sources: Vec<Blamed> = sources.collect();
    let suspect = |(source, probability): (showings::Source, f64)| Suspect {
        origin: source.origin,
        probability,
        shown: source.candidate.shown.len() as u64,
        canaries: source.candidate.shown.iter().filter(|at| observed[**at].canary).count() as u64,
        size: source.candidate.size,
        records: source.records,
        showings: source.showings,
    };
    let mut suspects: Vec<Suspect> = found.sources.into_iter().zip(verdict.probabilities).map(suspect).collect();
    suspects.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    suspects.truncate(CANDIDATES);
    let trace = Trace {
        sha256,
        rows: rows.len() as u64,
        identified: people.len() as u64,
        looked_up: observed.len() as u64,
        complete: found.complete,
        canaries: canaries::views(op, permit, canaries).await?,
        suspects,
        unknown: verdict.unknown,
        sources,
    };
    note(op, &trace).await?;
    Ok(trace)
}

/// Notes that a file with this SHA-256 was traced, and the SHA-256 of what came of it.
async fn note(op: &Op, trace: &Trace) -> Result<(), Error> {
    let result = format!("{:x}", Sha256::digest(format!("{:?} {:?} {:?}", trace.sources, trace.suspects, trace.unknown)));
    let after = json!({ "sha256": trace.sha256, "result": result }).to_string();
    let change = Change { kind: "leakTrace", item: trace.sha256.clone(), before: None, after: Some(after) };
    op.trace().rows += trace.suspects.len() as u64;
    op.commit(vec![change], |_| Box::pin(async { Ok(()) })).await
}

/// SHA-256 and rows of a file of at most `limit` bytes.
fn read(mut file: File, limit: u64) -> Result<(String, Vec<Row>), Error> {
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(limit + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > limit {
        return Err(Refusal::bad_input(format!("The file has more than {limit} bytes (canaries.trace_bytes); trace a part of it.")).into());
    }
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    let found = encoding::detect(&mut io::Cursor::new(&bytes)).map_err(broken)?;
    if found.archive {
        return Err(Refusal::bad_input("The file is a workbook or an archive; save its sheet as CSV, or copy it into a text.").into());
    }
    let text = match found.encoding {
        Encoding::Utf16Le => UTF_16LE.decode(&bytes).0.into_owned(),
        Encoding::Utf16Be => UTF_16BE.decode(&bytes).0.into_owned(),
        other => other.decode_lossy(&bytes),
    };
    if text.contains('\0') {
        return Err(Refusal::bad_input("The file is no text; save it as CSV, vCards or plain text.").into());
    }
    let rows: Vec<Row> = trap::rows(&text, DEFAULT_REGION).collect();
    if rows.is_empty() {
        return Err(Refusal::bad_input("Nobody stands in the file: no e-mail address, no telephone number, no name.").into());
    }
    Ok((sha256, rows))
}

fn broken(error: io::Error) -> Error {
    StoreError::File("the file to trace".into(), error).into()
}
