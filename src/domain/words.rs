//! Words of text, for search: lower case, letters and digits only.

use super::{Field, FieldSet, lead::LeadValues};

/// How many words one field contributes at most.
const PER_FIELD: usize = 24;
/// How many characters of a word count.
const LENGTH: usize = 40;

/// The fields that search looks into.
pub fn searchable() -> FieldSet {
    [
        Field::Company,
        Field::Industry,
        Field::Country,
        Field::FirstName,
        Field::LastName,
        Field::Title,
        Field::City,
        Field::Tags,
        Field::Reference,
        Field::Emails,
    ]
    .into_iter()
    .collect()
}

/// The words of a text, in order, each as often as it stands there.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().flat_map(char::to_lowercase).take(LENGTH).collect())
}

/// The words under which a lead with these values is found, with the field each stands in.
pub fn index(values: &LeadValues) -> Vec<(Field, String)> {
    let mut found = Vec::new();
    for field in searchable().iter() {
        found.extend(words(values.text(field).unwrap_or_default()).take(PER_FIELD).map(|word| (field, word)));
    }
    found.sort();
    found.dedup();
    found
}
