//! Writing a bundle.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    app::{
        Core, Error, Op, anchor,
        proofs::{self, Head},
    },
    audit::codec,
    ledger::{
        Checkpoint,
        bundle::{self, Line, Manifest, encoded},
        checkpoint, key,
        proof::{self, Span},
        tile, tree,
    },
    policy::{Permission, Refusal},
    store::{StoreError, ledger::outside::Attester},
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
    let size = head.checkpoint.size;
    let before = Span { start: 0, end: from };
    let after = proof::consistency(to, size).ok_or_else(Refusal::not_found)?;
    let (consistency, tiles) = proofs::prove(&op.core.store, &after, Some(before)).await?;
    let left = before.subtrees().into_iter().map(|subtree| tiles.hash(subtree)).collect::<Option<Vec<_>>>();
    let left = left.ok_or_else(|| StoreError::Corrupt("a tile of the ledger is missing".into()))?;
    op.trace().rows += to - from;
    let manifest = Manifest {
        format: bundle::FORMAT.into(),
        origin: head.checkpoint.origin.clone(),
        from,
        to,
        tree_size: size,
        left_edge: encoded(&left),
        consistency: encoded(&consistency),
    };
    Ok(Plan { manifest, head, stamp: stamp.map(|stamp| stamp.body) })
}

/// The newest head over at least `to` entries that somebody outside has attested.
async fn attested(op: &Op, to: u64) -> Result<Option<Head>, Error> {
    let Some((_, note)) = anchor::witnessed(&op.core.store, None, to).await? else { return Ok(None) };
    let checkpoint = Checkpoint::open(&note, &op.core.recorder.key().public());
    Ok(checkpoint.map(|checkpoint| Head { checkpoint, note }))
}

impl Plan {
    /// Writes the bundle into a new folder, readable for its owner only. The plan's record must be durable by now.
    pub async fn write(&self, core: &Core, folder: &Path, progress: &mut (dyn FnMut(u64) + Send)) -> Result<(), StoreError> {
        let failed = |error| StoreError::File(folder.display().to_string(), error);
        DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
        let pem = key::public_pem(&core.recorder.key().public()).map_err(|error| StoreError::Unsafe(error.to_string()))?;
        let mut manifest = serde_json::to_string_pretty(&self.manifest).unwrap_or_default();
        manifest.push('\n');
        for (name, text) in [
            ("README.txt", README),
            ("verify_bundle.py", VERIFIER),
            (bundle::MANIFEST, &manifest),
            (bundle::CHECKPOINT, &self.head.note),
            (bundle::PUBLIC_KEY, &pem),
        ] {
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
        let unfit = |index| StoreError::Corrupt(format!("the record at index {index} cannot be read; run `leadkeep ledger verify`"));
        let (mut edge, consistency) = self.manifest.read().ok_or_else(|| unfit(from))?;
        let mut next = from;
        while next < to {
            let (entries, _) = core.store.log_from(next, &[], PAGE.min((to - next).min(PAGE.into()) as u32)).await?;
            if entries.first().is_none_or(|entry| entry.index != next) {
                return Err(unfit(next));
            }
            for entry in entries {
                let record = codec::decode(&entry.body).map_err(|_| unfit(entry.index))?.to_json();
                let leaf = tree::leaf(&entry.body);
                edge.push(leaf);
                let mut framed = Vec::with_capacity(entry.body.len() + 2);
                if !tile::bundle(&mut framed, &entry.body) {
                    return Err(unfit(entry.index));
                }
                bytes.write_all(&framed).map_err(failed)?;
                let line = Line { index: entry.index, leaf_hash: STANDARD.encode(leaf), record };
                serde_json::to_writer(&mut lines, &line).map_err(|error| failed(error.into()))?;
                lines.write_all(b"\n").map_err(failed)?;
                next = entry.index + 1;
            }
            progress(next - from);
        }
        for file in [bytes, lines] {
            file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        }
        if !self.manifest.leads_to(&edge.root(), &consistency, &self.head.checkpoint.root) {
            return Err(StoreError::Corrupt("the records do not have the root that was signed; run `leadkeep ledger verify`".into()));
        }
        Ok(())
    }
}

fn create(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}
