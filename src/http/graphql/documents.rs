//! Trusted documents: with a folder of them, nothing else is executed.

use std::{collections::HashMap, path::Path, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::call::Call;
use crate::policy::{Code, Refusal};

/// The documents that may be executed, by the SHA-256 of their text in hexadecimal; `None` allows every document.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Documents(Option<HashMap<String, Arc<str>>>);

impl Documents {
    /// Reads every `*.graphql` of the folder; each file is one document.
    pub(in crate::http) fn read(folder: &Path) -> std::io::Result<Self> {
        let mut known = HashMap::new();
        for entry in std::fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "graphql") {
                let text = std::fs::read_to_string(&file)?;
                known.insert(hash(&text), text.into());
            }
        }
        Ok(Self(Some(known)))
    }

    /// How many there are; `None` if every document is allowed.
    pub(in crate::http) fn count(&self) -> Option<usize> {
        self.0.as_ref().map(HashMap::len)
    }

    /// The text of what is called: found by `extensions.persistedQuery.sha256Hash`, by `documentId`, or sent in full.
    pub(super) fn resolve(&self, call: &mut Call) -> Result<Arc<str>, Refusal> {
        let sent = call.query.take().filter(|text| !text.is_empty());
        let named = call.document_hash();
        let Some(known) = &self.0 else {
            return sent.map(Into::into).ok_or_else(|| Refusal::bad_input("The request has no `query`."));
        };
        let key = match (named, &sent) {
            (Some(named), _) => named,
            (None, Some(text)) => hash(text),
            (None, None) => return Err(Refusal::bad_input("The request has no `query` and names no document.")),
        };
        let found = known.get(&key).filter(|text| sent.as_deref().is_none_or(|sent| sent == &***text));
        found.cloned().ok_or_else(|| Refusal::new(Code::Forbidden, "This server executes trusted documents only, and this is none."))
    }
}

fn hash(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
