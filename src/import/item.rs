//! What a file of leads turns out to hold, row by row.

use std::io;

use super::{rejects::Reject, row::Draft};

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It cannot be read from.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no list of leads; the text says why and what to do.
    #[error("{0}")]
    Content(String),
}

/// What a row turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A lead.
    Row(Box<Draft>),
    /// None, for these reasons.
    Rejected(Reject),
    /// Nothing but blanks.
    Blank,
}
