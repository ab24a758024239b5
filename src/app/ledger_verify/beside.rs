//! What lies beside the entries: variables and documents, which may be gone but not altered, and the policy revisions
//! and epochs that entries name.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use crate::{
    audit::record::{Detail, Entry, change_commitment},
    domain::{Digest, Id},
    ledger::Wrong,
    store::{Store, StoreError, ledger::DetailRow},
};

/// Documents or changes read at once; each document may be as large as a request.
const PAGE: u64 = 32;
/// How many altered documents are remembered until a record names one.
const ALTERED: usize = 1_024;

/// The state of the comparison.
pub(super) struct Beside<'s> {
    store: &'s Store,
    /// Names of documents whose text does not fit.
    altered: HashSet<Vec<u8>>,
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
                return Ok(Self { store, altered, revision: None });
            }
        }
    }

    /// In which way something beside the entry, whose erasable side is this, is wrong.
    pub(super) async fn wrong(&mut self, entry: &Entry, erasable: Erasable) -> Result<Option<Wrong>, StoreError> {
        let record = &entry.record;
        let fits = match erasable {
            Erasable::Gone => true,
            Erasable::Malformed => false,
            Erasable::Is(found) => record.detail == Some(found),
        };
        if !fits {
            return Ok(Some(Wrong::Detail));
        }
        if !self.changes_fit(entry).await? {
            return Ok(Some(Wrong::Change));
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

    /// Whether what is there of the before and after of the entry's changes is what it was sealed with.
    async fn changes_fit(&self, entry: &Entry) -> Result<bool, StoreError> {
        let (changed, from) = (&entry.record.changed, entry.record.changed_from);
        for (part, first) in changed.chunks(PAGE as usize).zip((from..).step_by(PAGE as usize)) {
            if part.iter().all(|changed| changed.commitment.is_none()) {
                continue;
            }
            for row in self.store.changes_of(entry.record.request, first, first + part.len() as u64).await? {
                let sealed = part.get((row.number - first) as usize);
                let found = change_commitment(&row.salt, row.before.as_deref(), row.after.as_deref());
                if sealed.is_none_or(|sealed| (&sealed.kind, &sealed.item, sealed.commitment) != (&row.kind, &row.item, Some(found))) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
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

/// The erasable side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Erasable {
    /// It never had one, or it was erased.
    Gone,
    /// There is something that can be none.
    Malformed,
    /// It comes to this.
    Is(Digest),
}

impl From<DetailRow> for Erasable {
    fn from(row: DetailRow) -> Self {
        let (Ok(salt), Ok(response)) = (row.salt.try_into(), row.response.map(TryInto::try_into).transpose()) else {
            return Self::Malformed;
        };
        Self::Is(Detail { salt, variables: row.variables, response }.commitment())
    }
}
