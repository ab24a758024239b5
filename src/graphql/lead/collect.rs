//! Selections with their fragments opened and their fields merged (GraphQL § 6.3.2, CollectFields).
//!
//! The engine has validated the document and taken out what `@skip` and `@include` leave out; there are neither
//! interfaces nor unions here, so that every fragment applies.

use async_graphql::{
    ContextSelectionSet, Positioned, QueryPathNode, QueryPathSegment,
    parser::types::{Field, Selection, SelectionSet},
};

/// A field of a selection: every place that asks for it under one response key.
pub(super) struct Selected<'d> {
    /// The response key.
    pub(super) key: &'d str,
    /// The field's name.
    pub(super) name: &'d str,
    /// What is selected of it, in every place.
    pub(super) sets: Vec<&'d SelectionSet>,
}

/// Opens and merges these selection sets; in the order of the document.
pub(super) fn merged<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Selected<'d>> {
    let mut fields = Vec::new();
    for set in sets {
        collect(ctx, set, &mut fields);
    }
    fields
}

/// The selection sets of the field that is being resolved, from every place that asks for it.
///
/// The engine resolves a field once for each place and lets the last answer win; all of them give the whole here.
pub(super) fn of_this_field<'d>(ctx: &ContextSelectionSet<'d>, field: &'d Positioned<Field>) -> Vec<&'d SelectionSet> {
    let mut path = Vec::new();
    if let Some(node) = &ctx.path_node {
        names(node, &mut path);
    }
    let mut sets = vec![&ctx.query_env.operation.node.selection_set.node];
    for name in path {
        match merged(ctx, &sets).into_iter().find(|selected| selected.key == name) {
            Some(selected) => sets = selected.sets,
            None => return vec![&field.node.selection_set.node],
        }
    }
    sets
}

fn names<'p>(node: &QueryPathNode<'p>, path: &mut Vec<&'p str>) {
    if let Some(parent) = node.parent {
        names(parent, path);
    }
    if let QueryPathSegment::Name(name) = node.segment {
        path.push(name);
    }
}

fn collect<'d>(ctx: &ContextSelectionSet<'d>, set: &'d SelectionSet, fields: &mut Vec<Selected<'d>>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let (key, set) = (field.node.response_key().node.as_str(), &field.node.selection_set.node);
                match fields.iter_mut().find(|known| known.key == key) {
                    Some(known) => known.sets.push(set),
                    None => fields.push(Selected { key, name: field.node.name.node.as_str(), sets: vec![set] }),
                }
            }
            Selection::InlineFragment(fragment) => collect(ctx, &fragment.node.selection_set.node, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
                    collect(ctx, &fragment.node.selection_set.node, fields);
                }
            }
        }
    }
}
