//! `leadkeep ledger check-receipt`.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use leadkeep::{
    app::{
        bundle,
        receipt_check::{self, KeptProof, Promised},
    },
    ledger::Receipt,
    server,
};

use super::{Exit, Failure, Global, PublicKey, output, read};

const AFTER_HELP: &str = "\
A receipt comes with every answer, in `extensions.confidentiality.receipt` or the header `X-Access-Receipt`. It is a signed promise that \
the record of that answer is in the log. Keep it: with it you can show later that the record is there, or that it was left out.

RECEIPT is a file with the whole answer, its extensions, the receipt alone, the header's four words, or an exported CSV file; `-` reads \
it from standard input. It is looked for in the database, or with --bundle in a bundle, which needs no database. Whoever \
has neither asks the server with the receipt, without signing in, and checks its answer with --proof.

Exit code 0: the record is in the log, and the proof is printed. 3: it was left out or replaced, and the receipt proves it. \
1: cannot be told; the message says why.

Examples:
  leadkeep ledger check-receipt answer.json
  leadkeep ledger check-receipt answer.json --bundle evidence --public-key kept/ledger.pub
  curl -sG https://…/ledger/proof --data-urlencode 'receipt=EPOCH RSEQ LEAF SIGNATURE' > proof.json
  leadkeep ledger check-receipt answer.json --proof proof.json --public-key kept/ledger.pub";

/// Find the record that a kept receipt promises, or show that it was left out
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckReceipt {
    /// The receipt that was kept
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    /// Look in this bundle instead of the database
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Check this proof, which the server gave, instead of the database
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    proof: Option<PathBuf>,
    #[command(flatten)]
    key: PublicKey,
}

impl CheckReceipt {
    pub(super) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let text = if self.receipt == Path::new("-") {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::failed(format!("standard input: {error}")))?;
            text
        } else {
            read(&self.receipt)?
        };
        let none = || Failure::failed(format!("{} holds no receipt", self.receipt.display()));
        let receipt = Receipt::parse(&text).ok_or_else(none)?;
        match (&self.bundle, &self.proof) {
            (Some(folder), _) => self.in_bundle(folder, &receipt),
            (None, Some(file)) => self.by_proof(global, file, &receipt),
            (None, None) => self.in_database(global, &receipt).await,
        }
    }

    async fn in_database(&self, global: &Global, receipt: &Receipt) -> Result<Exit, Failure> {
        let settings = global.settings(Vec::new())?;
        let key = self.key.or_own(&settings)?;
        let store = server::open_store(&settings, 2).await?;
        match receipt_check::check(&store, &key, receipt).await? {
            Promised::Unsigned => Err(unsigned()),
            Promised::Waiting => Err(Failure::failed(
                "recorded, but no signed tree head covers it yet: a running server signs one within a second; try again",
            )),
            Promised::Kept(proof) => Ok(told(receipt, &proof)),
            Promised::LeftOut => Ok(left_out(receipt, "the log does not have it: it was left out or removed")),
            Promised::Replaced => Ok(left_out(receipt, "another record stands in its place")),
            Promised::Unproven => {
                Ok(left_out(receipt, "it is stored, but the tree that was signed does not hold it; run `leadkeep ledger verify`"))
            }
        }
    }

    /// A proof that the server gave.
    fn by_proof(&self, global: &Global, file: &Path, receipt: &Receipt) -> Result<Exit, Failure> {
        let key = self.key.or_own(&global.settings(Vec::new())?)?;
        if !receipt.is_signed_by(&key) {
            return Err(unsigned());
        }
        let proof = serde_json::from_str::<KeptProof>(&read(file)?).ok();
        let holds = proof.filter(|proof| proof.holds(&key, receipt).is_some());
        let holds = holds.ok_or_else(|| Failure::failed(format!("{} does not prove that the record is in the log", file.display())))?;
        Ok(told(receipt, &holds))
    }

    fn in_bundle(&self, folder: &Path, receipt: &Receipt) -> Result<Exit, Failure> {
        let key = self.key.or_of_bundle(folder)?;
        if !receipt.is_signed_by(&key) {
            return Err(unsigned());
        }
        let failed = |error| Failure::failed(format!("{}: {error}", folder.display()));
        let checked = bundle::check(folder, &key, None, &mut |_, _| {}).map_err(failed)?;
        if let Some(fault) = checked.fault {
            return Err(Failure::failed(format!("the bundle itself is not as it was signed: {fault}")));
        }
        let from = checked.manifest.map_or(0, |manifest| manifest.from);
        match bundle::find(folder, from, receipt).map_err(failed)? {
            Ok(index) => {
                output::line(format!("in the log: {} is at index {index}", named(receipt)));
                Ok(Exit::Done)
            }
            Err(true) => Ok(left_out(receipt, "the bundle holds what came around it in its epoch, but not it")),
            Err(false) => Err(Failure::failed(format!(
                "{} is not in this bundle, which may begin after it or end before it; ask for a larger or a newer one",
                named(receipt)
            ))),
        }
    }
}

fn named(receipt: &Receipt) -> String {
    format!("record {} of epoch {}", receipt.rseq, receipt.epoch)
}

fn told(receipt: &Receipt, proof: &KeptProof) -> Exit {
    output::line(format!("in the log: {} is at index {}", named(receipt), proof.index));
    output::line(format!("leaf {}", STANDARD.encode(receipt.leaf)));
    for hash in &proof.hashes {
        output::line(format!("proof {hash}"));
    }
    output::line(format!("under this checkpoint:\n{}", proof.checkpoint.trim_end()));
    Exit::Done
}

fn unsigned() -> Failure {
    Failure::failed("the receipt is not signed by this key: it promises nothing")
}

fn left_out(receipt: &Receipt, how: &str) -> Exit {
    output::line(format!("LEFT OUT: {} was promised by a signed receipt, but {how}", named(receipt)));
    Exit::NotVerified
}
