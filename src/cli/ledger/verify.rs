//! `leadkeep ledger verify`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use leadkeep::{
    app::{
        bundle::{self, Kept},
        ledger_verify::{self, Acknowledged, Report, Trust},
    },
    domain::{Clock as _, Timestamp, clock::SECOND},
    ledger::{Checkpoint, WitnessKey, bundle::CHECKPOINT, key::Public},
    server,
    store::ledger::outside::Attester,
    system::SystemClock,
};

use super::{Exit, Failure, Global, PublicKey, bar, counted, origin, output, read};

const AFTER_HELP: &str = "\
Recomputes every hash, every link of every chain, the place of every entry in the tree, every tile and every signed tree head from \
what the database holds, and names the first record that is wrong. It writes nothing and may run beside a server, or on a copy.

Records that were archived are read from the archive, each file whole; a segment that is missing or altered is named by its first record.

With BUNDLE, a folder that `ledger export` made, it checks that with nothing else: no database, no settings.

Whoever holds both the database and the key can rewrite history so that it fits. Keep the public key (`leadkeep ledger key`) and \
checkpoints (what `/ledger/checkpoint` serves) or receipts elsewhere, and give them here: with --checkpoint, a log that was cut off \
before it, or rewritten, is told from one that has only grown.

A witness's signature says that the log had only grown up to that head, whoever holds the key: with --witness it must be there.

Exit code 0: as it was written. 3: something is wrong. 1: could not be read, or not be compared.

Examples:
  leadkeep ledger verify --public-key kept/ledger.pub --checkpoint kept/checkpoint
  leadkeep ledger verify evidence-2026 --public-key kept/ledger.pub";

/// Recompute the ledger, or a bundle of it, and name the first record that is wrong
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Verify {
    /// A bundle to check instead of the database
    #[arg(value_name = "BUNDLE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    key: PublicKey,
    /// A checkpoint that was kept: the log must still be the one it is of
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// A witness that must have signed: the bundle's checkpoint, or the newest one that the database says it signed; may be repeated
    #[arg(long = "witness", value_name = "KEY", value_parser = witness_key)]
    witnesses: Vec<WitnessKey>,
}

fn witness_key(text: &str) -> Result<WitnessKey, &'static str> {
    WitnessKey::parse(text).ok_or("must be name+id+key, as `leadkeep witness` prints it")
}

impl Verify {
    pub(super) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        if let Some(folder) = &self.bundle {
            let key = self.key.or_of_bundle(folder)?;
            let kept = self.kept(&key)?;
            let exit = check(folder, &key, kept.as_ref())?;
            if exit != Exit::Done || self.witnesses.is_empty() {
                return Ok(exit);
            }
            let note = read(&folder.join(CHECKPOINT))?;
            return Ok(witnessed(&self.witnesses, |_| Some(&note)));
        }
        let settings = global.settings(Vec::new())?;
        let key = self.key.or_own(&settings)?;
        let kept = self.kept(&key)?;
        let store = server::open_store(&settings, 2).await?;
        let bar = bar(0);
        let mut progress = |progress: ledger_verify::Progress| {
            bar.set_length(progress.of.max(progress.entries));
            bar.set_position(progress.entries);
        };
        let origin = origin(&settings, &key);
        let trust = Trust { key: &key, origin: Some(&origin), kept: kept.as_ref() };
        let report = ledger_verify::verify(&store, trust, SystemClock.now(), &mut progress).await?;
        bar.finish_and_clear();
        let exit = tell(&report);
        if let (Exit::Done, Some(kept)) = (exit, &kept) {
            output::line(format!("the checkpoint kept, of {}, is of this log", counted((kept.size, "record"))));
        }
        if exit != Exit::Done {
            return Ok(exit);
        }
        let mut notes = HashMap::new();
        for witness in &self.witnesses {
            if let Some(size) = store.newest_attested(Some(Attester::Witness), Some(&witness.name)).await? {
                let note = store.ledger_checkpoint(Some(size)).await?.filter(|(found, _)| *found == size);
                let lines = store.attestations(size).await?.into_iter().filter(|one| one.kind == Attester::Witness);
                let lines: String = lines.map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
                notes.extend(note.map(|(_, note)| (witness.name.clone(), note + &lines)));
            }
        }
        Ok(witnessed(&self.witnesses, |witness| notes.get(&witness.name)))
    }

    /// The checkpoint that was kept.
    fn kept(&self, key: &Public) -> Result<Option<Checkpoint>, Failure> {
        let Some(file) = &self.checkpoint else { return Ok(None) };
        let unsigned = || Failure::failed(format!("{} is no checkpoint that this key signed", file.display()));
        Checkpoint::open(&read(file)?, key).map(Some).ok_or_else(unsigned)
    }
}

/// Whether each witness has signed the note that it is said to have signed.
fn witnessed<'n>(witnesses: &[WitnessKey], note: impl Fn(&WitnessKey) -> Option<&'n String>) -> Exit {
    for witness in witnesses {
        let note = note(witness);
        let signed = note.and_then(|note| Some((note.lines().nth(1)?, witness.cosigned(note)?)));
        let Some((size, time)) = signed else {
            output::line(format!("NOT VERIFIED: {} has not signed", witness.name));
            return Exit::NotVerified;
        };
        let at = Timestamp(i64::try_from(time).unwrap_or(i64::MAX).saturating_mul(SECOND));
        output::line(format!("witnessed up to size {size} by {}, {at}", witness.name));
    }
    Exit::Done
}

fn check(folder: &Path, key: &Public, kept: Option<&Checkpoint>) -> Result<Exit, Failure> {
    let bar = bar(0);
    let mut progress = |entries, of| {
        bar.set_length(of);
        bar.set_position(entries);
    };
    let checked = bundle::check(folder, key, kept, &mut progress);
    let checked = checked.map_err(|error| Failure::failed(format!("{}: {error}", folder.display())))?;
    bar.finish_and_clear();
    if let (Some(manifest), Some(head)) = (&checked.manifest, &checked.checkpoint) {
        output::line(format!("{}, from index {} of {}", counted((checked.entries, "record")), manifest.from, head.size));
        output::line(format!("root {}", STANDARD.encode(head.root)));
        output::line(format!("signed as {}", head.origin));
    }
    if let Some(fault) = checked.fault {
        output::line(format!("NOT VERIFIED: {fault}"));
        return Ok(Exit::NotVerified);
    }
    output::line("verified: every record of the bundle is as it was signed");
    match checked.kept {
        Some(Kept::Same) => output::line("the checkpoint kept is of this log"),
        Some(Kept::Untold) => {
            return Err(Failure::failed(
                "the bundle cannot be compared with the checkpoint kept: export one that begins before it and ends after it",
            ));
        }
        None => {}
    }
    Ok(Exit::Done)
}

fn tell(report: &Report) -> Exit {
    let Report { entries, folded, epochs, checkpoints, outstanding, .. } = report;
    let [records, epochs, heads] = [(*entries, "record"), (*epochs, "epoch"), (*checkpoints, "signed head")].map(counted);
    output::line(format!("{records} in {epochs}; {folded} in the tree, under {heads}"));
    if report.archived > 0 {
        output::line(format!("of these, in the archive: {}", counted((report.archived, "record"))));
    }
    if *outstanding > 0 {
        let changes = counted((*outstanding, "change"));
        output::line(format!(
            "waiting in the outbox for their records: {changes}; a server that runs writes them, or the next that starts"
        ));
    }
    for Acknowledged { breach, at, index, fault } in &report.acknowledged {
        let place = index.map_or(String::new(), |index| format!(" (index {index})"));
        output::line(format!("acknowledged by the operator {at}{place}: {}", breach.told()));
        if let Some(fault) = fault {
            output::line(format!("  still so: {fault}"));
        }
    }
    match &report.fault {
        None => {
            output::line(format!("size {folded}"));
            output::line(format!("root {}", STANDARD.encode(report.root)));
            if let Some(origin) = &report.origin {
                output::line(format!("signed as {origin}"));
            }
            let but = if report.acknowledged.is_empty() { "" } else { ", but for what was acknowledged" };
            output::line(format!("verified: everything is as it was written{but}"));
            Exit::Done
        }
        Some(fault) => {
            output::line(format!("NOT VERIFIED: {fault}"));
            Exit::NotVerified
        }
    }
}
