//! The schema as a test walks it: every field at the root, and whether leads can come out of it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, TypeKind, TypeSystemDefinition},
};

/// Types whose values are lead data.
const LEAD_TYPES: [&str; 3] = ["Lead", "LeadGroup", "CustodyReport"];

/// Fields of `Query` and `Mutation`, and whether their type leads to one of [`LEAD_TYPES`].
pub fn root_fields() -> BTreeMap<String, bool> {
    let document = parse_schema(leadkeep::graphql::builder().finish().sdl()).expect("our own SDL");
    let mut types: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        if let TypeKind::Object(object) = &definition.node.kind {
            let fields = object.fields.iter().map(|field| (field.node.name.node.to_string(), named(&field.node.ty.node.base)));
            types.insert(definition.node.name.node.to_string(), fields.collect());
        }
    }
    for lead_type in LEAD_TYPES {
        assert!(types.contains_key(lead_type), "the type {lead_type} has another name now");
    }
    let roots = ["Query", "Mutation"].into_iter().flat_map(|root| types[root].clone());
    roots.map(|(name, ty)| (name, reaches(&types, &ty))).collect()
}

fn named(ty: &BaseType) -> String {
    match ty {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => named(&inner.base),
    }
}

fn reaches(types: &BTreeMap<String, Vec<(String, String)>>, from: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(ty) = open.pop() {
        if LEAD_TYPES.contains(&ty.as_str()) {
            return true;
        }
        if seen.insert(ty.clone()) {
            open.extend(types.get(&ty).into_iter().flatten().map(|(_, ty)| ty.clone()));
        }
    }
    false
}
