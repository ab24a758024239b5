//! The normal forms and words under which a lead is found again.

use crate::{
    domain::{LeadValues, normal, words},
    store::leads::Finders,
};

/// Keys and words of a lead with these values, each once.
pub fn finders(values: &LeadValues) -> Finders {
    (normal::keys(values), words::index(values))
}
