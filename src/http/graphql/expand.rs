//! What a document costs once its fragments are expanded, counted without expanding them: each fragment once.
//!
//! The engine's own limits expand every spread, so that a kilobyte of fragments which spread fragments keeps it busy for
//! seconds before it refuses. Here the work is linear in the text.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::scan::too_much;
use crate::{app::Limits, policy::Refusal};

/// What a selection set comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
    /// Objects that introspection would make of it: under `__schema` lists nest, and a kilobyte of `fields{type{fields`
    /// comes to millions of them.
    introspected: usize,
}

/// What a field comes to whose selections come to `below`, if it is of the introspection schema, roughly, in a schema
/// like ours. Of the same names elsewhere the bound takes no notice worth mentioning.
fn introspected(field: &str, below: usize) -> usize {
    let items: usize = match field {
        "types" => 150,
        "fields" | "inputFields" => 10,
        "enumValues" | "directives" | "possibleTypes" => 5,
        "args" => 2,
        // Tools ask for nine of them inside each other, but few types have more than two.
        "ofType" => return below / 4 + 1,
        _ => 1,
    };
    items.saturating_mul(below.saturating_add(1))
}

/// Counts, and how many steps that took.
#[derive(Debug)]
pub(super) struct Counter<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while the fragment is being counted: meeting it again then is a cycle.
    known: HashMap<&'d str, Option<Size>>,
    pub(super) steps: usize,
}

/// Refuses a document that goes beyond the limits; fragments that spread each other in a circle are refused too.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<usize, Refusal> {
    let mut counter = Counter { fragments: &document.fragments, known: HashMap::new(), steps: 0 };
    let mut sum = Size::default();
    for (_, operation) in document.operations.iter() {
        if operation.node.selection_set.node.items.len() > limits.root_fields {
            return Err(too_much("root_fields", limits.root_fields));
        }
        let one = counter.selection_set(&operation.node.selection_set.node)?;
        sum = sum.and(one, operation.node.directives.len());
    }
    // Fragments that nothing spreads are validated once each; a circle among them is refused here too.
    for (name, fragment) in &document.fragments {
        counter.fragment(name.as_str(), fragment)?;
    }
    let bounds = [
        ("expansion", sum.selections, limits.expansion),
        ("aliases", sum.aliases, limits.aliases),
        ("directives", sum.directives, limits.directives),
        ("depth", sum.depth, limits.depth),
        ("introspection", sum.introspected, limits.introspection),
    ];
    match bounds.into_iter().find(|(_, size, bound)| size > bound) {
        Some((limit, _, bound)) => Err(too_much(limit, bound)),
        None => Ok(counter.steps),
    }
}

impl Size {
    fn and(self, other: Self, directives: usize) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives).saturating_add(directives),
            depth: self.depth.max(other.depth),
            introspected: self.introspected.saturating_add(other.introspected),
        }
    }
}

impl<'d> Counter<'d> {
    /// The text's nesting is bounded already, and each fragment is entered once: the recursion is too.
    fn selection_set(&mut self, set: &'d SelectionSet) -> Result<Size, Refusal> {
        let mut sum = Size::default();
        for selection in &set.items {
            self.steps += 1;
            let one = match &selection.node {
                Selection::Field(field) => {
                    let below = self.selection_set(&field.node.selection_set.node)?;
                    Size {
                        depth: below.depth + 1,
                        aliases: below.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        introspected: introspected(&field.node.name.node, below.introspected),
                        ..below
                    }
                }
                Selection::InlineFragment(inline) => self.selection_set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => match self.fragments.get_key_value(&spread.node.fragment_name.node) {
                    Some((name, fragment)) => self.fragment(name.as_str(), fragment)?,
                    None => Size::default(),
                },
            };
            sum = sum.and(Size { selections: one.selections.saturating_add(1), ..one }, selection.node.directives().len());
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'d str, fragment: &'d Positioned<FragmentDefinition>) -> Result<Size, Refusal> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refusal::bad_input("Fragments spread each other in a circle.")),
            None => {}
        }
        self.known.insert(name, None);
        let size = self.selection_set(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;
    use crate::policy::Code;

    fn checked(text: &str) -> Result<usize, Refusal> {
        check(&parse_query(text).unwrap(), &Limits::default())
    }

    #[test]
    fn a_fragment_bomb_is_refused_in_as_many_steps_as_it_has_selections() {
        let mut bomb = "{...F0}".to_owned();
        for level in 0..20 {
            write!(bomb, "fragment F{level} on Query{{...F{next} ...F{next} ...F{next}}}", next = level + 1).unwrap();
        }
        bomb.push_str("fragment F20 on Query{__typename}");
        let document = parse_query(&bomb).unwrap();
        let mut counter = Counter { fragments: &document.fragments, known: HashMap::new(), steps: 0 };
        let operation = document.operations.iter().next().unwrap().1;
        let size = counter.selection_set(&operation.node.selection_set.node).unwrap();
        assert!(size.selections > 3_usize.pow(20) && counter.steps <= 62, "{size:?} in {} steps", counter.steps);
        assert_eq!(checked(&bomb).unwrap_err().code, Code::TooComplex);
    }

    #[test]
    fn circles_are_refused_even_where_nothing_spreads_them() {
        for circle in ["{...A} fragment A on Query{...A}", "{x} fragment A on Query{...B} fragment B on Query{y{...A}}"] {
            assert_eq!(checked(circle).unwrap_err().code, Code::BadUserInput);
        }
    }

    #[test]
    fn aliases_directives_and_depth_count_expanded() {
        let spread = |inside: &str| format!("{{a{{...F}} b{{...F}} c{{...F}}}} fragment F on X{{{inside}}}");
        let aliases = (0..20).fold(String::new(), |text, number| format!("{text} a{number}:x"));
        let directives = "x @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a";
        let deep = "x{".repeat(20) + "x" + &"}".repeat(20);
        for inside in [aliases.as_str(), directives, &deep] {
            assert_eq!(checked(&spread(inside)).unwrap_err().code, Code::TooComplex, "{inside}");
        }
        assert!(checked(&spread("x y z")).is_ok());
    }

    #[test]
    fn introspection_is_for_tools_and_not_for_nesting() {
        assert!(checked(INTROSPECTION).is_ok());
        let nested = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}";
        assert_eq!(checked(nested).unwrap_err().code, Code::TooComplex);
        let aliased = (0..40).fold(String::new(), |text, number| format!("{text} a{number}:types{{fields{{args{{name}}}}}}"));
        assert_eq!(checked(&format!("{{__schema{{{aliased}}}}}")).unwrap_err().code, Code::TooComplex);
    }

    /// What graphql-js sends (`getIntrospectionQuery`, version 16).
    const INTROSPECTION: &str = "query IntrospectionQuery{__schema{queryType{name}mutationType{name}subscriptionType{name}types{...FullType}\
        directives{name description locations args{...InputValue}}}}\
        fragment FullType on __Type{kind name description fields(includeDeprecated:true){name description args{...InputValue}\
        type{...TypeRef}isDeprecated deprecationReason}inputFields{...InputValue}interfaces{...TypeRef}\
        enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...TypeRef}}\
        fragment InputValue on __InputValue{name description type{...TypeRef}defaultValue}\
        fragment TypeRef on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name\
        ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}}}";
}
