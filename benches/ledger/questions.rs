//! What an auditor's questions cost, in look-ups by primary key.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use entity::ledger_entry;
use leadkeep::{
    app::{
        Core, Op,
        access_log::{self, LogFilter, Wanted, WhoSaw},
    },
    domain::{Client, Id, Subject, Timestamp, clock::DAY},
};
use sea_orm::{DatabaseConnection, EntityTrait};

use super::{
    Failed,
    fill::{LEADS, PEOPLE, Traffic, person, spread},
};

/// How often each question is asked.
const TIMES: u64 = 200;

/// Asks all of them. A look-up is one record by its primary key through SeaORM and this pool.
pub(super) async fn ask(core: &Arc<Core>, traffic: &Traffic, pool: &DatabaseConnection) -> Result<(), Failed> {
    let op = Op::open(Arc::clone(core), Subject::OPERATOR, Client::default(), None).await?;
    let end = core.now();
    let month = Timestamp(end.0 - 30 * DAY);
    let epoch = core.store.ledger_epoch_after(None).await?.ok_or("no epoch")?;
    let look_up = median(async |n| {
        let key = (epoch.0, spread(n, traffic.records) as i64);
        black_box(ledger_entry::Entity::find_by_id(key).one(pool).await?);
        Ok(())
    })
    .await?;
    println!("look-up by primary key: {look_up:?}");
    let own = median(async |n| {
        black_box(core.store.ledger_entries(epoch, spread(n, traffic.records), 1).await?);
        Ok(())
    })
    .await?;
    tell("look-up by primary key on the store's own path", own, look_up);
    for (name, since) in [("of a month", Some(month)), ("of all time", None)] {
        let seen = median(async |n| {
            let wanted = WhoSaw { lead: traffic.lead(spread(n, LEADS)), field: None, since, until: Some(end), before: None };
            black_box(access_log::who_saw(&op, wanted, 50, None).await?);
            Ok(())
        })
        .await?;
        tell(&format!("whoSaw {name}, first page"), seen, look_up);
    }
    // Another day each time, then always the same one: what a question looks at to find a time is remembered.
    for (name, days) in [("whose times were not looked at", 300), ("that was asked about before", 1)] {
        let found = median(async |n| {
            let since = Timestamp(end.0 - (5 + spread(n, days) as i64) * DAY + n as i64 % days as i64);
            let filter = LogFilter { since: Some(since), until: Some(Timestamp(since.0 + DAY)), ..LogFilter::default() };
            let wanted = Wanted { first: 50, after: None, oldest_first: false };
            black_box(access_log::access_log(&op, &filter, wanted).await?);
            Ok(())
        })
        .await?;
        tell(&format!("accessLog of a day {name}, first page"), found, look_up);
    }
    let exposed = median(async |n| {
        black_box(access_log::exposure(&op, Id(person(n % PEOPLE)), month, end).await?);
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
