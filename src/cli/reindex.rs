//! `leadkeep ledger reindex`.

use std::time::Duration;

use indicatif::ProgressBar;
use leadkeep::{
    app,
    audit::index::keeper::{Keeper, Step},
    store::Store,
};
use serde_json::json;

use super::{Exit, Failure, Global, operator::Operator, output};

pub(crate) const HELP: &str = "\
The index is derived from the records; `leadkeep ledger verify` says if it does not fit them. Questions of auditors are answered
meanwhile, from the records themselves and so more slowly. A running server may have the index in hand: then this waits until it
lets go, at most half a minute.";

/// How long to wait for another who has the index in hand.
const PATIENCE: Duration = Duration::from_secs(1);
/// So often.
const TIMES: u32 = 60;

/// Takes the index away and makes it anew.
pub(crate) async fn run(global: &Global) -> Result<Exit, Failure> {
    Operator::during(global, async |operator| {
        let entries = operator.act("ledger reindex", json!({}), async |op| reindex(&op.core).await).await?;
        output::line(format!("indexed {entries} records; the rest, less than a segment, is read when it is asked for"));
        Ok(Exit::Done)
    })
    .await
}

async fn reindex(core: &app::Core) -> Result<u64, app::Error> {
    let keeper = core.recorder.index_keeper();
    let bar = if output::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    cleared(&keeper).await?;
    // Until there is nothing more to do, or a server has taken over and goes on by itself.
    while keeper.step().await? == Step::Done {
        show(&core.store, &bar).await?;
    }
    bar.finish_and_clear();
    Ok(core.store.index_ends().await?.0)
}

async fn cleared(keeper: &Keeper) -> Result<(), app::Error> {
    for _ in 0..TIMES {
        if keeper.clear().await? == Step::Done {
            return Ok(());
        }
        tokio::time::sleep(PATIENCE).await;
    }
    Err(leadkeep::policy::Refusal::new(leadkeep::policy::Code::Conflict, "A running server keeps the index in hand; try again.").into())
}

async fn show(store: &Store, bar: &ProgressBar) -> Result<(), app::Error> {
    let (indexed, size) = store.index_ends().await?;
    bar.set_length(size);
    bar.set_position(indexed);
    Ok(())
}
