//! What a witness remembers: its key, and of each log the head it cosigned last, in a folder of its own.

use std::{
    collections::BTreeMap,
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Random, clock::random_bytes},
    ledger::{Checkpoint, LedgerKey, bundle, witness::Seen},
    store::{StoreError, private},
};

const KEY: &str = "witness.pem";
const SEEN: &str = "seen.json";

/// The head of a log that was cosigned last, as the file has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    size: u64,
    /// Base64.
    root: String,
    /// The note as the log signed it: evidence, should it ever deny it.
    note: String,
}

/// The memory, which is this process's alone.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    kept: BTreeMap<String, Kept>,
    /// Locked as long as it is open.
    _held: File,
}

impl Memory {
    /// Opens the folder; one that is empty or missing gets a key and a memory of nothing. A folder whose memory is gone is
    /// refused: with the same key two histories could be signed.
    pub fn open(folder: &Path, random: &dyn Random) -> Result<(Self, LedgerKey), StoreError> {
        let (key_file, file) = (folder.join(KEY), folder.join(SEEN));
        let failed = |file: &Path, error| StoreError::File(file.display().to_string(), error);
        let unsafe_because = |file: &Path, why: &str| StoreError::Unsafe(format!("{}: {why}", file.display()));
        if !key_file.exists() {
            if !file.exists() {
                private::replace_file(&file, b"{}\n")?;
            }
            let pem = LedgerKey::from_seed(&random_bytes(random)).to_pem();
            let pem = pem.map_err(|error| unsafe_because(&key_file, &error.to_string()))?;
            private::replace_file(&key_file, pem.as_bytes())?;
        }
        let held = File::open(&key_file).map_err(|error| failed(&key_file, error))?;
        held.try_lock().map_err(|_| unsafe_because(folder, "another witness runs on this folder"))?;
        let pem = std::fs::read_to_string(&key_file).map_err(|error| failed(&key_file, error))?;
        let key = LedgerKey::from_pem(&pem).map_err(|error| unsafe_because(&key_file, &error.to_string()))?;
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let why = "is missing beside a key that has signed; begin with an empty folder, which is another witness";
                return Err(unsafe_because(&file, why));
            }
            Err(error) => return Err(failed(&file, error)),
        };
        let kept = serde_json::from_slice(&text).map_err(|error| unsafe_because(&file, &error.to_string()))?;
        Ok((Self { file, kept, _held: held }, key))
    }

    /// The head of this log that was cosigned last; `None` if what is remembered cannot be read.
    pub fn seen(&self, origin: &str) -> Option<Seen> {
        match self.kept.get(origin) {
            None => Some(Seen::default()),
            Some(kept) => Some(Seen { size: kept.size, root: bundle::digest(&kept.root)? }),
        }
    }

    /// The note of that head as it was submitted; `None` if no head of this log was ever cosigned.
    pub fn note(&self, origin: &str) -> Option<&str> {
        self.kept.get(origin).map(|kept| &kept.note[..])
    }

    /// Remembers a head; once this returns, the disk has it.
    pub fn keep(&mut self, head: &Checkpoint, note: &str) -> Result<(), StoreError> {
        let kept = Kept { size: head.size, root: STANDARD.encode(head.root), note: note.to_owned() };
        let before = self.kept.insert(head.origin.clone(), kept);
        let text = serde_json::to_vec_pretty(&self.kept).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let written = private::replace_file(&self.file, &text);
        if written.is_err() {
            // The file may have either; what was not signed counts as not seen.
            match before {
                Some(before) => self.kept.insert(head.origin.clone(), before),
                None => self.kept.remove(&head.origin),
            };
        }
        written
    }
}
