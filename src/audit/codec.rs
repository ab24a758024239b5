//! The record's bytes: deterministic CBOR (RFC 8949 § 4.2), integer keys.

use super::record::AccessRecord;

/// The record without its place in the chain, as the entries of a CBOR map with keys above those of the place.
pub fn encode(record: &AccessRecord) -> Vec<u8> {
    let _ = record;
    todo!()
}
