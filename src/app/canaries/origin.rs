//! Where an invented lead is said to come from: where the one it imitates does, but later.

use crate::{
    app::Op,
    domain::{Id, Timestamp},
    import::Format,
    store::{
        ModelOrigin, StoreError, Tx,
        leads::{ImportRun, NewOrigin},
    },
};

/// Highest number of the record in a file that an invented lead is said to stand in.
const RECORDS: usize = 400;

/// An origin on its way to an invented lead, with the import it names.
#[derive(Clone, Debug)]
pub(super) struct Invented {
    origin: NewOrigin,
    run: Option<ImportRun>,
}

impl Invented {
    /// One like that of the model, noted when the lead came in.
    pub(super) fn like(op: &Op, lead: Id, model: &ModelOrigin, at: Timestamp) -> Self {
        let secret = &op.core.trap.secret;
        let ModelOrigin { channel, since, by, account, file } = model.clone();
        let run = file.map(|(file, format)| ImportRun {
            id: op.core.new_id(),
            at,
            by,
            file,
            sha256: secret.hex(lead, "file"),
            format: Format::from_name(&format).unwrap_or(Format::Csv).name(),
            channel,
            account,
        });
        let source = run.as_ref().map_or_else(|| op.core.new_id(), ImportRun::source);
        let record = run.as_ref().map(|run| (run.id, secret.draw(lead, "record", RECORDS) as u64 + 2));
        Self { origin: NewOrigin { lead, source, channel, since, recorded_at: at, by, account, record }, run }
    }

    /// Writes it.
    pub(super) async fn put(self, tx: Tx<'_>, allowed: &crate::policy::LeadScope) -> Result<(), StoreError> {
        if let Some(run) = &self.run {
            tx.put_import_run(allowed, run).await?;
        }
        tx.insert_origins(allowed, &[self.origin]).await
    }
}
