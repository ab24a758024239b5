//! Which entries show a lead or are somebody's, and what accounts did by day: derived from the entries, never evidence.
//!
//! The *keeper* turns each few thousand entries that are in the tree into a *segment* of sorted blocks, and merges every eight
//! segments of a level into one of the next, so that a question touches few blocks however long the log is. What has no segment
//! yet is read from the entries themselves when somebody asks: the keeper may lag, an answer never does.

mod block;
mod gather;
pub mod keeper;
mod keeping;
mod look;
mod merge;

pub use gather::{CountedDays, Gathered, Only, count, each_term, terms, walk};
pub use look::{DaysOf, Index};
pub use merge::Postings;
