//! Documents that were read, bounded and normalised before: an app sends the same few all day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::parser::types::ExecutableDocument;

use super::engine::Passed;
use crate::{audit::record::OperationKind, graphql::order::Shape};

/// How many documents are remembered; when there are more, all are forgotten.
const MOST: usize = 512;
/// Longer texts are read anew each time.
const LONGEST: usize = 8_192;

/// A document ready for the engine.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The operation that was asked for.
    pub(super) asked_for: Option<String>,
    /// The document, normalised.
    pub(super) document: ExecutableDocument,
    /// The order of its answer.
    pub(super) shape: Arc<Shape>,
    /// Query or mutation.
    pub(super) kind: Option<OperationKind>,
    /// The operation's name as records keep it.
    pub(super) name: Option<String>,
    /// With what it passed validation.
    pub(super) passed: Passed,
}

/// Documents by their text. Only of callers who have signed in, and none that speaks of a secret.
#[derive(Debug, Default)]
pub(in crate::http) struct PreparedDocuments(Mutex<HashMap<Arc<str>, Arc<Prepared>>>);

impl PreparedDocuments {
    /// What is ready for this text and operation.
    pub(super) fn get(&self, text: &str, asked_for: Option<&str>) -> Option<Arc<Prepared>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(text).filter(|prepared| prepared.asked_for.as_deref() == asked_for).cloned()
    }

    /// Remembers it.
    pub(super) fn put(&self, text: Arc<str>, prepared: Arc<Prepared>) {
        if text.len() > LONGEST {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(text, prepared);
    }
}
