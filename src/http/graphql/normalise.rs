//! One field where the caller wrote several that are the same.
//!
//! GraphQL merges the selections of fields with the same response key. The engine does so after resolving each of them,
//! which it cannot for leads: they come as finished JSON. So the fields are merged before: at the root, and below the
//! root fields of a mutation, whose payloads hold leads too.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use crate::policy::Refusal;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The operation that will run: the one that is named, or the only one.
pub(super) fn selected<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d Positioned<OperationDefinition>> {
    match (&document.operations, name) {
        (DocumentOperations::Single(one), None) => Some(one),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        _ => None,
    }
}

/// Whether the operation that will run has one field at its root and nothing else (GraphQL, October 2021, § 5.2.3.1), on no condition.
pub(super) fn has_one_field(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let root = selected(document, name).map(|operation| operation.node.selection_set.node.items.as_slice());
    let Some([one]) = root else { return false };
    matches!(&one.node, Selection::Field(field) if field.node.directives.is_empty() && !field.node.name.node.starts_with("__"))
}

/// Merges the fields of the operation that will run. Call only after the fragments' expansion has been bounded.
pub(super) fn normalise(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), Refusal> {
    let ExecutableDocument { operations, fragments } = document;
    let operation = match (operations, name) {
        (DocumentOperations::Single(one), None) => Some(one),
        (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values_mut().next(),
        _ => None,
    };
    let Some(operation) = operation else {
        // The engine says what is wrong with the name.
        return Ok(());
    };
    let root = match operation.node.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let mut inlined = HashSet::new();
    merge(&mut operation.node.selection_set.node, Some(root), fragments, &mut inlined)?;
    if operation.node.ty == OperationType::Mutation {
        for selection in &mut operation.node.selection_set.node.items {
            if let Selection::Field(field) = &mut selection.node {
                merge(&mut field.node.selection_set.node, None, fragments, &mut inlined)?;
            }
        }
    }
    if !inlined.is_empty() {
        // A fragment that nobody spreads any more would be refused as unused.
        let spread = still_spread(document);
        document.fragments.retain(|name, _| spread.contains(name) || !inlined.contains(name));
    }
    Ok(())
}

/// Brings a set into the form in which every response key of a field with selections stands once. `on` is the set's
/// type; `None` takes fragments on any type, the set's being an object that only fragments on itself can apply to.
fn merge(set: &mut SelectionSet, on: Option<&str>, fragments: &Fragments, inlined: &mut HashSet<Name>) -> Result<(), Refusal> {
    if is_plain(set) {
        return Ok(());
    }
    let mut flat = Vec::with_capacity(set.items.len());
    flatten(std::mem::take(&mut set.items), on, fragments, inlined, &mut flat);
    for selection in flat {
        let Selection::Field(field) = selection.node else {
            set.items.push(selection);
            continue;
        };
        let key = &field.node.response_key().node;
        let twin = set.items.iter_mut().find_map(|known| match &mut known.node {
            Selection::Field(known) if known.node.response_key().node == *key => Some(known),
            _ => None,
        });
        match twin {
            Some(twin) if same_call(&twin.node, &field.node) => {
                if same_directives(&twin.node, &field.node) {
                    twin.node.selection_set.node.items.extend(field.node.selection_set.node.items);
                } else if field.node.selection_set.node.items.is_empty() {
                    set.items.push(Positioned::new(Selection::Field(field), selection.pos));
                } else {
                    return Err(needs_alias(key));
                }
            }
            // Other arguments under the same key: the validator refuses that with the positions of both.
            _ => set.items.push(Positioned::new(Selection::Field(field), selection.pos)),
        }
    }
    conditional_twins(set, fragments)
}

/// Only fields, each with a key of its own.
fn is_plain(set: &SelectionSet) -> bool {
    set.items.iter().enumerate().all(|(position, selection)| match &selection.node {
        Selection::Field(field) => {
            let key = &field.node.response_key().node;
            !set.items[..position]
                .iter()
                .any(|before| matches!(&before.node, Selection::Field(before) if before.node.response_key().node == *key))
        }
        _ => false,
    })
}

fn flatten(
    items: Vec<Positioned<Selection>>,
    on: Option<&str>,
    fragments: &Fragments,
    inlined: &mut HashSet<Name>,
    out: &mut Vec<Positioned<Selection>>,
) {
    let fits = |condition: &str| on.is_none_or(|on| on == condition);
    for selection in items {
        if !selection.node.directives().is_empty() {
            out.push(selection);
            continue;
        }
        match selection.node {
            Selection::InlineFragment(inline)
                if inline.node.type_condition.as_ref().is_none_or(|condition| fits(&condition.node.on.node)) =>
            {
                flatten(inline.node.selection_set.node.items, on, fragments, inlined, out);
            }
            Selection::FragmentSpread(spread) => match fragments.get(&spread.node.fragment_name.node) {
                Some(fragment) if fragment.node.directives.is_empty() && fits(&fragment.node.type_condition.node.on.node) => {
                    inlined.insert(spread.node.fragment_name.node.clone());
                    flatten(fragment.node.selection_set.node.items.clone(), on, fragments, inlined, out);
                }
                _ => out.push(Positioned::new(Selection::FragmentSpread(spread), selection.pos)),
            },
            other => out.push(Positioned::new(other, selection.pos)),
        }
    }
}

/// Refuses a key with selections that stands in a fragment which stayed (it has a directive, or another type) and
/// anywhere else too. Two plain fields that still share a key differ in their arguments: the validator refuses those.
fn conditional_twins(set: &SelectionSet, fragments: &Fragments) -> Result<(), Refusal> {
    let mut seen: HashMap<&Name, bool> = HashMap::new();
    for selection in &set.items {
        let plain = matches!(selection.node, Selection::Field(_));
        let mut keys = HashSet::new();
        object_keys(selection, fragments, &mut HashSet::new(), &mut keys);
        for key in keys {
            let before = seen.insert(key, plain);
            if before.is_some_and(|before_plain| !(plain && before_plain)) {
                return Err(needs_alias(key));
            }
        }
    }
    Ok(())
}

fn object_keys<'d>(
    selection: &'d Positioned<Selection>,
    fragments: &'d Fragments,
    entered: &mut HashSet<&'d str>,
    keys: &mut HashSet<&'d Name>,
) {
    let below = match &selection.node {
        Selection::Field(field) => {
            if !field.node.selection_set.node.items.is_empty() {
                keys.insert(&field.node.response_key().node);
            }
            return;
        }
        Selection::InlineFragment(inline) => &inline.node.selection_set.node,
        Selection::FragmentSpread(spread) => match fragments.get(&spread.node.fragment_name.node) {
            Some(fragment) if entered.insert(spread.node.fragment_name.node.as_str()) => &fragment.node.selection_set.node,
            _ => return,
        },
    };
    for selection in &below.items {
        object_keys(selection, fragments, entered, keys);
    }
}

fn same_call(one: &Field, other: &Field) -> bool {
    let holds = |argument: &(Positioned<Name>, _)| other.get_argument(&argument.0.node) == Some(&argument.1);
    one.name.node == other.name.node && one.arguments.len() == other.arguments.len() && one.arguments.iter().all(holds)
}

fn same_directives(one: &Field, other: &Field) -> bool {
    one.directives.len() == other.directives.len()
        && one.directives.iter().zip(&other.directives).all(|(one, other)| {
            one.node.name.node == other.node.name.node
                && one.node.arguments.len() == other.node.arguments.len()
                && one
                    .node
                    .arguments
                    .iter()
                    .zip(&other.node.arguments)
                    .all(|(one, other)| one.0.node == other.0.node && one.1.node == other.1.node)
        })
}

fn needs_alias(key: &Name) -> Refusal {
    Refusal::bad_input(format!("The field \"{key}\" stands here twice under different conditions; give one of them an alias."))
}

fn still_spread(document: &ExecutableDocument) -> HashSet<Name> {
    let mut found = HashSet::new();
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut sets: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => drop(found.insert(spread.node.fragment_name.node.clone())),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    /// The operation as text: fields with their selections, fragments by name, directives left out.
    fn shown(set: &SelectionSet) -> String {
        let one = |selection: &Positioned<Selection>| match &selection.node {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => field.node.response_key().node.to_string(),
            Selection::Field(field) => format!("{}{{{}}}", field.node.response_key().node, shown(&field.node.selection_set.node)),
            Selection::InlineFragment(inline) => format!("...{{{}}}", shown(&inline.node.selection_set.node)),
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        };
        set.items.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn normal(text: &str) -> Result<(String, Vec<String>), Refusal> {
        let mut document = parse_query(text).unwrap();
        normalise(&mut document, None)?;
        let mut fragments: Vec<_> = document.fragments.keys().map(ToString::to_string).collect();
        fragments.sort();
        Ok((shown(&selected(&document, None).unwrap().node.selection_set.node), fragments))
    }

    #[test]
    fn fields_with_the_same_key_become_one() {
        let cases = [
            ("{a{x} b a{y}}", "a{x y} b", vec![]),
            ("{a(n:1){x} ...on Query{a(n:1){y}} ...{c}}", "a{x y} c", vec![]),
            ("{a{x} ...F} fragment F on Query{a{...G} d} fragment G on A{z}", "a{x ...G} d", vec!["G"]),
            ("{a{...F} ...F} fragment F on Query{b}", "a{...F} b", vec!["F"]),
            ("{a{x} ...on Other{a{y}}}", "", vec![]),
            ("{a(n:1){x} a(n:2){y}}", "a{x} a{y}", vec![]),
            ("mutation{m{lead{x} ...on P{lead{y}}}}", "m{lead{x y}}", vec![]),
            ("{a{x} ...@include(if:true){b{y}}}", "a{x} ...{b{y}}", vec![]),
        ];
        for (text, wanted, fragments) in cases {
            match normal(text) {
                Ok((shown, left)) => {
                    assert_eq!((shown.as_str(), left), (wanted, fragments.into_iter().map(str::to_owned).collect()), "{text}");
                }
                Err(refusal) => assert_eq!(wanted, "", "{text}: {refusal}"),
            }
        }
    }

    #[test]
    fn twins_under_conditions_need_an_alias() {
        for text in [
            "{a{x} a@skip(if:true){y}}",
            "{a{x} ...@include(if:true){a{y}}}",
            "{...@skip(if:true){a{x}} ...F@skip(if:false)} fragment F on Query{a{y}}",
        ] {
            assert!(normal(text).is_err(), "{text}");
        }
    }
}
