//! A plain reading of the rules, row by row: no SQL, no bits.

use std::cmp::Ordering;

use leadkeep::{
    domain::{Field, FieldSet, Filter, Id, LeadValue, LeadValues, Order, Test, words},
    policy::{PolicyDocument, Scope, mask},
};

use crate::{
    case::{CODES, ME, Spec},
    support::property::LEVELS,
};

/// Whether the windows of a role open for what was declared.
pub fn admitted(document: &PolicyDocument, role: i64, declared: Option<&str>) -> bool {
    let asked = document.requirements.get(&role);
    match declared {
        None => asked.is_none_or(|asked| !asked.purpose_required),
        Some(code) if document.purposes.get(code).is_none_or(|purpose| purpose.retired) => false,
        Some(code) => asked.is_none_or(|asked| asked.purposes.is_empty() || asked.purposes.iter().any(|admitted| admitted == code)),
    }
}

/// What the rules of the window algebra say of one row, read naively from the policy: the clear and masked fields, or
/// nothing if the row does not exist for the subject.
pub fn by_the_rules(document: &PolicyDocument, declared: Option<&str>, spec: &Spec) -> Option<(FieldSet, FieldSet)> {
    let level_of = |name: &str| LEVELS.iter().position(|level| *level == name).unwrap();
    let below = |root: i64| match root {
        1 => vec![1, 2, 3],
        2 => vec![2, 3],
        other => vec![other],
    };
    let (mut exists, mut clear, mut masked) = (false, FieldSet::EMPTY, FieldSet::EMPTY);
    for grant in document.grants.values() {
        if !admitted(document, grant.role, declared) {
            continue;
        }
        for template in &document.roles[&grant.role].windows {
            let holds =
                |code: &str| template.all_compartments || template.compartments.iter().chain(&grant.compartments).any(|held| held == code);
            let row_codes = CODES.iter().enumerate().filter(|(bit, _)| spec.compartments >> bit & 1 == 1);
            let cleared = level_of(&template.level) >= usize::from(spec.level) && row_codes.into_iter().all(|(_, code)| holds(code));
            let in_scope = match template.scope {
                Scope::All => true,
                Scope::Own => spec.owner == Some(ME.0),
                Scope::Team => grant.team.is_some_and(|team| spec.team.is_some_and(|of| below(team).contains(&of))),
            };
            if !cleared || !in_scope {
                continue;
            }
            exists = true;
            for field in Field::ALL {
                let rule = &document.field_markings[field.name()];
                let named = |names: &[String]| names.iter().any(|name| name == field.name());
                let purpose = declared.map(|code| &document.purposes[code]);
                let cleared = level_of(&template.level) >= level_of(&rule.level) && rule.compartments.iter().all(|code| holds(code));
                if purpose.is_some_and(|purpose| named(&purpose.hidden)) {
                    continue;
                }
                if purpose.is_some_and(|purpose| named(&purpose.masked)) {
                    if (cleared || named(&template.masked)) && mask::can_mask(*field) {
                        masked.insert(*field);
                    }
                } else if template.masked.iter().any(|name| name == field.name()) {
                    if mask::can_mask(*field) {
                        masked.insert(*field);
                    }
                } else if cleared {
                    clear.insert(*field);
                }
            }
        }
    }
    exists.then(|| (clear, masked.minus(clear)))
}

pub fn values(spec: &Spec) -> LeadValues {
    let mut values = LeadValues::default();
    for (field, text) in [(Field::Company, spec.company), (Field::LastName, spec.last_name)] {
        if let Some(text) = text {
            values.set_text(field, text);
        }
    }
    values.set_text(Field::Tags, spec.tags.join("\n"));
    for (field, number) in [(Field::Score, spec.score), (Field::DealValue, spec.deal), (Field::Owner, spec.owner), (Field::Team, spec.team)]
    {
        if let Some(number) = number {
            values.set_integer(field, number);
        }
    }
    for (field, number) in [(Field::CreatedAt, 1), (Field::UpdatedAt, 1), (Field::Archived, spec.archived)] {
        values.set_integer(field, number);
    }
    values
}

/// The value of a cell that is clear.
pub fn cell(spec: &Spec, clear: FieldSet, field: Field) -> Option<LeadValue> {
    clear.contains(field).then(|| values(spec).0.remove(&field).flatten()).flatten()
}

pub fn holds(filter: &Filter, spec: &Spec, clear: FieldSet) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, spec, clear)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, spec, clear)),
        Filter::Not(part) => !holds(part, spec, clear),
        Filter::Ids(_) => unreachable!("not made here"),
        Filter::Field(field, test) => {
            let value = cell(spec, clear, *field);
            match (test, value) {
                (Test::Empty(empty), value) => value.is_none() == *empty,
                (Test::In(wanted), Some(value)) => wanted.contains(&value),
                (Test::AtLeast(least), Some(value)) => value >= *least,
                (Test::AtMost(most), Some(value)) => value <= *most,
                (Test::Prefix(prefix), Some(LeadValue::Text(text))) => text.starts_with(prefix),
                (Test::Has(key), Some(LeadValue::Text(text))) => text.lines().any(|line| line == key.value),
                _ => false,
            }
        }
    }
}

pub fn found(words_typed: &[String], spec: &Spec, clear: FieldSet) -> bool {
    let fields: Vec<Field> = [Field::Company, Field::LastName, Field::Tags].into_iter().filter(|field| clear.contains(*field)).collect();
    let values = values(spec);
    words_typed
        .iter()
        .all(|typed| fields.iter().any(|field| words::words(values.text(*field).unwrap_or_default()).any(|word| word.starts_with(typed))))
}

pub fn in_order(order: Order, (a, a_value): &(Id, Option<LeadValue>), (b, b_value): &(Id, Option<LeadValue>)) -> Ordering {
    let turn = |ordering: Ordering| if order.descending { ordering.reverse() } else { ordering };
    match (a_value, b_value) {
        (Some(a_value), Some(b_value)) => turn(a_value.cmp(b_value).then(a.cmp(b))),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => turn(a.cmp(b)),
    }
}
