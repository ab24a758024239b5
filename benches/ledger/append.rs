//! Appends beside plain inserts of the same bytes, in turn; and four recorders on one database beside one.

use std::{sync::Arc, time::Duration};

use leadkeep::{
    app::Core,
    audit::codec::{self, Place},
    domain::Id,
};

use super::{
    Failed,
    clients::{self, Went},
    fill::{Traffic, YearClock},
    founded,
    plain::Plain,
};

/// Callers at a time.
const CALLERS: usize = 64;
/// How often each takes its turn, for how long.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(3);

/// Measures both.
pub(super) async fn run(database_url: Option<String>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(YearClock::default());
    let core = founded::core(folder.path(), database_url.clone(), Arc::clone(&clock), founded::BATCH).await?;
    let traffic = Arc::new(Traffic::new(100_000_000, [1; 32]));
    let plain = Plain::open(folder.path(), database_url.as_deref()).await?;
    let body = body(&traffic);
    println!("{} bytes a record, {CALLERS} callers, {ROUNDS} rounds of {TURN:?}", body.len());

    let (mut ratios, mut from) = (Vec::new(), 0);
    let one = [Arc::clone(&core)];
    for round in 0..ROUNDS {
        let first = if round % 2 == 0 { Some(inserted(&plain, &body).await?) } else { None };
        let recorded = appended(&one, &traffic, &mut from).await?;
        let inserted = match first {
            Some(first) => first,
            None => inserted(&plain, &body).await?,
        };
        println!("plain {inserted}; records {recorded}; {:.2}", recorded.rate / inserted.rate);
        ratios.push(recorded.rate / inserted.rate);
    }
    println!("records for plain inserts, median of rounds: {:.2}", middle(&mut ratios));

    if database_url.is_some() {
        let mut servers = vec![Arc::clone(&core)];
        for _ in 1..4 {
            servers.push(founded::another(folder.path(), database_url.clone(), Arc::clone(&clock)).await?);
        }
        let mut ratios = Vec::new();
        for round in 0..ROUNDS {
            let first = if round % 2 == 0 { Some(appended(&servers[..1], &traffic, &mut from).await?) } else { None };
            let four = appended(&servers, &traffic, &mut from).await?;
            let one = match first {
                Some(first) => first,
                None => appended(&servers[..1], &traffic, &mut from).await?,
            };
            println!("one server {one}; four {four}; {:.2}", four.rate / one.rate);
            ratios.push(four.rate / one.rate);
        }
        println!("four servers for one, median of rounds: {:.2}", middle(&mut ratios));
        for server in &servers[1..] {
            server.recorder.stop().await;
        }
    }
    core.recorder.stop().await;
    Ok(())
}

/// Inserts plain rows.
async fn inserted(plain: &Plain, body: &[u8]) -> Result<Went, Failed> {
    let (plain, body) = (plain.clone(), body.to_vec());
    let act = move |_, _| {
        let (plain, body) = (plain.clone(), body.clone());
        async move { plain.insert(body).await }
    };
    clients::call(CALLERS, TURN, None, act).await
}

/// Appends through these servers, each with as many of the callers.
async fn appended(servers: &[Arc<Core>], traffic: &Arc<Traffic>, from: &mut u64) -> Result<Went, Failed> {
    let (servers, traffic, first) = (servers.to_vec(), Arc::clone(traffic), *from);
    let act = move |caller: usize, number| {
        let (core, draft) = (Arc::clone(&servers[caller % servers.len()]), traffic.draft(first + number));
        async move { core.recorder.append(draft).await.map(drop).map_err(|error| error.to_string()) }
    };
    let went = clients::call(CALLERS, TURN, None, act).await?;
    *from += (went.rate * TURN.as_secs_f64() * 2.0) as u64;
    Ok(went)
}

/// What is stored of a record.
fn body(traffic: &Traffic) -> Vec<u8> {
    let place = Place { epoch: Id(1 << 60), rseq: 1 << 20, previous: [7; 32], follows: None, numbers: Vec::new() };
    codec::place(&place, &codec::encode(&traffic.draft(1).record))
}

/// The median.
pub(super) fn middle(numbers: &mut [f64]) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
