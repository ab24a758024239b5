//! `ledger verify`, of the whole log and of a bundle of it, beside nothing but SHA-256 over the same bytes.

use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use leadkeep::{
    app::{
        Core, Op, bundle,
        ledger_verify::{Trust, verify as verify_all},
    },
    domain::{Client, Id, Subject},
};
use sha2::{Digest as _, Sha256};

use super::Failed;

/// Entries read at once.
const PAGE: u64 = 4_096;
/// Records of the bundle at most: each takes two kilobytes of disk.
const BUNDLE: u64 = 1_000_000;

/// Verifies the whole ledger, then a bundle of it all in this folder.
pub(super) async fn verify(core: &Arc<Core>, folder: &Path) -> Result<(), Failed> {
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
    let hashed = bytes as f64 / 1e6 / hashing.as_secs_f64();
    println!("{}", told("verify", (report.entries, bytes), took, hashed, before)?);

    let op = Op::open(Arc::clone(core), Subject::OPERATOR, Client::default(), None).await.map_err(|error| error.to_string())?;
    let to = folder.join("bundle");
    let plan = bundle::plan(&op, report.folded.saturating_sub(BUNDLE), None).await.map_err(|error| error.to_string())?;
    plan.write(core, &to, &mut |_| {}).await.map_err(|error| error.to_string())?;
    let (before, began) = (resident()?, Instant::now());
    let checked = bundle::check(&to, &key, None, &mut |_, _| {})?;
    let took = began.elapsed();
    if let Some(fault) = checked.fault {
        return Err(format!("the bundle does not verify: {fault}").into());
    }
    let bytes = std::fs::metadata(to.join(leadkeep::ledger::bundle::ENTRIES))?.len() as usize;
    println!("{}", told("verify a bundle", (checked.entries, bytes), took, hashed, before)?);
    Ok(())
}

/// What it took, beside the speed of hashing alone (MB/s).
fn told(what: &str, (records, bytes): (u64, usize), took: Duration, hashed: f64, before: u64) -> Result<String, Failed> {
    let speed = bytes as f64 / 1e6 / took.as_secs_f64();
    let (each, after) = (took.as_secs_f64() * 1e6 / records as f64, resident()?);
    Ok(format!(
        "{what}: {records} records, {speed:.0} MB/s; SHA-256 of the same bytes {hashed:.0} MB/s; {:.3}; {each:.1} µs a record; \
         resident memory {before} -> {after} MiB",
        speed / hashed
    ))
}

/// Memory in use (MiB).
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}
