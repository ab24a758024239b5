//! Writing a bundle: which entries it has and how it is proven, each entry in its two forms, the files beside them.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use super::write_line;
use crate::{
    app::{
        Core, Error, Op, anchor,
        proofs::{self, Head},
    },
    audit::{codec, record::Entry},
    domain::Digest,
    ledger::{
        Checkpoint, Edge,
        bundle::{self, Manifest, encoded},
        checkpoint, key,
        proof::{self, Span},
        tile, tree,
    },
    policy::{Permission, Refusal},
    store::{LogEntry, StoreError, ledger::outside::Attester},
};

/// How long those outside are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Entries read at once.
const PAGE: u32 = 256;
const README: &str = include_str!("readme.txt");
const VERIFIER: &str = include_str!("../../../docs/verify_bundle.py");

/// What a bundle is going to hold.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is.
    pub manifest: Manifest,
    head: Head,
    /// The answer of a time stamping authority.
    stamp: Option<Vec<u8>>,
}

/// Plans a bundle of the entries with indexes from `from` up to `to`, or to the end of the tree. The operation's record says
/// how many; nothing is written yet.
pub async fn plan(op: &Op, from: u64, to: Option<u64>) -> Result<Plan, Error> {
    op.rights.permit(Permission::LogRead)?;
    let newest = proofs::head(op).await?;
    let size = newest.checkpoint.size;
    let to = to.unwrap_or(size);
    if from > to || to > size {
        return Err(Refusal::bad_input(format!(
            "The log has records 0 to {}; `from` must not be larger than `to`.",
            size.saturating_sub(1)
        ))
        .into());
    }
    // A head that somebody outside has attested is worth more than a newer one.
    anchor::ask_all(&op.core, PATIENCE).await;
    let head = attested(op, to).await?.unwrap_or(newest);
    let stamp = op.core.store.attestations(head.checkpoint.size).await?.into_iter().find(|one| one.kind == Attester::Authority);
    op.trace().rows += to - from;
    let plan = Plan::of(&op.core, head, from, to).await?;
    Ok(Plan { stamp: stamp.map(|stamp| stamp.body), ..plan })
}

/// The newest head over at least `to` entries that somebody outside has attested.
async fn attested(op: &Op, to: u64) -> Result<Option<Head>, Error> {
    let Some((_, note)) = anchor::witnessed(&op.core.store, None, to).await? else { return Ok(None) };
    let checkpoint = Checkpoint::open(&note, &op.core.recorder.key().public());
    Ok(checkpoint.map(|checkpoint| Head { checkpoint, note }))
}

/// The entries of a bundle on their way into it, one after another: each in its two forms, and the tree they make.
#[derive(Debug)]
pub struct Rendering {
    manifest: Manifest,
    root: Digest,
    edge: Edge,
    consistency: Vec<Digest>,
}

/// An entry as a bundle holds it.
#[derive(Debug)]
pub struct Rendered {
    /// Its bytes after their length: a piece of [`bundle::ENTRIES`].
    pub framed: Vec<u8>,
    /// Its line of [`bundle::LINES`].
    pub line: Vec<u8>,
    /// What it says.
    pub entry: Entry,
}

impl Plan {
    /// A bundle of these entries, proven against this head as it is.
    pub(in crate::app) async fn of(core: &Core, head: Head, from: u64, to: u64) -> Result<Self, Error> {
        let size = head.checkpoint.size;
        let before = Span { start: 0, end: from };
        let after = proof::consistency(to, size).ok_or_else(Refusal::not_found)?;
        let (consistency, tiles) = proofs::prove(&core.store, &after, Some(before)).await?;
        let left = before.subtrees().into_iter().map(|subtree| tiles.hash(subtree)).collect::<Option<Vec<_>>>();
        let left = left.ok_or_else(|| StoreError::Corrupt("a tile of the ledger is missing".into()))?;
        let manifest = Manifest {
            format: bundle::FORMAT.into(),
            origin: head.checkpoint.origin.clone(),
            from,
            to,
            tree_size: size,
            left_edge: encoded(&left),
            consistency: encoded(&consistency),
        };
        Ok(Self { manifest, head, stamp: None })
    }

    /// The files that are not the entries: name and text.
    pub(in crate::app) fn beside(&self, core: &Core) -> Result<[(&'static str, String); 5], StoreError> {
        let pem = key::public_pem(&core.recorder.key().public()).map_err(|error| StoreError::Unsafe(error.to_string()))?;
        let mut manifest = serde_json::to_string_pretty(&self.manifest).unwrap_or_default();
        manifest.push('\n');
        Ok([
            ("README.txt", README.to_owned()),
            ("verify_bundle.py", VERIFIER.to_owned()),
            (bundle::MANIFEST, manifest),
            (bundle::CHECKPOINT, self.head.note.clone()),
            (bundle::PUBLIC_KEY, pem),
        ])
    }

    /// Begins to render the entries.
    pub(in crate::app) fn rendering(&self) -> Result<Rendering, StoreError> {
        let read = self.manifest.read().ok_or_else(|| unfit(self.manifest.from))?;
        Ok(Rendering { manifest: self.manifest.clone(), root: self.head.checkpoint.root, edge: read.0, consistency: read.1 })
    }

    /// The entries from `next` on, some of them.
    pub(in crate::app) async fn read(&self, core: &Core, next: u64) -> Result<Vec<LogEntry>, StoreError> {
        let (entries, _) = core.store.log_from(next, &[], PAGE.min((self.manifest.to - next).min(PAGE.into()) as u32)).await?;
        if entries.first().is_none_or(|entry| entry.index != next) {
            return Err(unfit(next));
        }
        Ok(entries)
    }

    /// Writes the bundle into a new folder, readable for its owner only. The plan's record must be durable by now.
    pub async fn write(&self, core: &Core, folder: &Path, progress: &mut (dyn FnMut(u64) + Send)) -> Result<(), StoreError> {
        let failed = |error| StoreError::File(folder.display().to_string(), error);
        DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
        for (name, text) in self.beside(core)? {
            let mut file = create(&folder.join(name)).map_err(failed)?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        if let Some(stamp) = &self.stamp {
            // What was stamped bears the log's own signature only.
            let alone = checkpoint::without_others(&self.head.note);
            for (name, content) in [(bundle::STAMPED, alone.as_bytes()), (bundle::STAMP, stamp)] {
                let mut file = create(&folder.join(name)).map_err(failed)?;
                file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
            }
        }
        let mut bytes = BufWriter::new(create(&folder.join(bundle::ENTRIES)).map_err(failed)?);
        let mut lines = BufWriter::new(create(&folder.join(bundle::LINES)).map_err(failed)?);
        let Manifest { from, to, .. } = self.manifest;
        let mut rendering = self.rendering()?;
        let mut next = from;
        while next < to {
            for entry in self.read(core, next).await? {
                let rendered = rendering.render(&entry)?;
                bytes.write_all(&rendered.framed).map_err(failed)?;
                lines.write_all(&rendered.line).map_err(failed)?;
                next = entry.index + 1;
            }
            progress(next - from);
        }
        for file in [bytes, lines] {
            file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        }
        rendering.end()
    }
}

impl Rendering {
    /// The next entry.
    pub fn render(&mut self, entry: &LogEntry) -> Result<Rendered, StoreError> {
        let decoded = codec::decode(&entry.body).map_err(|_| unfit(entry.index))?;
        let leaf = tree::leaf(&entry.body);
        self.edge.push(leaf);
        let mut framed = Vec::with_capacity(entry.body.len() + 2);
        if !tile::bundle(&mut framed, &entry.body) {
            return Err(unfit(entry.index));
        }
        let mut line = Vec::with_capacity(4 * entry.body.len());
        write_line(entry.index, &leaf, &decoded, &mut line);
        line.push(b'\n');
        Ok(Rendered { framed, line, entry: decoded })
    }

    /// After the last: sees that they are those that were signed.
    pub fn end(self) -> Result<(), StoreError> {
        if !self.manifest.leads_to(&self.edge.root(), &self.consistency, &self.root) {
            return Err(StoreError::Corrupt("the records do not have the root that was signed; run `leadkeep ledger verify`".into()));
        }
        Ok(())
    }
}

fn unfit(index: u64) -> StoreError {
    StoreError::Corrupt(format!("the record at index {index} cannot be read; run `leadkeep ledger verify`"))
}

fn create(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}
