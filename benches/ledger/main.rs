//! A long access log: how fast it grows, what its index takes, what an auditor's questions cost beside one look-up by primary key.
//!
//! ```text
//! cargo bench --bench ledger -- [RECORDS [DATABASE_URL]]
//! ```
//! Records show 20 of a million leads each, spread over a year and 200 people. SQLite in a temporary folder, unless a PostgreSQL
//! database without tables is given.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a report for people")]

mod fill;
mod founded;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use leadkeep::{
    app::{
        Core, Op,
        access_log::{self, WhoSaw},
    },
    domain::{Client, Id, Subject, Timestamp, clock::DAY},
};

use fill::{LEADS, PEOPLE, Traffic};

type Failed = Box<dyn std::error::Error>;

/// How often each question is asked.
const TIMES: u64 = 200;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let records = arguments.first().map_or(Ok(1_000_000), |text| text.parse())?;
    tokio::runtime::Runtime::new()?.block_on(run(records, arguments.get(1).cloned()))
}

async fn run(records: u64, database_url: Option<String>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(fill::YearClock::default());
    let core = founded::core(folder.path(), database_url, Arc::clone(&clock)).await?;
    let traffic = Traffic::new(records);

    let slice = (records / 10).clamp(1, 100_000);
    let (mut rates, mut done) = (Vec::new(), 0);
    while done < records {
        let now = slice.min(records - done);
        let began = Instant::now();
        traffic.append(&core, &clock, done..done + now).await?;
        rates.push(per_second(now, began.elapsed()));
        done += now;
    }
    println!("append: {:.0}/s in the first {slice}, {:.0}/s in the last of {records}", rates[0], rates[rates.len() - 1]);

    core.recorder.fold_now().await?;
    let (indexed, folded) = core.store.index_ends().await?;
    let began = Instant::now();
    let segments = kept(&core).await?;
    println!(
        "index: {} records behind when the last was appended, there after {:?}; {segments} segments",
        folded - indexed,
        began.elapsed()
    );
    let (indexed, _) = core.store.index_ends().await?;
    let (bytes, blocks) = core.store.index_size().await?;
    let postings = indexed * (fill::SHOWN as u64 + 1);
    println!("index: {blocks} blocks, {:.2} bytes per posting", bytes as f64 / postings as f64);

    questions(&core, &traffic).await?;
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

async fn questions(core: &Arc<Core>, traffic: &Traffic) -> Result<(), Failed> {
    let op = Op::open(Arc::clone(core), Subject::OPERATOR, Client::default(), None).await?;
    let end = core.now();
    let month = Timestamp(end.0 - 30 * DAY);
    let epoch = core.store.ledger_epoch_after(None).await?.ok_or("no epoch")?;
    let look_up = median(async |n| {
        black_box(core.store.ledger_entries(epoch, fill::spread(n, traffic.records), 1).await?);
        Ok(())
    })
    .await?;
    println!("look-up by primary key: {look_up:?}");
    for (name, since) in [("of a month", Some(month)), ("of all time", None)] {
        let seen = median(async |n| {
            let wanted = WhoSaw { lead: traffic.lead(fill::spread(n, LEADS)), field: None, since, until: Some(end), before: None };
            black_box(access_log::who_saw(&op, wanted, 50, None).await?);
            Ok(())
        })
        .await?;
        tell(&format!("whoSaw {name}, first page"), seen, look_up);
    }
    let exposed = median(async |n| {
        black_box(access_log::exposure(&op, Id(fill::person(n % PEOPLE)), month, end).await?);
        Ok(())
    })
    .await?;
    tell("exposure of a month", exposed, look_up);
    Ok(())
}

fn tell(what: &str, took: Duration, look_up: Duration) {
    println!("{what}: {took:?}, {:.1} look-ups", took.as_secs_f64() / look_up.as_secs_f64());
}

/// The median of so many, after a few that do not count.
async fn median(ask: impl AsyncFn(u64) -> Result<(), Failed>) -> Result<Duration, Failed> {
    let mut took = Vec::new();
    for n in 0..TIMES {
        let began = Instant::now();
        ask(n).await?;
        took.push(began.elapsed());
    }
    let mut counted = took.split_off(TIMES as usize / 10);
    counted.sort_unstable();
    Ok(counted[counted.len() / 2])
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
