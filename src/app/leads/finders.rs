//! The normal forms and words under which a lead is found again.

use crate::domain::{Field, LeadKey, LeadValues, normal, words};

/// Keys and words of a lead with these values, each once.
pub fn finders(values: &LeadValues) -> (Vec<LeadKey>, Vec<(Field, String)>) {
    (normal::keys(values), words::index(values))
}
