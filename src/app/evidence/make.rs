//! Making the file: entries stream from the database into a thread that counts and packs them; in memory there are accounts
//! and weeks, never records.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    sync::Arc,
    time::Duration,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::SpooledTempFile;
use tokio::sync::mpsc;

use super::{
    count::Counting,
    gather::{self, Ground},
    left,
    order::{Order, permits},
    papers, promised, reach,
    rules::Rules,
    who::Names,
};
use crate::{
    app::{
        Core, Error, Op,
        bundle::Rendering,
        seal::{self, Outcome},
    },
    audit::record::{Decision, EVIDENCE_FILE, OperationKind},
    domain::{Client, Digest, Id, Subject, Timestamp, hex},
    evidence::{self, Archive, ArchiveError, Evidence, Register},
    ledger::{Receipt, bundle},
    policy::{Code, Level, Marking, Refusal, Snapshot},
    store::{LogEntry, StoreError},
};

/// Bytes kept in memory; what is longer waits in a file that has no name.
const IN_MEMORY: usize = 8 * 1024 * 1024;
/// Pages of entries that may wait to be packed.
const WAITING: usize = 4;

/// A file ready to leave: its record is durable.
#[derive(Debug)]
pub struct Made {
    /// A name for it.
    pub file_name: String,
    /// Records of the range.
    pub records: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of them, in hexadecimal; the record commits to it.
    pub sha256: String,
    /// Promises the record.
    pub receipt: Receipt,
    /// The request that the record is of.
    pub request: Id,
    /// The file, from its start.
    pub content: SpooledTempFile,
}

/// Who makes it, and by what.
#[derive(Clone, Debug)]
pub struct Maker {
    /// Who.
    pub subject: Subject,
    /// From where.
    pub client: Client,
    /// The operation that asked for it.
    pub asked: Id,
    /// What the record is to call it.
    pub kind: OperationKind,
}

/// Makes the file that was ordered, with the rights of this moment, and its record. The record of the order must be durable.
///
/// Given up after `patience`, if there is any; the thread that packs ends with it.
pub async fn make(
    core: &Arc<Core>,
    maker: Maker,
    order: Order,
    patience: Option<Duration>,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Made, Error> {
    let op = Op::open(Arc::clone(core), maker.subject, maker.client, None).await?;
    let building = build(&op, &order, progress);
    let made = match patience {
        None => building.await,
        Some(patience) => tokio::time::timeout(patience, building).await.unwrap_or_else(|_| {
            let late = "The file takes longer than the server may work on it; ask for a shorter range, or use the command line.";
            Err(Refusal::new(Code::TooComplex, late).into())
        }),
    };
    let decision = match &made {
        Ok(_) => Decision::Allowed,
        Err(error) => {
            op.trace().code.get_or_insert(error.code());
            if matches!(error, Error::Refused(_)) { Decision::Denied } else { Decision::Failed }
        }
    };
    let variables = json!({
        "request": maker.asked.to_string(), "from": order.from.to_string(), "to": order.to.to_string(), "matter": order.matter,
        "profile": order.profile.name(), "named": order.named.iter().map(Id::to_string).collect::<Vec<_>>(),
    });
    let outcome = Outcome {
        kind: maker.kind,
        name: Some(EVIDENCE_FILE.into()),
        document: None,
        variables: Some(variables.to_string()),
        decision,
        response: made.as_ref().ok().map(|packed| packed.sha256),
        notice: false,
        duration: core.now().0.abs_diff(op.at.0),
    };
    if let Ok(packed) = &made {
        let mut trace = op.trace();
        trace.rows += packed.records;
        trace.marking = trace.marking.join(Marking::new(Level::Confidential, 0));
    }
    let receipt = seal::seal(&op, outcome)
        .await
        .map_err(|_| Refusal::new(Code::AuditUnavailable, "The server cannot record what it would hand out, so it does not; try again."))?;
    let packed = made?;
    Ok(Made {
        file_name: order.file_name(),
        records: packed.records,
        bytes: packed.bytes,
        sha256: hex(&packed.sha256),
        receipt,
        request: op.request,
        content: packed.content,
    })
}

struct Packed {
    content: SpooledTempFile,
    bytes: u64,
    sha256: Digest,
    records: u64,
}

async fn build(op: &Op, order: &Order, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Packed, Error> {
    let permits = permits(&op.rights, order)?;
    let ground = gather::ground(op, permits, order).await?;
    let (plan, log) = (ground.plan.clone(), ground.about.log.clone());
    let beside = plan.beside(&op.core)?;
    let rendering = plan.rendering()?;
    let returns = ground.departures.iter().map(|departure| (departure.person, departure.rehired_at));
    let counting = Counting::of(order.from, order.to, ground.before, returns);
    let (entries, mut received) = mpsc::channel::<Vec<LogEntry>>(WAITING);
    let (wanted, snapshot) = (order.clone(), Arc::clone(&op.snapshot));
    let packing = tokio::task::spawn_blocking(move || {
        let mut packing = Packing::begin(rendering, counting)?;
        while let Some(page) = received.blocking_recv() {
            packing.take(&page)?;
        }
        packing.finish(&wanted, ground, snapshot, &beside)
    });
    let mut next = log.first;
    while next < log.end {
        let page = plan.read(&op.core, next).await?;
        next = page.last().map_or(log.end, |entry| entry.index + 1);
        // The other side ends early only with an error, which it returns.
        if entries.send(page).await.is_err() {
            break;
        }
        progress(next - log.first, log.end - log.first);
    }
    drop(entries);
    let packed = packing.await.map_err(|_| StoreError::Closed)??;
    still_allowed(op, order).await?;
    Ok(packed)
}

/// Refuses what was allowed when the file was begun and no longer is: one that is still being made does not leave.
async fn still_allowed(op: &Op, order: &Order) -> Result<(), Error> {
    let core = &op.core;
    let snapshot = core.current.latest(&core.store, &*core.clock).await?;
    permits(&snapshot.rights(&op.subject, None, core.now()), order)?;
    let open = match op.subject.session {
        Some(session) => core.store.session(session).await?.is_some_and(|session| session.is_open(core.now())),
        None => true,
    };
    if open { Ok(()) } else { Err(Refusal::new(Code::Unauthenticated, "The session has ended while the file was made.").into()) }
}

/// The ZIP being filled.
struct Packing {
    archive: Archive<SpooledTempFile>,
    /// The readable side of the entries, which follows the other.
    lines: SpooledTempFile,
    rendering: Rendering,
    counting: Counting,
}

impl Packing {
    fn begin(rendering: Rendering, counting: Counting) -> Result<Self, Error> {
        let mut archive = Archive::new(SpooledTempFile::new(IN_MEMORY));
        archive.begin(&ledger(bundle::ENTRIES)).map_err(failed)?;
        Ok(Self { archive, lines: SpooledTempFile::new(IN_MEMORY), rendering, counting })
    }

    fn take(&mut self, page: &[LogEntry]) -> Result<(), Error> {
        for entry in page {
            let rendered = self.rendering.render(entry)?;
            self.counting.count(entry.index, &rendered.entry);
            self.archive.write_all(&rendered.framed).map_err(unwritten)?;
            self.lines.write_all(&rendered.line).map_err(unwritten)?;
        }
        Ok(())
    }

    fn finish(self, order: &Order, ground: Ground, snapshot: Arc<Snapshot>, beside: &[(&str, String)]) -> Result<Packed, Error> {
        let Self { mut archive, mut lines, rendering, counting } = self;
        rendering.end()?;
        lines.seek(SeekFrom::Start(0)).map_err(unwritten)?;
        archive.copy(&ledger(bundle::LINES), &mut lines).map_err(failed)?;
        for (name, text) in beside {
            archive.file(&ledger(name), text.as_bytes()).map_err(failed)?;
        }
        let rules = Rules::of(order, ground.revisions)?;
        let names = Names::of(order, &rules.document, snapshot);
        let (mut marked, mut exports) = (counting.marked.clone(), counting.exports.clone());
        rules.at_end(order, &names, &mut marked, &mut exports);
        let register = Register { changes: counting.register, imports: counting.imports, ..ground.register };
        let did_see = counting.did_see(&names);
        let (policy, could_see) = rules.facts(order, &names);
        let mut people = reach::holders(&rules.document, Timestamp(order.to.0 - 1));
        people.retain(|id| !names.is_app(*id));
        let signed = promised::facts(order, &ground.accepted, &rules.document, &people, &counting, &names);
        let left = left::facts(order, &ground.departures, &counting, &names);
        let evidence = Evidence { about: ground.about, could_see, did_see, marked, exports, policy, register, signed, left };
        for (sha256, text) in &ground.texts {
            archive.file(&format!("agreements/{sha256}.md"), text.as_bytes()).map_err(failed)?;
        }
        for (name, text) in papers::files(order, &rules, &evidence, &ground.public_pem, &ground.verifier_key) {
            archive.file(&name, text.as_bytes()).map_err(failed)?;
        }
        let findings = evidence::findings(&evidence);
        archive.file("measures.json", evidence::measures(&evidence, &findings).as_bytes()).map_err(failed)?;
        archive.file("accesses.json", evidence::accesses(&evidence).as_bytes()).map_err(failed)?;
        archive.file("report.html", evidence::html(&evidence, &findings).as_bytes()).map_err(failed)?;
        let pdf = evidence::pdf(&evidence, &findings).map_err(|error| StoreError::Unsafe(error.to_string()))?;
        archive.file("report.pdf", &pdf).map_err(failed)?;
        let (content, bytes, sha256) = hashed(archive.finish().map_err(failed)?).map_err(unwritten)?;
        Ok(Packed { content, bytes, sha256, records: counting.records() })
    }
}

fn ledger(name: &str) -> String {
    format!("ledger/{name}")
}

/// The file at its start again, with its length and hash.
fn hashed(mut file: SpooledTempFile) -> io::Result<(SpooledTempFile, u64, Digest)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut block = vec![0; 64 * 1024];
    loop {
        let got = file.read(&mut block)?;
        if got == 0 {
            break;
        }
        hash.update(&block[..got]);
        bytes += got as u64;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((file, bytes, hash.finalize().into()))
}

fn failed(error: ArchiveError) -> StoreError {
    match error {
        ArchiveError::Io(error) => unwritten(error),
        ArchiveError::Zip(error) => unwritten(error.into()),
    }
}

fn unwritten(error: io::Error) -> StoreError {
    StoreError::File("the evidence file".into(), error)
}
