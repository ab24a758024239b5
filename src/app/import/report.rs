//! What an import tells while it runs and when it has ended.

use std::collections::BTreeMap;

use crate::{
    domain::{FieldSet, Id},
    import::{Column, Encoding, Format, Preset, Reader, Reject},
};

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that are not blank.
    pub rows: u64,
    /// Leads added.
    pub created: u64,
    /// Rows that added something to a lead.
    pub merged: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Rows not taken.
    pub rejected: u64,
}

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A new lead.
    Created,
    /// It added to a lead.
    Merged,
    /// The lead has all of it already.
    Unchanged,
    /// It is not taken, because it answers to several leads or contradicts one.
    Conflict,
}

/// One row's outcome, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The line it starts on.
    pub line: u64,
    /// What came of it.
    pub verdict: Verdict,
    /// The leads concerned that were in the list before.
    pub leads: Vec<Id>,
    /// The fields it fills or adds to.
    pub fields: FieldSet,
}

/// What an import did, or would do.
#[derive(Clone, Debug)]
pub struct Report {
    /// The import; the changes in the access log name it.
    pub id: Id,
    /// Whether it only looked.
    pub dry_run: bool,
    /// How many rows came to what.
    pub counts: Counts,
    /// What kind of file it was.
    pub format: Format,
    /// How bytes were read.
    pub encoding: Encoding,
    /// What separated cells.
    pub delimiter: u8,
    /// The system the file came from, if it was recognised.
    pub preset: Option<Preset>,
    /// What the columns meant.
    pub columns: Vec<Column>,
    /// The first rejects.
    pub rejects: Vec<Reject>,
    /// The first rows that meet leads of the list.
    pub preview: Vec<Preview>,
    /// Owners and teams of the file that are none here, with the number of their rows; at most a hundred.
    pub unknown_places: BTreeMap<String, u64>,
    /// How long it took (µs).
    pub duration: u64,
}

/// Somebody who looks on; may be slow, the import waits.
pub trait Watcher: Send {
    /// The file has been opened.
    fn opened(&mut self, file: &Reader) {
        let _ = file;
    }

    /// A row was not taken.
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()>;

    /// A chunk is done; `position` of `size` bytes are read.
    fn progress(&mut self, counts: &Counts, position: u64, size: u64) {
        let _ = (counts, position, size);
    }
}
