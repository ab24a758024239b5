//! What an erasure leaves to be done in the ledger's database: variables beside records that name what was erased, and texts that
//! stand in them elsewhere. Records that are written meanwhile are looked at too, for an hour.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::MissedTickBehavior;

use super::{ErasedKind, Erasure};
use crate::{
    app::{Core, Error, command, holds::standing, redact},
    audit::codec,
    domain::{Digest, Id, clock::SECOND},
    policy::{Act, Permission},
    store::StoreError,
};

/// For so long (µs) operations that had begun before may write their records.
const LATE: i64 = 3_600 * SECOND;
/// How often a server looks whether there is something to do.
const EVERY: Duration = Duration::from_mins(1);
/// For so long whoever approved waits; then it goes on without them.
const PATIENCE: Duration = Duration::from_secs(10);
/// Records, or variables, looked at together.
const PAGE: usize = 500;

/// Sees to erasures that are not done, as long as there is a `core`.
pub async fn keep_on(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        if let Err(error) = sweep(&core).await {
            tracing::error!(%error, "traces of what was erased could not be looked for; trying again");
        }
    }
}

/// Does what an act that took hold leaves to be done.
pub(in crate::app) async fn after(core: &Arc<Core>, act: &Act) {
    if !matches!(act, Act::EraseLead { .. } | Act::ErasePerson { .. }) {
        return;
    }
    let core = Arc::clone(core);
    let sweeping = tokio::spawn(async move { sweep(&core).await });
    match tokio::time::timeout(PATIENCE, sweeping).await {
        Ok(Ok(Err(error))) => tracing::error!(%error, "traces of what was erased could not be looked for; trying again"),
        Ok(_) => {}
        Err(_) => tracing::info!("looking for traces of what was erased takes long, and goes on"),
    }
}

/// Looks for traces of everything that was erased and is not done.
pub async fn sweep(core: &Core) -> Result<(), Error> {
    // Nothing could be recorded, so nothing goes.
    if core.recorder.halted().is_some() {
        return Ok(());
    }
    for (erasure, traces) in core.store.open_erasures().await? {
        // A hold that was set since waits with the rest.
        if standing::over(core, erasure.item).await?.is_none() {
            one(core, &erasure, &traces).await?;
        }
    }
    Ok(())
}

/// What is to go.
#[derive(Default)]
struct Found {
    entries: BTreeSet<(Id, u64)>,
    documents: BTreeSet<Digest>,
}

async fn one(core: &Core, erasure: &Erasure, traces: &[String]) -> Result<(), Error> {
    let size = core.recorder.fold_now().await?;
    let now = core.now();
    let last = now.0 >= erasure.agreed.at.0 + LATE;
    let mut found = named(core, erasure, size).await?;
    if erasure.swept == 0 || last {
        mentioned(core, traces, &mut found).await?;
    }
    let mut gone = (0, 0);
    let (entries, documents): (Vec<_>, Vec<_>) = (found.entries.into_iter().collect(), found.documents.into_iter().collect());
    for part in entries.chunks(PAGE) {
        gone.0 += core.recorder.erase_beside(part.to_vec(), Vec::new()).await?.0;
    }
    for part in documents.chunks(PAGE) {
        gone.1 += core.recorder.erase_beside(Vec::new(), part.to_vec()).await?.1;
    }
    if (erasure.swept == 0 || gone != (0, 0)) && !core.store.settle_files(false).await? {
        tracing::info!("somebody reads the databases; their logs are emptied later");
    }
    let (id, done) = (erasure.id, last.then_some(now));
    let noted = core.store.write(move |tx| Box::pin(async move { tx.note_sweep(id, size, gone, done).await }));
    Ok(noted.await?)
}

/// The records that name what was erased, or are a person's, and the documents with texts in them.
async fn named(core: &Core, erasure: &Erasure, size: u64) -> Result<Found, Error> {
    let permit = command::own_permit(core, Permission::DataErase).await?;
    let places = core.recorder.index().entries(erasure.item.0, erasure.swept, size, usize::MAX).await?;
    let (mut found, mut documents) = (Found::default(), BTreeSet::new());
    for places in places.chunks(PAGE) {
        for entry in core.store.log_at(permit, places).await? {
            let index = entry.index;
            let entry = codec::decode(&entry.body).map_err(|cause| StoreError::Corrupt(format!("record {index}: {cause}")))?;
            // What was sent in order to erase names the id alone.
            if erasure.kind == ErasedKind::Lead && entry.record.request == erasure.request {
                continue;
            }
            // Of a record in parts, it lies beside the first.
            found.entries.insert((entry.epoch, entry.rseq.saturating_sub(entry.part.saturating_sub(1))));
            documents.extend(entry.record.operation.document);
        }
    }
    let documents: Vec<Digest> = documents.into_iter().collect();
    let texts = core.store.ledger_texts(&documents).await?;
    found.documents.extend(texts.into_iter().filter(|(_, text)| redact::has_texts(text)).map(|(sha256, _)| sha256));
    Ok(found)
}

/// The variables and documents in which one of the texts stands.
async fn mentioned(core: &Core, traces: &[String], found: &mut Found) -> Result<(), StoreError> {
    // As JSON and GraphQL write them between quotes.
    let written = |text: &String| serde_json::Value::from(text.to_lowercase()).to_string();
    let traces: Vec<String> = traces.iter().map(written).map(|text| text[1..text.len() - 1].to_owned()).collect();
    if traces.is_empty() {
        return Ok(());
    }
    let mentions = |text: &str| {
        let text = text.to_lowercase();
        traces.iter().any(|trace| text.contains(trace))
    };
    let mut place = (Id(i64::MIN), -1);
    loop {
        let said = core.store.ledger_variables(place, PAGE as u64).await?;
        let Some((epoch, rseq, _)) = said.last() else { break };
        place = (*epoch, *rseq as i64);
        found.entries.extend(said.into_iter().filter(|(.., text)| mentions(text)).map(|(epoch, rseq, _)| (epoch, rseq)));
    }
    let mut last = Vec::new();
    loop {
        let texts = core.store.ledger_documents(&last, PAGE as u64).await?;
        let Some((sha256, _)) = texts.last() else { return Ok(()) };
        last.clone_from(sha256);
        let mentioning = texts.into_iter().filter(|(_, text)| mentions(&String::from_utf8_lossy(text)));
        found.documents.extend(mentioning.filter_map(|(sha256, _)| Digest::try_from(sha256).ok()));
    }
}
