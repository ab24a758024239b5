//! What somebody who has not signed in may ask for: to sign in.

use async_graphql::parser::types::{ExecutableDocument, Selection};

use crate::policy::{Code, Refusal};

const OPEN: [&str; 3] = ["signIn", "refreshSession", "__typename"];

/// Whether every operation asks for nothing but the fields that sign in or go on with that.
pub(super) fn is_open(document: &ExecutableDocument) -> bool {
    asks_only_for(document, &OPEN)
}

/// Whether every operation signs in and does nothing else.
pub(super) fn signs_in(document: &ExecutableDocument) -> bool {
    asks_only_for(document, &["signIn"])
}

/// Fragments are not looked into: none is needed.
fn asks_only_for(document: &ExecutableDocument, fields: &[&str]) -> bool {
    let open = |selection: &Selection| matches!(selection, Selection::Field(field) if fields.contains(&field.node.name.node.as_str()));
    document.fragments.is_empty()
        && document.operations.iter().all(|(_, operation)| operation.node.selection_set.node.items.iter().all(|item| open(&item.node)))
}

/// The refusal of everything else.
pub(super) const fn closed() -> Refusal {
    Refusal {
        code: Code::Unauthenticated,
        message: std::borrow::Cow::Borrowed("Sign in first, and send the access token."),
        resets_at: None,
    }
}
