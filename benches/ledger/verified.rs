//! `ledger verify` beside nothing but SHA-256 over the same bytes.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use leadkeep::{
    app::{
        Core,
        ledger_verify::{Trust, verify as verify_all},
    },
    domain::Id,
};
use sha2::{Digest as _, Sha256};

use super::Failed;

/// Entries read at once.
const PAGE: u64 = 4_096;

/// Verifies the whole ledger.
pub(super) async fn verify(core: &Core) -> Result<(), Failed> {
    let (mut bytes, mut hashing, mut next) = (0, Duration::ZERO, Some(Id(0)));
    while let Some(epoch) = core.store.ledger_epoch_after(next).await? {
        let mut from = 0;
        loop {
            let rows = core.store.ledger_entries(epoch, from, PAGE).await?;
            let Some(last) = rows.last() else { break };
            from = last.rseq + 1;
            let began = Instant::now();
            for row in &rows {
                black_box(Sha256::digest(&row.body));
            }
            hashing += began.elapsed();
            bytes += rows.iter().map(|row| row.body.len()).sum::<usize>();
        }
        next = Some(epoch);
    }
    let (before, began) = (resident()?, Instant::now());
    let key = core.recorder.key().public();
    let report = verify_all(&core.store, Trust { key: &key, origin: None, kept: None }, core.now(), &mut |_| {}).await?;
    let took = began.elapsed();
    if let Some(fault) = report.fault {
        return Err(format!("the ledger does not verify: {fault}").into());
    }
    let speed = |took: Duration| bytes as f64 / 1e6 / took.as_secs_f64();
    println!(
        "verify: {} records, {:.0} MB/s; SHA-256 of the same bytes {:.0} MB/s; {:.3}; {:.1} µs a record; resident memory {before} -> {} MiB",
        report.entries,
        speed(took),
        speed(hashing),
        hashing.as_secs_f64() / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / report.entries as f64,
        resident()?
    );
    Ok(())
}

/// Memory in use (MiB).
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}
