//! What lies beside the entries: variables and documents, which may be gone but not altered, and the policy revisions
//! and epochs that entries name.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use crate::{
    audit::record::{Entry, commitment},
    domain::{Digest, Id},
    ledger::Wrong,
    store::{Store, StoreError, ledger::EntryRow},
};

/// Variables or documents read at once; each may be as large as a request.
const PAGE: u64 = 32;
/// How many altered documents are remembered until a record names one.
const ALTERED: usize = 1_024;

/// The state of the comparison; of variables it holds the hashes of one page of entries.
pub(super) struct Beside<'s> {
    store: &'s Store,
    /// Names of documents whose text does not fit.
    altered: HashSet<Vec<u8>>,
    /// Hashes of the variables beside the entries at hand, by number.
    variables: HashMap<u64, Digest>,
    /// The policy revision last asked for, and the hash stored of it.
    revision: Option<(i64, Option<Vec<u8>>)>,
}

impl<'s> Beside<'s> {
    /// Reads every document.
    pub(super) async fn new(store: &'s Store) -> Result<Self, StoreError> {
        let mut altered = HashSet::new();
        let mut after = Vec::new();
        loop {
            let documents = store.ledger_documents(&after, PAGE).await?;
            let full = documents.len() as u64 == PAGE;
            for (sha256, text) in documents {
                after.clone_from(&sha256);
                if Sha256::digest(&text)[..] != sha256[..] && altered.len() < ALTERED {
                    altered.insert(sha256);
                }
            }
            if !full {
                return Ok(Self { store, altered, variables: HashMap::new(), revision: None });
            }
        }
    }

    /// Reads the variables beside these entries of one epoch, which rise.
    pub(super) async fn page(&mut self, epoch: Id, rows: &[EntryRow]) -> Result<(), StoreError> {
        self.variables.clear();
        let [Some(first), Some(last)] = [rows.first(), rows.last()] else { return Ok(()) };
        let mut next = first.rseq;
        while next <= last.rseq {
            let details = self.store.ledger_details(epoch, next, last.rseq, PAGE).await?;
            next = match details.last() {
                Some((rseq, ..)) if details.len() as u64 == PAGE => rseq + 1,
                _ => last.rseq + 1,
            };
            self.variables.extend(details.iter().map(|(rseq, salt, text)| (*rseq, commitment(salt, text))));
        }
        Ok(())
    }

    /// In which way something beside the entry is wrong; it must be one of the page.
    pub(super) async fn wrong(&mut self, entry: &Entry) -> Result<Option<Wrong>, StoreError> {
        let record = &entry.record;
        if self.variables.get(&entry.rseq).is_some_and(|found| record.operation.variables != Some(*found)) {
            return Ok(Some(Wrong::Variables));
        }
        if record.operation.document.is_some_and(|sha256| self.altered.contains(&sha256[..])) {
            return Ok(Some(Wrong::Document));
        }
        // Before the first revision there is none to compare with.
        if record.policy_revision == 0 {
            return Ok(None);
        }
        if self.revision.as_ref().is_none_or(|(number, _)| *number != record.policy_revision) {
            self.revision = Some((record.policy_revision, self.store.policy_sha256(record.policy_revision).await?));
        }
        let stored = self.revision.as_ref().and_then(|(_, sha256)| sha256.as_deref());
        Ok((stored != Some(&record.policy_sha256[..])).then_some(Wrong::Policy))
    }

    /// Whether the epoch is in the list of them, without which its entries get no place in the tree.
    pub(super) async fn lists(&self, epoch: Id) -> Result<bool, StoreError> {
        self.store.ledger_lists(epoch).await
    }

    /// Whether a document is altered, though perhaps no record names it.
    pub(super) fn has_altered(&self) -> bool {
        !self.altered.is_empty()
    }
}
