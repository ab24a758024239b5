//! What a row adds to a lead: it fills what is empty and appends to lists; it never takes away or replaces.

use crate::domain::{Field, FieldSet, KeyKind, LeadValue, LeadValues, normal};

/// The changes that the row makes to a lead, in those of its fields that are clear to whoever imports. Who is
/// responsible for a lead is not for a file to change.
pub fn merge(row: &LeadValues, lead: &LeadValues, clear: FieldSet) -> LeadValues {
    let mut changes = LeadValues::default();
    for (field, value) in &row.0 {
        let Some(value) = value else { continue };
        if !clear.contains(*field) || matches!(field, Field::Owner | Field::Team) {
            continue;
        }
        match (lead.0.get(field).and_then(Option::as_ref), value) {
            (None, value) => drop(changes.0.insert(*field, Some(value.clone()))),
            (Some(LeadValue::Text(known)), LeadValue::Text(more)) => {
                if let Some(longer) = list_kind(*field).and_then(|kind| append(kind, known, more)) {
                    changes.set_text(*field, longer);
                }
            }
            _ => {}
        }
    }
    changes
}

const fn list_kind(field: Field) -> Option<KeyKind> {
    match field {
        Field::Emails => Some(KeyKind::Email),
        Field::Phones => Some(KeyKind::Phone),
        Field::Tags => Some(KeyKind::Tag),
        _ => None,
    }
}

/// The list with those of `more` behind it that it has in no spelling; `None` if there are none.
fn append(kind: KeyKind, known: &str, more: &str) -> Option<String> {
    let mut keys: Vec<_> = known.lines().filter_map(|line| normal::key(kind, line)).collect();
    let mut longer = known.to_owned();
    for line in more.lines() {
        match normal::key(kind, line) {
            Some(key) if !keys.contains(&key) => {
                longer.push('\n');
                longer.push_str(line);
                keys.push(key);
            }
            _ => {}
        }
    }
    (longer.len() > known.len()).then_some(longer)
}
