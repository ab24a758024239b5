//! Moments as the file writes them (RFC 3339).

use crate::domain::Timestamp;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
/// One.
pub(super) fn moment<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

#[allow(clippy::ref_option, reason = "serde calls it so")]
/// One, or none.
pub(super) fn perhaps<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}
