//! A log of a year: records that show 20 of a million leads each, spread over 200 people.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use leadkeep::app::Core;
use sea_orm::{ConnectOptions, Database};

use super::{
    Failed, disk,
    fill::{SHOWN, Traffic, YearClock},
    founded, questions, verified,
};

/// Makes the log, then asks. Of a folder that has one, as much is made as it lacks.
pub(super) async fn run(records: u64, place: Option<String>) -> Result<(), Failed> {
    let temporary = tempfile::tempdir()?;
    let (stays, database_url) = match place {
        Some(place) if place.starts_with('/') => (Some(PathBuf::from(place)), None),
        database_url => (None, database_url),
    };
    let folder = stays.as_deref().unwrap_or(temporary.path());
    let clock = Arc::new(YearClock::default());
    let core = founded::core(folder, database_url.clone(), Arc::clone(&clock), 1_024).await?;
    let traffic = Traffic::new(records, founded::policy(&core).await?);

    let slice = (records / 10).clamp(1, 100_000);
    let (mut rates, mut done, mut latest) = (Vec::new(), core.store.ledger_folded().await?.min(records), 0.0_f64);
    while done < records {
        let now = slice.min(records - done);
        let began = Instant::now();
        let behind = traffic.append(&core, &clock, done..done + now).await?;
        let rate = now as f64 / began.elapsed().as_secs_f64();
        latest = latest.max(behind as f64 / rate);
        rates.push(rate);
        done += now;
    }
    clock.end();
    if let [first, .., last] = rates[..] {
        println!("append: {first:.0}/s in the first {slice}, {last:.0}/s in the last of {records}, {:.2}", last / first);
        println!("sequencer: at most {latest:.2} s behind");
        let each: Vec<_> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
        println!("append by {slice}: {}", each.join(" "));
    }

    core.recorder.fold_now().await?;
    let (indexed, folded) = core.store.index_ends().await?;
    let began = Instant::now();
    let segments = kept(&core).await?;
    println!(
        "index: {} records behind when the last was appended, there after {:.1?}; {segments} segments",
        folded - indexed,
        began.elapsed()
    );
    let (indexed, _) = core.store.index_ends().await?;
    let (bytes, blocks) = core.store.index_size().await?;
    let postings = (indexed * (SHOWN as u64 + 1)) as f64;
    println!("index: {blocks} blocks, {:.2} bytes per posting", bytes as f64 / postings);
    disk::tell(folder, database_url.as_deref(), records, postings).await?;

    let url = database_url.unwrap_or_else(|| format!("sqlite://{}?mode=ro", folder.join("ledger.db").display()));
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).min_connections(1).test_before_acquire(false).sqlx_logging(false);
    questions::ask(&core, &traffic, &Database::connect(options).await?).await?;
    verified::verify(&core, folder).await?;
    core.recorder.stop().await;
    Ok(())
}

/// Waits until the index has nothing to do; returns how many segments it has.
async fn kept(core: &Core) -> Result<usize, Failed> {
    let mut quiet = 0;
    loop {
        let (before, (indexed, folded)) = (core.store.index_segments().await?, core.store.index_ends().await?);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let done = folded - indexed < segment() && core.store.index_segments().await? == before;
        quiet = if done { quiet + 1 } else { 0 };
        if quiet == 2 {
            return Ok(before.len());
        }
    }
}

/// Entries of a new segment.
fn segment() -> u64 {
    leadkeep::audit::Settings::default().index_segment
}
