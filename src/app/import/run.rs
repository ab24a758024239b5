//! The import from the first byte to the last row.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use super::{
    chunk::{Chunk, Row},
    known::Memory,
    mapping,
    places::Places,
    report::{Counts, Report, Verdict, Watcher},
};
use crate::{
    app::{
        Core, Error, Op, contact_accounts,
        leads::{note_grants, noted_by},
    },
    domain::{Channel, Field, FieldSet, Id, Subject},
    import::{Item, Options, Reader, Unreadable},
    policy::{LeadScope, Marking, Permission, Refusal},
    store::{Change, StoreError, Tx, leads::ImportRun},
};

/// Longest name of a file that is kept, in characters.
const LONGEST_NAME: usize = 200;
/// Bytes hashed together.
const BLOCK: usize = 64 * 1024;
/// How many rows are written together.
const ROWS: usize = 500;

/// What to import and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// How to read the file.
    pub options: Options,
    /// The owner of new leads whose row names none that is known.
    pub owner: Option<Id>,
    /// The same for the team.
    pub team: Option<Id>,
    /// The marking of new leads; none is the company's default.
    pub marking: Option<Marking>,
    /// A saved mapping to use.
    pub mapping: Option<String>,
    /// Save the mapping under this name.
    pub save_mapping: Option<String>,
    /// The file's name, for the origins of its leads.
    pub file_name: String,
    /// The channel of what stands in it; none is that of its format.
    pub channel: Option<Channel>,
    /// The account of the register through which those in the file came to be known.
    pub account: Option<Id>,
    /// Only look.
    pub dry_run: bool,
    /// How many rejects and rows that meet leads the report tells.
    pub told: usize,
}

struct Batch {
    reader: Reader,
    items: Vec<Item>,
    ended: bool,
}

/// Opens a file to import.
pub fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|error| StoreError::File(path.display().to_string(), error).into())
}

/// Whether this subject may import anything now for this purpose: to be asked before their files are taken in.
pub async fn may_import(core: &Core, subject: &Subject, purpose: Option<&str>) -> bool {
    // Where the policy cannot be read, the operation itself says so.
    let snapshot = core.current.fresh(&core.store, &*core.clock).await;
    snapshot.is_ok_and(|snapshot| snapshot.rights(subject, purpose, core.now()).leads(Permission::LeadImport).is_ok())
}

/// The windows in which the caller may import, or why there is none.
pub fn windows(op: &Op) -> Result<LeadScope, Refusal> {
    op.rights.leads(Permission::LeadImport)
}

/// Imports a file. Leads are looked for only through the windows in which the caller may import, by fields that are
/// clear to them; what they do not see can neither be found nor be changed by what they import.
pub async fn import(op: &Op, file: File, request: Request, watcher: &mut dyn Watcher) -> Result<Report, Error> {
    let began = Instant::now();
    let scope = windows(op)?;
    note_grants(op, &scope);
    let mut options = request.options.clone();
    if let Some(name) = &request.mapping {
        options = mapping::saved_mapping(op, name, options).await?;
    }
    if let Some(account) = request.account {
        contact_accounts::usable(op, account).await?;
    }
    let mut places = Places::new(op, &scope, request.owner, request.team, request.marking)?;
    let reading = options.clone();
    let (sha256, file) = in_background(move || digest(file)).await?.map_err(broken)?;
    let reader = in_background(move || Reader::open(file, &reading)).await?.map_err(unreadable)?;
    if let Some(name) = request.save_mapping.as_ref().filter(|_| !request.dry_run) {
        mapping::save(op, name, &options).await?;
    }
    watcher.opened(&reader);
    note_used(op, &scope);
    let run = ImportRun {
        id: op.core.new_id(),
        at: op.at,
        by: noted_by(op),
        file: file_name(&request.file_name),
        sha256,
        format: reader.format().name(),
        channel: request.channel.unwrap_or_else(|| reader.format().channel()),
        account: request.account,
    };
    let mut report = Report {
        id: run.id,
        dry_run: request.dry_run,
        counts: Counts::default(),
        format: reader.format(),
        encoding: reader.encoding(),
        delimiter: reader.delimiter(),
        preset: reader.preset(),
        columns: reader.columns().to_vec(),
        rejects: Vec::new(),
        preview: Vec::new(),
        unknown_places: std::collections::BTreeMap::new(),
        duration: 0,
    };
    let size = reader.size();
    let mut memory = Memory::default();
    let mut batch = in_background(move || read(reader)).await?.map_err(broken)?;
    loop {
        let Batch { reader, items, ended } = batch;
        let position = reader.position();
        // The next rows are read while these are written.
        let next = (!ended).then(|| tokio::task::spawn_blocking(move || read(reader)));
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Blank => {}
                Item::Rejected(reject) => {
                    report.counts.rows += 1;
                    report.counts.rejected += 1;
                    tell(&mut report, watcher, vec![reject], request.told)?;
                }
                Item::Row(draft) => {
                    let (owner, team) = places.of(&draft);
                    rows.push(Row { draft: *draft, id: op.core.new_id(), owner, team });
                }
            }
        }
        report.counts.rows += rows.len() as u64;
        if !rows.is_empty() {
            let change = Change { kind: "import", item: report.id.to_string(), before: None, after: None };
            let note = (!request.dry_run).then(|| op.note_change(vec![change]));
            let trapped = op.core.trap.settings.domains.clone();
            let chunk = Chunk { scope: scope.clone(), rows, marking: places.marking, run: run.clone(), trapped, memory, note };
            let done = op.core.store.write(move |tx: Tx<'_>| Box::pin(chunk.write(tx))).await?;
            if let Some(note) = &done.note {
                op.changed(note);
            }
            add(&mut report.counts, done.counts);
            tell(&mut report, watcher, done.rejects, request.told)?;
            for (preview, marking) in done.preview {
                // Each stands in the counts at least.
                let joined = op.trace().marking.join(marking);
                op.trace().marking = joined;
                if report.preview.len() < request.told && preview.verdict != Verdict::Unchanged {
                    let mut trace = op.trace();
                    for lead in &preview.leads {
                        trace.show(FieldSet::EMPTY, FieldSet::EMPTY, *lead);
                    }
                    report.preview.push(preview);
                }
            }
            // Later chunks find in the list what this one has written; only a dry run has to remember it.
            memory = if request.dry_run { done.memory } else { Memory::default() };
        }
        watcher.progress(&report.counts, position, size);
        batch = match next {
            Some(next) => next.await.map_err(|_| StoreError::Closed)?.map_err(broken)?,
            None => break,
        };
    }
    op.trace().rows += report.counts.rows;
    report.unknown_places = std::mem::take(&mut places.unknown);
    report.duration = began.elapsed().min(Duration::from_hours(1_000)).as_micros() as u64;
    Ok(report)
}

/// SHA-256 of a file in hexadecimal, and the file.
fn digest(mut file: File) -> io::Result<(String, File)> {
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    file.rewind()?;
    loop {
        match file.read(&mut block)? {
            0 => return Ok((format!("{:x}", hash.finalize()), file)),
            got => hash.update(&block[..got]),
        }
    }
}

/// A file's name as origins keep it: one line of at most [`LONGEST_NAME`] characters.
fn file_name(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}

/// The fields that decided which leads were met; what came of the rows tells of them.
pub(in crate::app) fn note_used(op: &Op, scope: &LeadScope) {
    let fields = [Field::Reference, Field::Emails, Field::Phones, Field::FirstName, Field::LastName, Field::Company];
    let clear = fields.into_iter().filter(|field| scope.clear_in(*field) != 0).collect();
    let mut trace = op.trace();
    trace.used.filter = trace.used.filter.union(clear);
    trace.marking = trace.marking.join(scope.marking_of(clear, FieldSet::EMPTY));
}

fn tell(report: &mut Report, watcher: &mut dyn Watcher, rejects: Vec<crate::import::Reject>, told: usize) -> Result<(), Error> {
    for reject in rejects {
        watcher.rejected(&reject).map_err(|error| StoreError::File("the rejects".into(), error))?;
        if report.rejects.len() < told {
            report.rejects.push(reject);
        }
    }
    Ok(())
}

fn add(counts: &mut Counts, more: Counts) {
    counts.created += more.created;
    counts.merged += more.merged;
    counts.unchanged += more.unchanged;
    counts.rejected += more.rejected;
}

fn read(mut reader: Reader) -> io::Result<Batch> {
    let mut items = Vec::with_capacity(ROWS);
    while items.len() < ROWS {
        match reader.next_row()? {
            Some(item) => items.push(item),
            None => return Ok(Batch { reader, items, ended: true }),
        }
    }
    Ok(Batch { reader, items, ended: false })
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}

fn unreadable(error: Unreadable) -> Error {
    match error {
        Unreadable::Io(error) => broken(error),
        Unreadable::Content(text) => Refusal::bad_input(format!("The file cannot be imported: {text}.")).into(),
    }
}

fn broken(error: io::Error) -> Error {
    StoreError::File("the file to import".into(), error).into()
}
