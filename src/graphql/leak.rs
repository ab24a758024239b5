//! Tracing a list that was found outside.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    access_record::{self, AccessSubject},
    canary::{self, Canary},
    error::{Outward, op},
    scalar::{DateTime, opaque},
    upload::Upload,
};
use crate::{
    app::{
        Error, Op, import,
        leak::{self, Blamed, Origin, Showing, Suspect, Trace},
    },
    audit::Sealed,
    domain::Subject,
};

/// A list that was found.
#[derive(Debug, InputObject)]
pub struct TraceLeakInput {
    /// CSV with any delimiter, vCards, what was copied from a spreadsheet, or plain text; in any order, in part, merged with others. It is
    /// not kept.
    file: Upload,
}

/// Where a list may come from.
#[derive(Clone, SimpleObject)]
pub struct LeakOrigin {
    /// Who was shown it.
    subject: AccessSubject,
    /// The request id of the exported file; null is what they were shown on screen.
    export_request: Option<ID>,
}

/// A record that showed some of the people of the list, with its receipt.
#[derive(Clone, SimpleObject)]
pub struct LeakReceipt {
    /// The record's place in the tree.
    index: u64,
    /// When the operation began.
    at: DateTime,
    /// How many of the people of the list it showed.
    people: u64,
    /// Its epoch.
    epoch: ID,
    /// Its number there.
    rseq: u64,
    /// Hash of its leaf, base64.
    leaf_hash: String,
    /// The ledger's signature over epoch, number and leaf, base64.
    signature: String,
}

/// A possible source, with what speaks for it.
#[derive(Clone, SimpleObject)]
pub struct LeakCandidate {
    /// Which.
    origin: LeakOrigin,
    /// How probable it is that it is the main source, 0 to 1.
    probability: f64,
    /// How many of the people of the list it was shown, with what the list says of them in clear.
    shown: u64,
    /// How many of them are canaries.
    canaries: u64,
    /// How many leads it was shown in all.
    size: u64,
    /// How many records showed some of them.
    record_count: u64,
    /// Those that showed most, at most 100.
    receipts: Vec<LeakReceipt>,
}

/// A source that, with others perhaps, explains the list.
#[derive(Clone, SimpleObject)]
pub struct LeakSource {
    /// Which.
    origin: LeakOrigin,
    /// How probable it is that what it alone explains comes from it, 0 to 1.
    probability: f64,
    /// How many of the people it explains.
    explains: u64,
    /// How many of them are canaries.
    canaries: u64,
}

/// Which export or reader a list comes from.
#[derive(SimpleObject)]
pub struct TraceLeakPayload {
    /// SHA-256 of the file, hexadecimal: all that is recorded of it.
    sha256: String,
    /// Lines or cards that say something of people.
    rows: u64,
    /// How many different people of the list stand in it.
    identified: u64,
    /// How many of them were looked up in the access log (`canaries.trace_leads`).
    looked_up: u64,
    /// Whether every record that showed them was looked at (`canaries.trace_records`).
    complete: bool,
    /// The canaries that stand in it.
    canaries: Vec<Canary>,
    /// How probable it is that no reader and no export is the source. This and the probabilities of all candidates add up to 1.
    unknown: f64,
    /// Possible sources, the most probable first, at most 50.
    candidates: Vec<LeakCandidate>,
    /// The sources that together explain the list, the first first: more than one if it was merged.
    sources: Vec<LeakSource>,
}

/// Mutations that trace.
#[derive(Debug, Default)]
pub struct LeakMutation;

#[Object]
impl LeakMutation {
    /// Says which export or reader a list that was found outside comes from, by its canaries and by what the access log says was
    /// shown, with probabilities and receipts. Needs `TRAP_KEEP`; that a file was traced is recorded.
    async fn trace_leak(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was found.")] input: TraceLeakInput,
    ) -> Result<Option<TraceLeakPayload>> {
        let op = op(ctx);
        run(ctx, op, input).await.map(Some).outward(op)
    }
}

async fn run(ctx: &Context<'_>, op: &Op, input: TraceLeakInput) -> Result<TraceLeakPayload, Error> {
    op.rights.permit(crate::policy::Permission::TrapKeep)?;
    let (uploads, number) = input.file.find(ctx)?;
    let trace = leak::trace(op, import::open(&uploads.0[number].path())?).await?;
    Ok(payload(op, trace))
}

fn payload(op: &Op, trace: Trace) -> TraceLeakPayload {
    let Trace { sha256, rows, identified, looked_up, complete, canaries, suspects, unknown, sources } = trace;
    TraceLeakPayload {
        sha256,
        rows,
        identified,
        looked_up,
        complete,
        canaries: canaries.into_iter().map(|view| canary::canary(op, view)).collect(),
        unknown,
        candidates: suspects.into_iter().map(|suspect| candidate(op, suspect)).collect(),
        sources: sources.into_iter().map(|source| blamed(op, &source)).collect(),
    }
}

fn origin(op: &Op, origin: Origin) -> LeakOrigin {
    let Origin { person, app, operator, export } = origin;
    LeakOrigin { subject: AccessSubject::of(op, Subject { person, app, session: None, operator }), export_request: export.map(opaque) }
}

fn candidate(op: &Op, suspect: Suspect) -> LeakCandidate {
    LeakCandidate {
        origin: origin(op, suspect.origin),
        probability: suspect.probability,
        shown: suspect.shown,
        canaries: suspect.canaries,
        size: suspect.size,
        record_count: suspect.records,
        receipts: suspect.showings.iter().map(|showing| receipt(op, showing)).collect(),
    }
}

fn blamed(op: &Op, source: &Blamed) -> LeakSource {
    let Blamed { probability, explains, canaries, .. } = *source;
    LeakSource { origin: origin(op, source.origin), probability, explains, canaries }
}

fn receipt(op: &Op, showing: &Showing) -> LeakReceipt {
    let Showing { index, epoch, rseq, leaf, at, people } = *showing;
    let receipt = op.core.recorder.receipt(&Sealed { epoch, rseq, leaf });
    LeakReceipt {
        index,
        at: DateTime(at),
        people,
        epoch: opaque(epoch),
        rseq,
        leaf_hash: access_record::base64(&leaf),
        signature: STANDARD.encode(receipt.signature),
    }
}
