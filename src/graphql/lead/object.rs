//! The keys of an object: planned once, written for every row.

use super::collect::Selected;

/// One key of an object and what to put there.
pub(super) struct Out<W> {
    /// The key with quotes and colon.
    pub(super) key: Vec<u8>,
    pub(super) what: W,
}

/// Keys of a selection, in its order. A name that `read` does not know cannot pass validation.
pub(super) fn outs<'d, W>(fields: Vec<Selected<'d>>, mut read: impl FnMut(&Selected<'d>) -> Option<W>) -> Vec<Out<W>> {
    fields.iter().filter_map(|selected| read(selected).map(|what| Out { key: key(selected.key), what })).collect()
}

fn key(name: &str) -> Vec<u8> {
    format!("\"{name}\":").into_bytes()
}

/// An object with a key for each of these.
pub(super) fn object<W>(out: &mut Vec<u8>, plan: &[Out<W>], mut value: impl FnMut(&mut Vec<u8>, &W)) {
    out.push(b'{');
    for (position, part) in plan.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&part.key);
        value(out, &part.what);
    }
    out.push(b'}');
}
