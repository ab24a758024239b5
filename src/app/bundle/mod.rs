//! Parts of the log as files that anybody can check with nothing else.

mod export;
mod parallel;
mod verify;

pub use export::{Plan, Rendered, Rendering, plan};
pub use verify::{Checked, Kept, check, find};

use crate::{
    audit::{record::Entry, render},
    domain::Digest,
};

/// Adds the line of [`LINES`](crate::ledger::bundle::LINES) for an entry, without its end.
fn write_line(index: u64, leaf: &Digest, entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"index\":");
    out.extend_from_slice(index.to_string().as_bytes());
    out.extend_from_slice(b",\"leafHash\":");
    render::digest(out, leaf);
    out.extend_from_slice(b",\"record\":");
    entry.write_json(out);
    out.push(b'}');
}
